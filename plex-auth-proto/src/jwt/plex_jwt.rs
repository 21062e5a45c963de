use std::fmt;
use std::time::SystemTime;

use base64::Engine;

use super::encoding::{BASE64, PLEX_TV};
use crate::values::client_identity::ClientIdentity;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;
use crate::wire::decode;
use crate::wire::lenient::{self, Value};
use crate::wire::raw_json::RawJson;
use crate::wire::redaction::redacted_debug;

/// The time between a token's renewal and its expiry, in seconds. A token with a lifetime of less
/// than two days is renewed halfway through that lifetime instead.
// Other clients renew a token a day before it expires.
const RENEWED_AHEAD: i64 = 24 * 60 * 60;

/// The tolerated difference between clocks, in seconds.
const SKEW: i64 = 60;

/// The last second of the year 9999, the latest time that is accepted.
const LATEST: i64 = 253_402_300_799;

/// The claims of a token signed by Plex: when it expires and which account it belongs to.
///
/// [`unverified`](Self::unverified) reads the claims without checking the signature. That is
/// sufficient for a device that received the token from Plex and wants to know when to renew it. A
/// program that receives tokens from anywhere else must verify them with `PlexKeys::verify`
/// (feature `ed25519`).
///
/// `Debug` redacts names and the email address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlexJwt {
    /// The time at which the token expires, usually seven days after it was issued.
    pub expires_at: UnixSeconds,
    /// The time at which the token was issued. Plex's clock can be ahead of the device's.
    pub issued_at: Option<UnixSeconds>,
    /// The issuer: `plex.tv`.
    pub issuer: Option<String>,
    /// The audience: `plex.tv`, the client identifier of the device, or both.
    pub audience: Vec<String>,
    /// The ID of the Plex key that signed the token.
    pub key_id: Option<String>,
    /// The ID of the device key that the token was issued for.
    pub thumbprint: Option<String>,
    /// The user that the token belongs to.
    pub user: Option<JwtUser>,
}

lenient::object! {
    /// The user in a [`PlexJwt`]. The names and the email address depend on the requested
    /// [scopes](crate::jwt::JwtScope).
    ///
    /// `Debug` redacts names and the email address.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct JwtUser {
        /// The account's numeric ID.
        pub id: Option<u64>,
        /// The account's public identifier: 16 hexadecimal digits.
        pub uuid: Option<String>,
        /// The username.
        pub username: Option<String>,
        /// The email address.
        pub email: Option<String>,
        /// The full name, if the user has set one.
        pub friendly_name: Option<String> as "friendly_name",
    }
}

impl PlexJwt {
    /// Parses a token without checking its signature, so its claims may be forged.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use plex_auth_proto::Token;
    /// use plex_auth_proto::jwt::{InvalidPlexJwt, PlexJwt};
    ///
    /// // {"alg":"EdDSA","kid":"k1"}.{"iss":"plex.tv","iat":1700000000,"exp":1700604800}.signature
    /// let token = Token::new(concat!(
    ///     "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.",
    ///     "eyJpc3MiOiJwbGV4LnR2IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDA2MDQ4MDB9.",
    ///     "c2lnbmF0dXJl",
    /// ))?;
    /// let jwt = PlexJwt::unverified(&token)?;
    /// assert_eq!(jwt.key_id.as_deref(), Some("k1"));
    /// assert_eq!(jwt.expires_at.0 - jwt.renew_at().0, 24 * 60 * 60);
    ///
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000); // the current time
    /// assert!(!jwt.is_expired(now));
    ///
    /// let old_style = Token::new("xyz-Abc_0123456789ab")?;
    /// assert_eq!(PlexJwt::unverified(&old_style).unwrap_err(), InvalidPlexJwt::NotJwt);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPlexJwt`] if the token is not a signed JWT with a valid expiry. An
    /// unreadable optional claim is left empty.
    pub fn unverified(token: &Token) -> Result<Self, InvalidPlexJwt> {
        Parts::of(token).map(|parts| parts.jwt)
    }

    /// Returns whether the token has expired. Allows for a clock that is up to a minute fast.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        UnixSeconds::from(now).0 >= self.expires_at.0.saturating_add(SKEW)
    }

    /// Returns the time at which the token should be renewed: a day before it expires, or halfway
    /// through its lifetime if that is less than two days. The token can be renewed at any time,
    /// even after it has expired.
    pub fn renew_at(&self) -> UnixSeconds {
        let Self { expires_at: UnixSeconds(end), issued_at, .. } = *self;
        let ahead = end.saturating_sub(RENEWED_AHEAD);
        // If every token were renewed a day ahead, one that is valid for an hour would be renewed
        // continuously.
        let halfway = issued_at
            .filter(|start| start.0 <= end)
            .map(|UnixSeconds(start)| start.saturating_add(end.saturating_sub(start) / 2));
        UnixSeconds(halfway.map_or(ahead, |halfway| halfway.max(ahead)))
    }

    /// Returns whether the token's audience includes plex.tv or this device.
    pub fn is_for(&self, identity: &ClientIdentity) -> bool {
        let own = |audience: &String| audience == PLEX_TV || audience == identity.identifier();
        self.audience.iter().any(own)
    }
}

redacted_debug! {
    /// Redacts names and the email address.
    JwtUser {
        id, uuid, username masked, email masked, friendly_name masked, unreadable,
    }
}

