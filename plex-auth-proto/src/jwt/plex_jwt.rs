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

/// How long ahead of its end a token is to be renewed, in seconds: a day, as working clients do.
const RENEWED_AHEAD: i64 = 24 * 60 * 60;

/// How far clocks may differ, in seconds.
const SKEW: i64 = 60;

/// The last second of the year 9999: no moment is taken that lies beyond.
const LATEST: i64 = 253_402_300_799;

/// What a signed token of Plex's says: until when it is good, and whose it is.
///
/// It is read [without a look at the signature](Self::unverified), which is enough for a device that got the
/// token from Plex itself and wants to know when to renew it. Whoever was handed a token by somebody else must
/// verify it (`PlexKeys::verify`, with the feature `ed25519`).
///
/// `Debug` shows no name and no e-mail address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlexJwt {
    /// When the token ends: seven days after it was issued.
    pub expires_at: UnixSeconds,
    /// When it was issued, by Plex's clock, which can be ahead of the device's.
    pub issued_at: Option<UnixSeconds>,
    /// Who issued it: `plex.tv`.
    pub issuer: Option<String>,
    /// Whom it is for: `plex.tv`, the client identifier of the device, or both.
    pub audience: Vec<String>,
    /// The name of Plex's key that signed it.
    pub key_id: Option<String>,
    /// The name of the device's key that it was issued for.
    pub thumbprint: Option<String>,
    /// Whose it is.
    pub user: Option<JwtUser>,
}

lenient::object! {
    /// What a [`PlexJwt`] says about its user: as much as the [scopes](crate::jwt::JwtScope) asked for.
    ///
    /// `Debug` shows no name and no e-mail address.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct JwtUser {
        /// The account's number.
        pub id: Option<u64>,
        /// The account's identifier for others: 16 hexadecimal digits.
        pub uuid: Option<String>,
        /// The user name.
        pub username: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The full name, where its owner gave one.
        pub friendly_name: Option<String> as "friendly_name",
    }
}

impl PlexJwt {
    /// Reads a token without a look at its signature: whoever made it can have written anything.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use plex_auth_proto::Token;
    /// use plex_auth_proto::jwt::{InvalidPlexJwt, PlexJwt};
    ///
    /// // {"alg":"EdDSA","kid":"k1"} . {"iss":"plex.tv","iat":1700000000,"exp":1700604800} . a signature
    /// let token = Token::new(concat!(
    ///     "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.",
    ///     "eyJpc3MiOiJwbGV4LnR2IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDA2MDQ4MDB9.",
    ///     "c2lnbmF0dXJl",
    /// ))?;
    /// let jwt = PlexJwt::unverified(&token)?;
    /// assert_eq!(jwt.key_id.as_deref(), Some("k1"));
    /// assert_eq!(jwt.expires_at.0 - jwt.renew_at().0, 24 * 60 * 60);
    ///
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000); // the caller's clock
    /// assert!(!jwt.is_expired(now));
    ///
    /// let old_style = Token::new("xyz-Abc_0123456789ab")?;
    /// assert_eq!(PlexJwt::unverified(&old_style).unwrap_err(), InvalidPlexJwt::NotJwt);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidPlexJwt`] says what about it is no such token. A claim that can be done without and cannot be
    /// read is left out.
    pub fn unverified(token: &Token) -> Result<Self, InvalidPlexJwt> {
        Parts::of(token).map(|parts| parts.jwt)
    }

    /// Whether the token has ended, by the caller's clock, which may be a minute ahead.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        UnixSeconds::from(now).0 >= self.expires_at.0.saturating_add(SKEW)
    }

    /// From when on the token should be renewed: a day ahead of its end, and where it lives for less than two
    /// days, halfway. It can be renewed at any time, also later.
    pub fn renew_at(&self) -> UnixSeconds {
        let Self { expires_at: UnixSeconds(end), issued_at, .. } = *self;
        let ahead = end.saturating_sub(RENEWED_AHEAD);
        // Else a token of an hour would want to be renewed at once, again and again.
        let halfway = issued_at
            .filter(|start| start.0 <= end)
            .map(|UnixSeconds(start)| start.saturating_add(end.saturating_sub(start) / 2));
        UnixSeconds(halfway.map_or(ahead, |halfway| halfway.max(ahead)))
    }

    /// Whether the token is for plex.tv or for this device: what it says of its audience.
    pub fn is_for(&self, identity: &ClientIdentity) -> bool {
        let own = |audience: &String| audience == PLEX_TV || audience == identity.identifier();
        self.audience.iter().any(own)
    }
}

redacted_debug! {
    /// Names and e-mail addresses are shown as `***`: a log is no place for them.
    JwtUser {
        id, uuid, username masked, email masked, friendly_name masked, unreadable,
    }
}

/// A token taken apart.
#[cfg_attr(
    not(feature = "ed25519"),
    expect(dead_code, reason = "only verifying looks at all of it")
)]
pub(super) struct Parts<'a> {
    pub(super) jwt: PlexJwt,
    pub(super) algorithm: String,
    /// Whether the header lists extensions that a verifier must know (RFC 7515, section 4.1.11).
    pub(super) has_extensions: bool,
    /// The first second in which it is valid (RFC 7519, section 4.1.5).
    not_before: Option<i64>,
    /// What is signed: the first two parts with the dot between them.
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

    /// Returns whether it is not valid yet, by a clock that may be a minute behind.
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

/// A moment of a claim, in Unix seconds: a number that can have a fraction.
#[derive(Clone, Copy)]
struct Moment(i64);

impl Value<'_> for Moment {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        // What is out of range stays so, and is told from what is not there.
        Some(Self(number.try_into().unwrap_or(i64::MAX)))
    }

    fn from_float(number: f64) -> Option<Self> {
        // What is out of range becomes the last moment there is.
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

/// Why a [`Token`] is no signed token that can be read. The token itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlexJwt {
    /// It is not three parts with dots between them: a token of the old kind, or a transient one. Such tokens
    /// do not say when they end.
    #[error("the token is no JWT, which is three parts with dots between them")]
    NotJwt,
    /// A part ends with `=`, which JWTs do not have.
    #[error("the JWT's {0} is padded with =, which JWTs are not")]
    Padded(JwtPart),
    /// A part is not base64url: it was cut off, or something changed it.
    #[error("the JWT's {0} is not base64url; was the token cut off?")]
    NotBase64(JwtPart),
    /// A part is not a JSON object.
    #[error("the JWT's {0} is not a JSON object")]
    NotJson(JwtPart),
    /// It names no algorithm, or `none`, or has no signature: anybody can have made it.
    #[error("the JWT is not signed")]
    NotSigned,
    /// It does not say when it ends.
    #[error("the JWT does not say when it expires")]
    NoExpiry,
    /// It ends before 1970 or after the year 9999.
    #[error("the JWT expires before 1970 or after 9999")]
    ExpiryOutOfRange,
}

/// One of the three parts of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JwtPart {
    /// How it is signed.
    Header,
    /// What it says.
    Claims,
    /// The signature.
    Signature,
}

impl fmt::Display for JwtPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "list of claims",
            Self::Signature => "signature",
        })
    }
}

#[cfg(test)]
mod tests;
