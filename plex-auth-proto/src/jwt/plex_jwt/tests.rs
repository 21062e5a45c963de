use std::time::{Duration, SystemTime};

use base64::Engine;

use super::{BASE64, InvalidPlexJwt, JwtPart, PlexJwt};
use crate::{ClientIdentity, Token, UnixSeconds};

const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#;

fn token(header: &str, claims: &str) -> Token {
    let [header, claims] = [header, claims].map(|part| BASE64.encode(part));
    Token::new(format!("{header}.{claims}.{}", BASE64.encode([7; 64]))).unwrap()
}

fn jwt(claims: &str) -> Result<PlexJwt, InvalidPlexJwt> {
    PlexJwt::unverified(&token(HEADER, claims))
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn me() -> ClientIdentity {
    ClientIdentity::builder("a-television").build().unwrap()
}

#[test]
fn complete_token_is_read() {
    let jwt = jwt(
        r#"{"iss":"plex.tv","aud":["plex.tv","a-television"],"iat":1700000000,"exp":1700604800,"thumbprint":"den",
            "user":{"id":7,"uuid":"5e1f","username":"rosa","email":"rosa@example.org","friendly_name":null},"new":{}}"#,
    )
    .unwrap();
    assert_eq!(jwt.expires_at, UnixSeconds(1_700_604_800));
    assert_eq!(jwt.issued_at, Some(UnixSeconds(1_700_000_000)));
    assert_eq!(jwt.issuer.as_deref(), Some("plex.tv"));
    assert_eq!(jwt.audience, ["plex.tv", "a-television"]);
    assert_eq!(jwt.key_id.as_deref(), Some("k1"));
    assert_eq!(jwt.thumbprint.as_deref(), Some("den"));
    let user = jwt.user.as_ref().unwrap();
    assert_eq!((user.id, user.uuid.as_deref()), (Some(7), Some("5e1f")));
    assert_eq!(user.username.as_deref(), Some("rosa"));
    let shown = format!("{jwt:?}");
    assert!(!shown.contains("rosa") && shown.contains("5e1f"), "{shown}");
}

