use std::fmt;

use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;
use crate::wire::decode::DecodeError;
use crate::wire::lenient::{self, Value};
use crate::wire::media_container;
use crate::wire::redaction::redacted_debug;

pub(crate) const OPERATION: Operation =
    Operation::new("getDevices", Host::PlexTv, Method::GET, "/devices.xml")
        .idempotent()
        .own_connection();

impl PlexTv {
    /// Lists the devices that are signed in to the account, with their tokens. Sends
    /// `GET https://plex.tv/devices.xml`.
    ///
    /// Use it to show the list to the user, or to find the ID of a device to
    /// [remove](Self::remove_device). This program appears in the list with the fields of its
    /// [`ClientIdentity`](crate::ClientIdentity). The list contains the tokens of all devices, so
    /// request it only when needed and do not store it.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401; 422 "Invalid token" | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | a successful response: a JSON object without a container, or an empty `<MediaContainer/>` | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `MediaContainer`; never treated as an empty list |
    ///
    /// An unreadable entry is dropped and reported by
    /// [`unreadable_fields`](Devices::unreadable_fields). The endpoint is at the base URL without
    /// `/api/v2`, answers only in XML, and is not part of the published API. Sources: two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::device::DeviceId;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).devices(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/devices.xml");
    ///
    /// let answer = http::Response::new(
    ///     r#"<MediaContainer publicAddress="203.0.113.9">
    ///          <Device id="4711" name="Television" product="Plex for Roku" token="t3l3v1s10n"/>
    ///        </MediaContainer>"#,
    /// );
    /// let devices = reply.parse(&answer)?;
    /// assert_eq!(devices.devices[0].id, Some(DeviceId(4711)));
    /// assert_eq!(devices.devices[0].name.as_deref(), Some("Television"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn devices(&self, token: &Token) -> Call<Devices> {
        let url = self.url.outside_api();
        let request = request::request(&OPERATION, "", &self.identity, &url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

lenient::object! {
    /// The devices that are signed in to an account.
    ///
    /// `Debug` redacts tokens, names and public addresses, but not the URLs of connections. In a
    /// test, create a list from the content of the `MediaContainer`, as JSON:
    ///
    /// ```
    /// let devices: plex_auth_proto::device::Devices =
    ///     serde_json::from_str(r#"{"Device": [{"id": "4711", "name": "Television"}]}"#)?;
    /// assert_eq!(devices.devices.len(), 1);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Devices {
        /// The public IP address that the request was sent from.
        pub public_address: Option<String> as "publicAddress",
        /// The devices, in Plex's order.
        pub devices: Vec<Device> as "Device",
    }
}

redacted_debug! {
    /// Redacts the client's public address.
    Devices {
        public_address masked, devices, unreadable,
    }
}

impl Devices {
    /// Returns the paths of fields that this version of the library could not read, relative to
    /// `MediaContainer`, such as `Device.1.createdAt`, so that a program can report them and tell
    /// them apart from missing fields.
    ///
    /// If a list element was dropped, the list's path is returned. Paths contain no values.
    ///
    /// ```
    /// let devices: plex_auth_proto::device::Devices =
    ///     serde_json::from_str(r#"{"Device": ["a device", {"id": "one", "name": "Lamp"}]}"#)?;
    /// assert_eq!(devices.devices.len(), 1);
    /// assert_eq!(devices.unreadable_fields(), ["Device", "Device.0.id"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

lenient::object! {
    /// A device that is signed in to an account: a player, a media server, or this program.
    ///
    /// `Debug` redacts the token, the name and the public address, but not the URLs of connections.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Device {
        /// The ID for [removing](PlexTv::remove_device) the device.
        pub id: Option<DeviceId>,
        /// The name of the device, as reported by the device.
        pub name: Option<String>,
        /// The product, such as `Plex for Roku`.
        pub product: Option<String>,
        /// The version of the product.
        pub product_version: Option<String> as "productVersion",
        /// The platform, such as `Roku`.
        pub platform: Option<String>,
        /// The version of the platform.
        pub platform_version: Option<String> as "platformVersion",
        /// The type of device, such as `Roku 3`.
        pub device: Option<String>,
        /// The model of the device.
        pub model: Option<String>,
        /// The manufacturer of the device.
        pub vendor: Option<String>,
        /// The capabilities of the device, separated by commas: `server`, `player`, `controller`, …
        pub provides: Option<String>,
        /// The client identifier.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// A second version, usually equal to [`product_version`](Self::product_version).
        pub version: Option<String>,
        /// The public IP address of the device's network.
        pub public_address: Option<String> as "publicAddress",
        /// The device's token, which gives full access to the account.
        pub token: Option<Token>,
        /// The time of the first sign-in.
        pub created_at: Option<UnixSeconds> as "createdAt",
        /// The time at which Plex last saw the device.
        pub last_seen_at: Option<UnixSeconds> as "lastSeenAt",
        /// The connections of the device, if it has published any.
        pub connections: Vec<DeviceConnection> as "Connection",
    }
}

redacted_debug! {
    /// Redacts the name and the public address.
    Device {
        id, name masked, product, product_version, platform, platform_version, device, model, vendor, provides,
        client_identifier, version, public_address masked, token, created_at, last_seen_at, connections, unreadable,
    }
}

lenient::object! {
    /// A URL at which a [`Device`] can be reached.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct DeviceConnection {
        /// The complete URL.
        pub uri: Option<String>,
    }
}

