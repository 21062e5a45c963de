use std::time::SystemTime;

use ed25519_dalek::{Signature, VerifyingKey};

use super::encoding::{EDDSA, PLEX_TV};
use super::plex_jwt::{InvalidPlexJwt, Parts, PlexJwt};
use super::plex_keys::{PlexKey, PlexKeys};
use crate::values::client_identity::ClientIdentity;
use crate::values::token::Token;

impl PlexKeys {
    /// Verifies that Plex issued the token for plex.tv or for the device with this `identity`, and
    /// that the token is currently valid. A clock difference of up to a minute is tolerated.
    ///
    /// The key is looked up by the key ID in the token. Keys without an ID are tried as well. If
    /// the token has no key ID, every key is tried. Keys of unsupported types are skipped. The
    /// issue time is not checked, because Plex's clock can be ahead of the device's.
    ///
    /// A token that Plex issued for another device passes as well if its audience includes
    /// `plex.tv`. To accept only the tokens of one device, compare
    /// [`thumbprint`](PlexJwt::thumbprint) with the ID of that device's key.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use plex_auth_proto::{ClientIdentity, Token};
    /// use plex_auth_proto::jwt::{InvalidPlexJwt, PlexKeys, VerifyError};
    ///
    /// # fn saved_identifier() -> String { "example".into() }
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let keys = PlexKeys::default(); // returned by `PlexTv::plex_keys`
    /// let token = Token::new("eyJhbGciOiJFZERTQSJ9.eyJleHAiOjE3MDA2MDQ4MDB9.c2ln")?;
    /// match keys.verify(&token, &identity, SystemTime::now()) {
    ///     Ok(jwt) => println!("valid until {:?}", jwt.expires_at),
    ///     Err(VerifyError::UnknownKey) => println!("fetch the keys again, but only once"),
    ///     Err(error) => assert_eq!(error, VerifyError::NoUsableKey),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`VerifyError`] if the token must not be trusted.
    pub fn verify(
        &self,
        token: &Token,
        identity: &ClientIdentity,
        now: SystemTime,
    ) -> Result<PlexJwt, VerifyError> {
        let parts = Parts::of(token).map_err(VerifyError::Invalid)?;
        if parts.algorithm != EDDSA {
            return Err(VerifyError::UnknownAlgorithm);
        }
        if parts.has_extensions {
            return Err(VerifyError::UnknownExtension);
        }
        if !self.is_signed_by_any(&parts)? {
            return Err(VerifyError::WrongSignature);
        }
        let is_early = parts.is_early(now);
        let jwt = parts.jwt;
        if jwt.issuer.as_deref() != Some(PLEX_TV) {
            return Err(VerifyError::WrongIssuer);
        }
        if !jwt.is_for(identity) {
            return Err(VerifyError::WrongAudience);
        }
        if jwt.is_expired(now) {
            return Err(VerifyError::Expired);
        }
        if is_early {
            return Err(VerifyError::NotYetValid);
        }
        Ok(jwt)
    }

    /// Returns whether the token was signed by one of the keys that it may refer to, or an error if
    /// there is no such key.
    fn is_signed_by_any(&self, parts: &Parts<'_>) -> Result<bool, VerifyError> {
        let mut usable = self.keys.iter().filter_map(usable).peekable();
        if usable.peek().is_none() {
            return Err(VerifyError::NoUsableKey);
        }
        let wanted = parts.jwt.key_id.as_deref();
        // A key without an ID may be the one that the token refers to.
        let can_be = |name: Option<&str>| name.is_none() || wanted.is_none() || name == wanted;
        let mut candidates = usable.filter(|(name, _)| can_be(*name)).peekable();
        if candidates.peek().is_none() {
            return Err(VerifyError::UnknownKey);
        }
        let Ok(signature) = Signature::from_slice(&parts.signature) else {
            return Ok(false);
        };
        let message = parts.message.as_bytes();
        Ok(candidates.any(|(_, key)| key.verify_strict(message, &signature).is_ok()))
    }
}

/// Returns the key and its ID if the key can verify signatures.
fn usable(key: &PlexKey) -> Option<(Option<&str>, VerifyingKey)> {
    let public_key = VerifyingKey::from_bytes(&key.public_key()?).ok()?;
    Some((key.key_id.as_deref(), public_key))
}

