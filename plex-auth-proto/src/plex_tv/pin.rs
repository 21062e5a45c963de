use std::time::Duration;

use crate::plex_tv::pin::pin_id::PinId;
use crate::plex_tv::pin::pin_url::PinUrl;
use crate::values::pin_code::PinCode;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient;
use crate::wire::redaction::redacted_debug;

mod create_device_pin;
pub(crate) mod create_pin;
pub(crate) mod device_pin;
pub(crate) mod hosted_page;
pub(crate) mod link_pin;
pub(crate) mod pin_id;
pub(crate) mod pin_url;
mod poll_device_pin;
pub(crate) mod poll_pin;
pub(crate) mod short_pin;
pub(crate) mod strong_pin;

lenient::object! {
    /// A PIN as returned by plex.tv, with an ID for polling and a code for linking.
    ///
    /// It is part of a [`ShortPin`](crate::pin::ShortPin) or a
    /// [`StrongPin`](crate::pin::StrongPin), which differ in how the code is used. Only the ID and
    /// the code are always present. `null`, an empty string and a missing field are equivalent.
    /// `Debug` redacts the ID, the code, the token, URLs that contain the code, and the precise
    /// location.
    ///
    /// In a test, create one from JSON:
    ///
    /// ```
    /// let pin: plex_auth_proto::pin::Pin = serde_json::from_str(r#"{"id": 7, "code": "G7KX", "expiresIn": 900}"#)?;
    /// assert_eq!((pin.id.expose(), pin.code.expose(), pin.expires_in), (7, "G7KX", Some(900)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct Pin {
        required {
            /// The ID for polling the PIN. It is as secret as the token that it gives access to.
            pub id: PinId,
            /// The code for linking the PIN.
            pub code: PinCode,
        }
        /// The product name of the client that created the PIN.
        pub product: Option<String>,
        /// Whether Plex trusts the client that created the PIN.
        pub trusted: Option<bool>,
        /// The URL of a QR code image (PNG). The QR code opens the page for linking the PIN.
        pub qr: Option<PinUrl>,
        /// The client identifier that the PIN was created under. Plex does not find the PIN under
        /// any other identifier.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// The location of the client that created the PIN, estimated from its IP address.
        pub location: Option<PinLocation>,
        /// The number of seconds until the PIN expires, as sent by Plex and without a range check.
        /// Programs should use [`ShortPin::expires_in`](crate::pin::ShortPin::expires_in) or
        /// [`StrongPin::expires_in`](crate::pin::StrongPin::expires_in) instead.
        pub expires_in: Option<i64> as "expiresIn",
        /// The time at which the PIN was created (by Plex's clock), such as `2024-05-06T07:08:09Z`.
        pub created_at: Option<String> as "createdAt",
        /// The time at which the PIN expires, by Plex's clock. Use it only for display, because the
        /// local clock may differ.
        pub expires_at: Option<String> as "expiresAt",
        /// The token, if the PIN is linked. `None` for a newly created PIN. To get the token, use
        /// [`poll_pin`](crate::PlexTv::poll_pin).
        pub auth_token: Option<Token> as "authToken",
        /// Whether the account was created during this login.
        pub new_registration: Option<bool> as "newRegistration",
    }
}

impl Pin {
    /// Returns the JSON paths of the fields that this version of the library could not read, such
    /// as `location.postal_code`, so that a program can report them and tell them apart from
    /// missing fields. Paths contain no values.
    ///
    /// ```
    /// let pin: plex_auth_proto::pin::Pin =
    ///     serde_json::from_str(r#"{"id": 7, "code": "G7KX", "trusted": "perhaps", "qr": null}"#)?;
    /// assert_eq!(pin.unreadable_fields(), ["trusted"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }

    /// Returns the lifetime of a new PIN, which starts when the response to the creation request
    /// arrives. This is Plex's value, capped at one day, or `default` if that value is missing,
    /// unreadable or not positive.
    pub(crate) fn lifetime(&self, default: Duration) -> Duration {
        let lifetime = self.expires_in.map(clamp_lifetime);
        lifetime.filter(|lifetime| !lifetime.is_zero()).unwrap_or(default)
    }
}

/// The maximum lifetime of a PIN, even if Plex sends a greater value.
// Plex's PINs expire after 15 or 30 minutes. A login must not wait for days or years if Plex sends
// milliseconds or a date by mistake.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Converts a lifetime in seconds to a duration, clamped to the range from zero to one day.
pub(crate) fn clamp_lifetime(seconds: i64) -> Duration {
    u64::try_from(seconds).map_or(Duration::ZERO, Duration::from_secs).min(MAX_LIFETIME)
}

/// Parses the response to a request that creates a PIN. A PIN without a valid ID and code is
/// reported as an error, because it cannot be used.
pub(crate) fn read(body: &[u8]) -> Result<Pin, DecodeError> {
    if let Some(pin) = decode::object(body)? {
        return Ok(pin);
    }
    // Parses the body again, just to name the field in the error.
    let named: Option<Named> = decode::object(body)?;
    let path = if named.is_some_and(|named| named.id.is_some()) { "code" } else { "id" };
    Err(DecodeError::shape(path, "is missing or invalid"))
}

lenient::object! {
    struct Named {
        id: Option<PinId>,
    }
}

lenient::object! {
    /// The location of the client that created a [`Pin`], estimated from its IP address. Plex shows
    /// it to the user who is about to link the PIN.
    ///
    /// `Debug` redacts the city, the postal code, the region and the coordinates.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct PinLocation {
        /// The country as a two-letter ISO 3166-1 code.
        pub code: Option<String>,
        /// Whether the country is a member of the European Union.
        pub european_union_member: Option<bool> as "european_union_member",
        /// The continent as a two-letter code.
        pub continent_code: Option<String> as "continent_code",
        /// The name of the country.
        pub country: Option<String>,
        /// The name of the city.
        pub city: Option<String>,
        /// The time zone, such as `Europe/Oslo`.
        pub time_zone: Option<String> as "time_zone",
        /// The postal code.
        pub postal_code: Option<String> as "postal_code",
        /// Whether the country has special privacy rules.
        pub in_privacy_restricted_country: Option<bool> as "in_privacy_restricted_country",
        /// Whether the region has special privacy rules.
        pub in_privacy_restricted_region: Option<bool> as "in_privacy_restricted_region",
        /// The region within the country, such as a state or a county.
        pub subdivisions: Option<String>,
        /// The latitude and longitude in degrees, separated by a comma.
        pub coordinates: Option<String>,
    }
}

redacted_debug! {
    PinLocation {
        code, european_union_member, continent_code, country, city masked, time_zone, postal_code masked,
        in_privacy_restricted_country, in_privacy_restricted_region, subdivisions masked, coordinates masked,
        unreadable,
    }
}