/// The numeric ID of a [`Device`]. It is not the same as the client identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub u64);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value<'_> for DeviceId {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        u64::from_integer(number).map(Self)
    }

    fn from_text(text: &str) -> Option<Self> {
        u64::from_text(text).map(Self)
    }
}

impl<'de> serde::Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

fn read(body: &[u8]) -> Result<Devices, DecodeError> {
    media_container::read(body)?
        .ok_or_else(|| DecodeError::shape("MediaContainer", "is missing or not an object"))
}

#[cfg(test)]
mod tests {
    use super::{DeviceId, Devices, read};
    use crate::error::Content;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, Token, UnixSeconds};

    fn parse(body: &str) -> Devices {
        read(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
    }

    #[test]
    fn request_goes_to_the_path_outside_the_api() {
        let me = ClientIdentity::builder("id").build().unwrap();
        for (url, uri) in [
            ("https://plex.tv/api/v2", "https://plex.tv/devices.xml"),
            ("http://127.0.0.1:4711/fake/api/v2", "http://127.0.0.1:4711/fake/devices.xml"),
        ] {
            let plex_tv = PlexTv::at(me.clone(), url.parse().unwrap());
            let call = plex_tv.devices(&Token::new("abc").unwrap());
            assert_eq!(call.request().method(), "GET");
            assert_eq!(call.request().uri(), uri);
            assert_eq!(call.request().headers()["x-plex-token"], "abc");
            assert!(!call.request().headers().contains_key("content-length"));
        }
    }

    #[test]
    fn every_field_is_read_and_debug_redacts() {
        let devices = parse(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <MediaContainer publicAddress="203.0.113.9">
              <Device name="Television" publicAddress="203.0.113.9" product="Plex for Roku"
                productVersion="2.4.1" platform="Roku" platformVersion="11" device="Roku 3" model="4200X"
                vendor="Roku" provides="player,controller" clientIdentifier="5f0e1c2d" version="2.4"
                id="4711" token="s3cret" createdAt="1650000000" lastSeenAt="1700000000"
                screenResolution="1920x1080" screenDensity="">
                <SyncList itemsCompleteCount="0"/>
                <Connection uri="http://10.0.2.1:8324"/><Connection uri="http://10.0.2.2:8324"/>
              </Device>
            </MediaContainer>"#,
        );
        let shown = format!("{devices:?} {devices:#?}");
        for hidden in ["s3cret", "Television", "203.0.113.9", "None"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        let device = &devices.devices[0];
        assert_eq!(device.token.as_ref().unwrap().expose(), "s3cret");
        assert_eq!(device.name.as_deref(), Some("Television"));
        assert_eq!(device.public_address, devices.public_address);
        assert_eq!(device.public_address.as_deref(), Some("203.0.113.9"));
        assert_eq!((device.id, device.connections.len()), (Some(DeviceId(4711)), 2));
        assert_eq!(device.last_seen_at, Some(UnixSeconds(1_700_000_000)));
        assert!(devices.unreadable_fields().is_empty());
    }

    #[test]
    fn drift_loses_only_its_row_or_field() {
        let devices = parse(
            r#"<MediaContainer><Device id="one" name="a" createdAt=""/><Device>text</Device><Device/>
               <Device id="-2"/><Device name="b" id="3" createdAt="2021-10-01T01:02:03Z"/></MediaContainer>"#,
        );
        let ids: Vec<_> = devices.devices.iter().map(|device| device.id).collect();
        assert_eq!(ids, [None, None, Some(DeviceId(3))]);
        assert_eq!(
            devices.unreadable_fields(),
            ["Device", "Device.0.id", "Device.1.id", "Device.2.createdAt"]
        );
        let json = parse(r#"{"MediaContainer":{"Device":{"id":3}}}"#);
        assert_eq!(json.devices[0].id, Some(DeviceId(3)));
    }

    #[test]
    fn missing_container_is_not_an_empty_list() {
        for body in ["{}", "<MediaContainer/>", r#"{"MediaContainer":[]}"#] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, "MediaContainer", "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        for (body, expected) in [
            ("", Content::Empty),
            ("<html></html>", Content::Html),
            ("<errors><error>x</error></errors>", Content::Xml),
            ("<MediaContainer><Device>", Content::Xml),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Content(content) => assert_eq!(content, expected, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        assert!(parse(r#"<MediaContainer publicAddress="203.0.113.9"/>"#).devices.is_empty());
    }
}