/// The parsed parts of a token.
#[cfg_attr(
    not(feature = "ed25519"),
    expect(dead_code, reason = "only verification reads every field")
)]
pub(super) struct Parts<'a> {
    pub(super) jwt: PlexJwt,
    pub(super) algorithm: String,
    /// Whether the header contains `crit`, the list of extensions that a verifier must support (RFC
    /// 7515, section 4.1.11).
    pub(super) has_extensions: bool,
    /// The first second in which the token is valid (RFC 7519, section 4.1.5).
    not_before: Option<i64>,
    /// The signed text: the first two parts with the dot between them.
    pub(super) message: &'a str,
    pub(super) signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a Token) -> Result<Self, InvalidPlexJwt> {
        let text = token.expose();
        let (message, signature) = text.rsplit_once('.').ok_or(InvalidPlexJwt::NotJwt)?;
        let (header, claims) = message.split_once('.').ok_or(InvalidPlexJwt::NotJwt)?;
        if claims.contains('.') {
            return Err(InvalidPlexJwt::NotJwt);
        }
        let header: Header = read(header, JwtPart::Header)?;
        let claims: Claims = read(claims, JwtPart::Claims)?;
        let signature = decoded(signature, JwtPart::Signature)?;
        let algorithm = header.algorithm.filter(|name| !name.eq_ignore_ascii_case("none"));
        let algorithm = algorithm.filter(|_| !signature.is_empty());
        let algorithm = algorithm.ok_or(InvalidPlexJwt::NotSigned)?;

        let has_extensions = header.critical.is_some();
        let Claims {
            issuer, audience, issued_at, not_before, expires_at, thumbprint, user, ..
        } = claims;
        let Moment(expires_at) = expires_at.ok_or(InvalidPlexJwt::NoExpiry)?;
        if !(0..=LATEST).contains(&expires_at) {
            return Err(InvalidPlexJwt::ExpiryOutOfRange);
        }
        let issued_at = issued_at.filter(|Moment(at)| (0..=LATEST).contains(at));
        let jwt = PlexJwt {
            expires_at: UnixSeconds(expires_at),
            issued_at: issued_at.map(|Moment(at)| UnixSeconds(at)),
            issuer,
            audience,
            key_id: header.key_id,
            thumbprint,
            user,
        };
        let not_before = not_before.map(|Moment(at)| at);
        Ok(Self { jwt, algorithm, has_extensions, not_before, message, signature })
    }

    /// Returns whether the token is not yet valid. Allows for a clock that is up to a minute slow.
    #[cfg(feature = "ed25519")]
    pub(super) fn is_early(&self, now: SystemTime) -> bool {
        self.not_before.is_some_and(|start| UnixSeconds::from(now).0 < start.saturating_sub(SKEW))
    }
}

lenient::object! {
    struct Header {
        algorithm: Option<String> as "alg",
        key_id: Option<String> as "kid",
        critical: Option<RawJson> as "crit",
    }
}

lenient::object! {
    struct Claims {
        issuer: Option<String> as "iss",
        audience: Vec<String> as "aud",
        issued_at: Option<Moment> as "iat",
        not_before: Option<Moment> as "nbf",
        expires_at: Option<Moment> as "exp",
        thumbprint: Option<String>,
        user: Option<JwtUser>,
    }
}

/// A time in a claim, in Unix seconds. A number with a fractional part is rounded down.
#[derive(Clone, Copy)]
struct Moment(i64);

impl Value<'_> for Moment {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        // An out-of-range value stays out of range, so that it can be distinguished from a missing
        // one.
        Some(Self(number.try_into().unwrap_or(i64::MAX)))
    }

    fn from_float(number: f64) -> Option<Self> {
        // An out-of-range value saturates, so it stays out of range.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        (!number.is_nan()).then_some(Self(number.floor() as i64))
    }

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().and_then(Self::from_float)
    }
}

fn decoded(text: &str, part: JwtPart) -> Result<Vec<u8>, InvalidPlexJwt> {
    if text.ends_with('=') {
        return Err(InvalidPlexJwt::Padded(part));
    }
    BASE64.decode(text).map_err(|_| InvalidPlexJwt::NotBase64(part))
}

fn read<T: for<'de> Value<'de>>(text: &str, part: JwtPart) -> Result<T, InvalidPlexJwt> {
    let json = decode::object(&decoded(text, part)?);
    json.ok().flatten().ok_or(InvalidPlexJwt::NotJson(part))
}

/// The reason that a [`Token`] is not a readable JWT. It never contains the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlexJwt {
    /// The token does not consist of three parts separated by dots. It is probably an old-style or
    /// transient token, which does not contain an expiry.
    #[error("the token is not a JWT: it does not have three parts separated by dots")]
    NotJwt,
    /// A part ends with `=`, which is not allowed in a JWT.
    #[error("the JWT's {0} is padded with =, which is not allowed")]
    Padded(JwtPart),
    /// A part is not valid base64url. The token may have been cut off or changed.
    #[error("the JWT's {0} is not valid base64url; check that the token was not cut off")]
    NotBase64(JwtPart),
    /// A part is not a JSON object.
    #[error("the JWT's {0} is not a JSON object")]
    NotJson(JwtPart),
    /// The token has no algorithm, the algorithm `none`, or no signature, so it may be forged.
    #[error("the JWT is not signed")]
    NotSigned,
    /// The token has no expiry, or an unreadable one.
    #[error("the JWT's expiration time is missing or unreadable")]
    NoExpiry,
    /// The token expires before 1970 or after the year 9999.
    #[error("the JWT's expiration time is not between the years 1970 and 9999")]
    ExpiryOutOfRange,
}

/// A part of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JwtPart {
    /// The header, with the algorithm and the key ID.
    Header,
    /// The claims.
    Claims,
    /// The signature.
    Signature,
}

impl fmt::Display for JwtPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "payload",
            Self::Signature => "signature",
        })
    }
}

#[cfg(test)]
mod tests;