/// The reason that a token must not be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is not a readable JWT.
    #[error(transparent)]
    Invalid(InvalidPlexJwt),
    /// The token is signed with an algorithm other than EdDSA.
    #[error("the JWT is signed with an algorithm other than EdDSA")]
    UnknownAlgorithm,
    /// The token's header requires extensions (`crit`). This library supports none.
    #[error("the JWT requires extensions that are not supported")]
    UnknownExtension,
    /// None of Plex's keys is a valid Ed25519 key for signatures, or the list is empty.
    #[error("none of Plex's keys is an Ed25519 signing key")]
    NoUsableKey,
    /// The token refers to a key that is not in the list or has an unsupported type. Fetch [the
    /// keys](crate::PlexTv::plex_keys) again, but only once: Plex may have changed them.
    #[error(
        "the JWT's key ID matches none of Plex's Ed25519 keys; fetch the keys again, but only once"
    )]
    UnknownKey,
    /// The signature does not match any of the keys that the token may refer to. The token is
    /// forged or was changed.
    #[error("the JWT's signature is invalid")]
    WrongSignature,
    /// The issuer is not plex.tv.
    #[error("the JWT was not issued by plex.tv")]
    WrongIssuer,
    /// The token's audience includes neither plex.tv nor this device.
    #[error("the JWT's audience includes neither plex.tv nor this client identifier")]
    WrongAudience,
    /// The token has expired. Get a new one with
    /// [`exchange_device_jwt`](crate::PlexTv::exchange_device_jwt).
    #[error("the JWT has expired; get a new one")]
    Expired,
    /// The `nbf` claim is more than a minute ahead of the caller's clock.
    #[error("the JWT is not valid yet; check the system clock")]
    NotYetValid,
}

#[cfg(test)]
mod tests {
    use super::Parts;
    use super::VerifyError::{
        self, Expired, Invalid, NoUsableKey, NotYetValid, UnknownAlgorithm, UnknownExtension,
        UnknownKey, WrongAudience, WrongIssuer, WrongSignature,
    };
    use crate::jwt::encoding::BASE64;
    use crate::jwt::{DeviceKey, Ed25519Key, InvalidPlexJwt, PlexKeys};
    use crate::{ClientIdentity, Token};
    use base64::Engine;
    use std::time::{Duration, SystemTime};

    const CLAIMS: &str = r#"{"iss":"plex.tv","aud":"plex.tv","iat":1,"exp":1700604800}"#;

    fn signed_by(key: &Ed25519Key, header: &str, claims: &str) -> Token {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = BASE64.encode(key.sign(message.as_bytes()).unwrap());
        Token::new(format!("{message}.{signature}")).unwrap()
    }

    fn key(seed: u8) -> Ed25519Key {
        Ed25519Key::from_seed(&[seed; 32]).with_key_id(format!("k{seed}")).unwrap()
    }

