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
    /// A PIN as plex.tv describes it: the number that its maker polls, and the code that its owner links.
    ///
    /// It is had through a [`ShortPin`](crate::pin::ShortPin) or a [`StrongPin`](crate::pin::StrongPin), which know
    /// what the code is good for. Only number and code are always there; `null`, an empty text and absence
    /// are the same. `Debug` shows neither of the two, nor a URL that holds the code, nor where its maker is.
    ///
    /// A test makes one from JSON:
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
            /// The number to poll it by, which is as secret as the token that it will bring.
            pub id: PinId,
            /// The code to link it by.
            pub code: PinCode,
        }
        /// The product that made it, as its identity says.
        pub product: Option<String>,
        /// Whether Plex trusts its maker.
        pub trusted: Option<bool>,
        /// A picture (PNG) of a QR code that leads to where the code is linked.
        pub qr: Option<PinUrl>,
        /// The client identifier that it was made under. Under any other it is not found.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// Where Plex takes its maker to be, by the network address.
        pub location: Option<PinLocation>,
        /// For how many seconds more it can be linked, as Plex says it, which can be any number. A program
        /// takes [`ShortPin::expires_in`](crate::pin::ShortPin::expires_in) or
        /// [`StrongPin::expires_in`](crate::pin::StrongPin::expires_in).
        pub expires_in: Option<i64> as "expiresIn",
        /// When it was made, by Plex's clock, as in `2024-05-06T07:08:09Z`.
        pub created_at: Option<String> as "createdAt",
        /// When it ends, by Plex's clock. Of use only to show: the clock here can be another one.
        pub expires_at: Option<String> as "expiresAt",
        /// The token, once it is linked: absent in the answer that makes it.
        /// [`poll_pin`](crate::PlexTv::poll_pin) is the way to it.
        pub auth_token: Option<Token> as "authToken",
        /// Whether the account was made on the way, for this PIN.
        pub new_registration: Option<bool> as "newRegistration",
    }
}

impl Pin {
    /// What Plex sent and this version could not read, as paths on the wire, such as
    /// `location.postal_code`: to tell a field that has drifted from one that was not there, and to report
    /// it. No path holds a value.
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

    /// How long it lives from the answer on that made it. What Plex says counts, up to a
    /// day; where it says nothing, nothing that can be read, 0 or less, a new PIN lives as long as `usual`.
    pub(crate) fn lifetime(&self, usual: Duration) -> Duration {
        let told = self.expires_in.map(bounded).filter(|told| !told.is_zero());
        told.unwrap_or(usual)
    }
}

/// The longest life of a PIN that is believed: Plex's live for 15 and 30 minutes, and a login should not wait
/// for years since somebody wrote milliseconds or a date.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Seconds as Plex says them, between nothing and a day.
pub(crate) fn bounded(seconds: i64) -> Duration {
    u64::try_from(seconds).map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_LIFE)
}

/// Reads the answer that makes a PIN. One without a number or a code is of no use, and says so here, before
/// anything is asked for with what is not there.
pub(crate) fn read(body: &[u8]) -> Result<Pin, DecodeError> {
    if let Some(pin) = decode::object(body)? {
        return Ok(pin);
    }
    // Once more, only to name the field.
    let named: Option<Named> = decode::object(body)?;
    let path = if named.is_some_and(|named| named.id.is_some()) { "code" } else { "id" };
    Err(DecodeError::shape(path, "is missing or cannot be used"))
}

lenient::object! {
    struct Named {
        id: Option<PinId>,
    }
}

lenient::object! {
    /// Where Plex takes the maker of a [`Pin`] to be. It is guessed from the network address, and shown to
    /// who is about to link the PIN.
    ///
    /// `Debug` shows nothing that is closer than the country.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct PinLocation {
        /// The country, two letters of ISO 3166-1.
        pub code: Option<String>,
        /// Whether that country is in the European Union.
        pub european_union_member: Option<bool> as "european_union_member",
        /// The continent, two letters.
        pub continent_code: Option<String> as "continent_code",
        /// The country by name.
        pub country: Option<String>,
        /// The town.
        pub city: Option<String>,
        /// The time zone, such as `Europe/Oslo`.
        pub time_zone: Option<String> as "time_zone",
        /// The postal code.
        pub postal_code: Option<String> as "postal_code",
        /// Whether the country has rules of its own about personal data.
        pub in_privacy_restricted_country: Option<bool> as "in_privacy_restricted_country",
        /// Whether that part of it has.
        pub in_privacy_restricted_region: Option<bool> as "in_privacy_restricted_region",
        /// The part of the country.
        pub subdivisions: Option<String>,
        /// Latitude and longitude in degrees, separated by a comma.
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