#[test]
fn minimal_token_has_an_expiry() {
    let jwt = PlexJwt::unverified(&token(r#"{"alg":"EdDSA"}"#, r#"{"exp":1}"#)).unwrap();
    assert_eq!(jwt.expires_at, UnixSeconds(1));
    assert!(jwt.issued_at.is_none() && jwt.issuer.is_none() && jwt.user.is_none());
    assert!(jwt.audience.is_empty() && jwt.key_id.is_none() && jwt.thumbprint.is_none());
}

#[test]
fn claims_are_converted_or_left_out() {
    for claims in [
        r#"{"exp":1700604800.0}"#,
        r#"{"exp":1700604800.75}"#,
        r#"{"exp":1.7006048e9}"#,
        r#"{"exp":"1700604800"}"#,
        r#"{"exp":1700604800,"iat":"yesterday","aud":{},"iss":[],"user":7,"thumbprint":1e999}"#,
        r#"{"exp":0,"exp":1700604800}"#,
    ] {
        let jwt = jwt(claims).unwrap();
        assert_eq!(jwt.expires_at, UnixSeconds(1_700_604_800), "{claims}");
        assert!(jwt.issued_at.is_none() && jwt.user.is_none(), "{claims}");
    }
}

#[test]
fn audience_is_a_string_or_a_list() {
    for (audience, is_ours) in [
        (r#""plex.tv""#, true),
        (r#""a-television""#, true),
        (r#"["another","a-television"]"#, true),
        (r#"[7,"plex.tv"]"#, true),
        (r#""another""#, false),
        (r#""plex.tv.example""#, false),
        ("[]", false),
        ("null", false),
    ] {
        let jwt = jwt(&format!(r#"{{"exp":1,"aud":{audience}}}"#)).unwrap();
        assert_eq!(jwt.is_for(&me()), is_ours, "{audience}");
    }
}

#[test]
fn invalid_part_of_a_token_is_named() {
    use InvalidPlexJwt::{
        ExpiryOutOfRange, NoExpiry, NotBase64, NotJson, NotJwt, NotSigned, Padded,
    };
    let right = token(HEADER, r#"{"exp":1}"#);
    let right = right.expose();
    let (message, signature) = right.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    for (text, why) in [
        ("xyz-Abc_0123456789ab", NotJwt),
        ("transient-90904684-f91a-4391-8bf7-e0dfa7240285", NotJwt),
        (message, NotJwt),
        (&format!("{right}.{signature}"), NotJwt),
        (&format!("{right}=="), Padded(JwtPart::Signature)),
        (&format!("{header}=.{claims}.{signature}"), Padded(JwtPart::Header)),
        (&format!("{header}.{claims}==.{signature}"), Padded(JwtPart::Claims)),
        (&format!("{message}.a+b/"), NotBase64(JwtPart::Signature)),
        (&format!("{message}.A"), NotBase64(JwtPart::Signature)),
        (&format!("!.{claims}.{signature}"), NotBase64(JwtPart::Header)),
        (&format!("{header}..{signature}"), NotJson(JwtPart::Claims)),
        (&format!("{claims}.{claims}.{signature}"), NotSigned),
        (&format!("{message}."), NotSigned),
        ("..", NotJson(JwtPart::Header)),
    ] {
        assert_eq!(PlexJwt::unverified(&Token::new(text).unwrap()).unwrap_err(), why, "{text}");
    }
    for (header, claims, why) in [
        (r#"{"alg":"none"}"#, r#"{"exp":1}"#, NotSigned),
        (r#"{"alg":"NonE"}"#, r#"{"exp":1}"#, NotSigned),
        (r#"{"alg":null}"#, r#"{"exp":1}"#, NotSigned),
        ("[]", r#"{"exp":1}"#, NotJson(JwtPart::Header)),
        (HEADER, "[]", NotJson(JwtPart::Claims)),
        (HEADER, r#"{"exp":1"#, NotJson(JwtPart::Claims)),
        (HEADER, "{}", NoExpiry),
        (HEADER, r#"{"exp":null}"#, NoExpiry),
        (HEADER, r#"{"exp":"never"}"#, NoExpiry),
        (HEADER, r#"{"exp":-1}"#, ExpiryOutOfRange),
        (HEADER, r#"{"exp":-0.5}"#, ExpiryOutOfRange),
        (HEADER, r#"{"exp":253402300800}"#, ExpiryOutOfRange),
        (HEADER, r#"{"exp":18446744073709551615}"#, ExpiryOutOfRange),
        (HEADER, r#"{"exp":1e300}"#, ExpiryOutOfRange),
    ] {
        let error = PlexJwt::unverified(&token(header, claims)).unwrap_err();
        assert_eq!(error, why, "{header} {claims}");
    }
    assert_eq!(
        Padded(JwtPart::Claims).to_string(),
        "the JWT's payload is padded with =, which is not allowed"
    );
}

#[test]
fn expiry_has_leeway_and_renewal_is_a_day_early() {
    let jwt = jwt(r#"{"exp":1700604800,"iat":1700000000}"#).unwrap();
    assert!(!jwt.is_expired(at(1_700_604_859)) && jwt.is_expired(at(1_700_604_860)));
    assert!(!jwt.is_expired(SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
    assert_eq!(jwt.renew_at(), UnixSeconds(1_700_518_400));
}

#[test]
fn short_token_is_renewed_halfway() {
    for (claims, renewed) in [
        (r#"{"iat":1000,"exp":4600}"#, 2_800),
        (r#"{"iat":0,"exp":172800}"#, 86_400),
        (r#"{"iat":0,"exp":172802}"#, 86_402),
        (r#"{"exp":100000}"#, 13_600),
        // The first issue time is after the expiry, and the second is out of range.
        (r#"{"iat":5000,"exp":4600}"#, 4_600 - 86_400),
        (r#"{"iat":-7,"exp":4600}"#, 4_600 - 86_400),
    ] {
        assert_eq!(jwt(claims).unwrap().renew_at(), UnixSeconds(renewed), "{claims}");
    }
}

#[test]
fn expiries_in_1970_and_2200_are_accepted() {
    let (old, new) = (jwt(r#"{"exp":0}"#).unwrap(), jwt(r#"{"exp":7258118400,"iat":0}"#).unwrap());
    let now = at(1_700_000_000);
    assert!(old.is_expired(now) && !new.is_expired(now));
    assert_eq!(old.renew_at(), UnixSeconds(-86_400));
    assert_eq!(new.renew_at(), UnixSeconds(7_258_118_400 - 86_400));
    let last = jwt(r#"{"exp":253402300799}"#).unwrap();
    assert!(!last.is_expired(at(253_402_300_799)));
    assert!(SystemTime::try_from(last.renew_at()).is_ok());
}