    /// Parses Plex's keys from a response that lists these JSON Web Keys.
    fn keys(keys: &[String]) -> PlexKeys {
        serde_json::from_str(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    fn json(seed: u8) -> String {
        key(seed).jwk().to_json()
    }

    fn nameless(seed: u8) -> String {
        json(seed).replace(r#""kid""#, r#""other""#)
    }

    fn outcome(keys: &PlexKeys, token: &Token) -> Option<VerifyError> {
        let me = ClientIdentity::builder("a-television").build().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        keys.verify(token, &me, now).err()
    }

    fn named(seed: u8) -> String {
        format!(r#"{{"alg":"EdDSA","kid":"k{seed}"}}"#)
    }

    #[test]
    fn token_is_verified_by_the_key_it_names() {
        let rsa = r#"{"kty":"RSA","kid":"k2","n":"AQAB","e":"AQAB"}"#.to_owned();
        let plex = keys(&[json(1), rsa.clone(), json(2)]);
        let token = signed_by(&key(2), &named(2), CLAIMS);
        assert_eq!(outcome(&plex, &token), None);
        assert_eq!(outcome(&keys(&[json(1), nameless(2)]), &token), None);

        assert_eq!(outcome(&keys(&[json(1), rsa.clone()]), &token), Some(UnknownKey));
        assert_eq!(outcome(&keys(&[]), &token), Some(NoUsableKey));
        assert_eq!(outcome(&keys(&[rsa]), &token), Some(NoUsableKey));
        let of_another = signed_by(&key(1), &named(2), CLAIMS);
        assert_eq!(outcome(&plex, &of_another), Some(WrongSignature));
    }

    #[test]
    fn token_without_key_id_is_tried_with_all_keys() {
        let token = signed_by(&key(2), r#"{"alg":"EdDSA"}"#, CLAIMS);
        for order in [[json(1), json(2)], [json(2), json(1)], [nameless(1), nameless(2)]] {
            assert_eq!(outcome(&keys(&order), &token), None);
        }
        assert_eq!(outcome(&keys(&[json(1), json(3)]), &token), Some(WrongSignature));
    }

    #[test]
    fn claims_are_checked_after_the_signature() {
        let plex = keys(&[json(1)]);
        for (claims, expected) in [
            (r#"{"iss":"plex.tv","aud":["x","a-television"],"exp":1700604800.5}"#, None),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":1700604800,"iat":1800000000}"#, None),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":7258118400}"#, None),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":1699999941}"#, None),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":1699999940}"#, Some(Expired)),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":0}"#, Some(Expired)),
            (r#"{"iss":"plex.tv","aud":"plex.tv","exp":1700604800,"nbf":1700000060}"#, None),
            (
                r#"{"iss":"plex.tv","aud":"plex.tv","exp":1700604800,"nbf":1700000061}"#,
                Some(NotYetValid),
            ),
            (r#"{"iss":"plex.tv","aud":"another","exp":1700604800}"#, Some(WrongAudience)),
            (r#"{"iss":"plex.tv","exp":1700604800}"#, Some(WrongAudience)),
            (r#"{"iss":"a-television","aud":"plex.tv","exp":1700604800}"#, Some(WrongIssuer)),
            (r#"{"aud":"plex.tv","exp":1700604800}"#, Some(WrongIssuer)),
            (r#"{"iss":"plex.tv","aud":"plex.tv"}"#, Some(Invalid(InvalidPlexJwt::NoExpiry))),
        ] {
            let token = signed_by(&key(1), &named(1), claims);
            assert_eq!(outcome(&plex, &token), expected, "{claims}");
        }
        for (header, expected) in [
            (r#"{"alg":"HS256","kid":"k1"}"#, UnknownAlgorithm),
            (r#"{"alg":"none","kid":"k1"}"#, Invalid(InvalidPlexJwt::NotSigned)),
            (r#"{"alg":"EdDSA","kid":"k1","crit":["b64"],"b64":false}"#, UnknownExtension),
            (r#"{"alg":"EdDSA","kid":"k1","crit":[]}"#, UnknownExtension),
        ] {
            let token = signed_by(&key(1), header, CLAIMS);
            assert_eq!(outcome(&plex, &token), Some(expected), "{header}");
        }
    }

    /// The example in RFC 8037, appendix A.5. Its payload is plain text instead of claims.
    #[test]
    fn rfc_signature_is_verified() {
        let plex = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let plex: PlexKeys = serde_json::from_str(plex).unwrap();
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let token = signed_by(&key(1), &named(1), CLAIMS);
        let mut parts = Parts::of(&token).unwrap();
        parts.signature = BASE64.decode(signature).unwrap();
        parts.message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert_eq!(plex.is_signed_by_any(&parts), Ok(true));
        parts.message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd";
        assert_eq!(plex.is_signed_by_any(&parts), Ok(false));
    }

    /// A token signed by Python's `cryptography` (OpenSSL), with a key whose seed is `[5; 32]`.
    #[test]
    fn token_from_another_implementation_is_verified() {
        let token = [
            "eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJFZERTQSIsICJraWQiOiAiazUifQ.eyJpc3MiOiAicGxleC50diIsICJhdWQiOiBbI",
            "nBsZXgudHYiLCAiYS10ZWxldmlzaW9uIl0sICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogMTcwMDYwNDgwMCwgInRodW1ic",
            "HJpbnQiOiAiZGVuIiwgInVzZXIiOiB7ImlkIjogNywgInV1aWQiOiAiNWUxZjBjOWI3YTNkMjQ2OCIsICJ1c2VybmFtZSI6I",
            "CJyb3NhIn19.iJ_AXaM15iBbtHM3rJLtAhzCHCyG2aY1b31-9l9zKhJPDyNCyCe_FpudIp_IVWGpBLtOH_hIASZ-AIAYBow2",
            "AA",
        ];
        let token = Token::new(token.concat()).unwrap();
        let me = ClientIdentity::builder("a-television").build().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let jwt = keys(&[json(1), json(5)]).verify(&token, &me, now).unwrap();
        assert_eq!(jwt.thumbprint.as_deref(), Some("den"));
        assert_eq!(jwt.user.unwrap().username.as_deref(), Some("rosa"));
        assert_eq!(outcome(&keys(&[json(1)]), &token), Some(UnknownKey));
    }

    #[test]
    fn modified_token_is_rejected() {
        let plex = keys(&[json(1)]);
        let token = signed_by(&key(1), &named(1), CLAIMS);
        let (message, signature) = token.expose().rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let claims = BASE64.encode(CLAIMS.replace("1700604800", "1900604800"));
        let longer = Token::new(format!("{header}.{claims}.{signature}")).unwrap();
        assert_eq!(outcome(&plex, &longer), Some(WrongSignature));
        let cut = Token::new(format!("{message}.{}", &signature[..84])).unwrap();
        assert_eq!(outcome(&plex, &cut), Some(WrongSignature));
    }
}
