//! The accessors of errors and values.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::{IdentityProblem, RetryAfter, TransportErrorKind};
use plex_auth_proto::http::{Method, Response, StatusCode};
use plex_auth_proto::pin::PinId;
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, Error, Host, MediaServer, PlexTv, Reply,
    ResponseError, ServerUrl, Token, UnixSeconds,
};

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").product("Example").build().unwrap()
}

fn reply() -> Reply<Account> {
    PlexTv::new(me()).token_details(&Token::new("abc").unwrap()).into_parts().1
}

fn answered(status: u16, body: &str) -> Error {
    let answer = Response::builder().status(status).header("retry-after", "7").body(body).unwrap();
    reply().parse(&answer).unwrap_err().into()
}

#[test]
fn error_exposes_the_response() {
    let error = answered(401, r#"{"errors":[{"code":1001,"message":"no","status":401}]}"#);
    assert_eq!(
        (error.operation(), error.status()),
        ("getTokenDetails", Some(StatusCode::UNAUTHORIZED))
    );
    assert!(error.is_token_invalid() && !error.needs_verification_code() && !error.is_retryable());
    assert!(error.as_transport().is_none());
    let refused = error.as_response().unwrap();
    assert_eq!(refused.operation(), "getTokenDetails");
    let listed = refused.rejection().unwrap().errors();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].code(), listed[0].status(), listed[0].message()),
        (Some(1001), Some(401), Some("no"))
    );

    let error = answered(401, r#"{"errors":[{"code":1029}]}"#);
    assert!(error.needs_verification_code() && !error.is_token_invalid());
    let error = answered(429, "");
    assert!(error.is_retryable());
    assert_eq!(error.retry_after(), Some(RetryAfter::In(Duration::from_secs(7))));
}

#[test]
fn error_exposes_the_transport_error() {
    for sent in [true, false] {
        let error = reply().transport_error(TransportErrorKind::CutOff, sent);
        let transport_error = error.as_transport().unwrap();
        assert_eq!(
            (transport_error.kind(), transport_error.may_have_been_sent()),
            (TransportErrorKind::CutOff, sent)
        );
        assert_eq!((error.status(), error.retry_after()), (None, None));
        assert!(error.as_response().is_none() && !error.is_token_invalid());
    }
}

#[test]
fn code_is_explained_only_with_its_status() {
    for (status, code, meaning) in [
        (400, 1000, "the client identifier is missing"),
        (404, 1002, "no such endpoint"),
        (403, 1009, "not allowed for managed users"),
        (403, 1012, "a subscription is required"),
        (403, 1013, "not allowed for anonymous users"),
        (404, 1020, "the PIN is unknown or has expired"),
        (403, 1040, "the password is required"),
        (403, 1041, "the Home PIN is missing or wrong"),
        (403, 1043, "not allowed for this user"),
        (403, 1045, "the password and a verification code are required"),
        (403, 1068, "not allowed for this device"),
        (422, 1069, "the code has expired"),
        (403, 1080, "a server token is required"),
        (422, 1097, "the device or its key is unknown"),
    ] {
        let body = format!(r#"{{"errors":[{{"code":{code}}}]}}"#);
        let shown = answered(status, &body).to_string();
        assert!(shown.contains(&format!("answered {status} (code {code}: {meaning})")), "{shown}");
        let other = answered(418, &body).to_string();
        assert!(other.contains(meaning) == (code == 1097), "{other}");
    }
}

#[test]
fn reply_exposes_what_a_transport_needs() {
    let plex_tv = PlexTv::new(me());
    let (_, details) = plex_tv.token_details(&Token::new("abc").unwrap()).into_parts();
    assert!(details.is_idempotent() && !details.has_secret_url() && details.deadline().is_none());
    let credentials = Credentials::new("rosa", "x").unwrap();
    let (_, sign_in) = plex_tv.sign_in(&credentials).deadline(Duration::from_secs(3)).into_parts();
    assert!(!sign_in.is_idempotent());
    assert_eq!(sign_in.deadline(), Some(Duration::from_secs(3)));
    let (_, poll) = plex_tv.poll_pin(&PinId::new(4711)).into_parts();
    assert!(poll.has_secret_url());
    let shown = format!("{poll:?}");
    assert!(shown.contains("getOAuthPin") && shown.contains("secret_url: true"), "{shown}");
    assert!(!shown.contains("4711"), "{shown}");
}

#[test]
fn body_of_exactly_the_limit_is_read() {
    let body = r#"{"authToken":"abc"}"#;
    for (limit, fits) in [(body.len(), true), (body.len() - 1, false)] {
        let call = PlexTv::new(me()).token_details(&Token::new("abc").unwrap());
        let (_, reply) = call.max_body_size(limit).into_parts();
        assert_eq!(reply.parse(&Response::new(body)).is_ok(), fits, "{limit}");
    }
}

#[test]
fn server_url_has_up_to_2048_bytes() {
    let of = |length: usize| format!("http://h/{}", "x".repeat(length - 9)).parse::<ServerUrl>();
    assert!(of(2048).is_ok() && of(2049).is_err());
    let url: ServerUrl = "http://10.0.0.7:1/pms".parse().unwrap();
    assert_eq!(format!("{url:?}"), "ServerUrl(http://10.0.0.7:1/pms)");
}

#[test]
fn single_value_is_read_as_a_list() {
    let account = |fields: &str| {
        serde_json::from_str::<Account>(&format!(r#"{{"authToken":"abc",{fields}}}"#)).unwrap()
    };
    for (written, read) in
        [("true", "true"), ("7", "7"), ("-7", "-7"), ("1.5", "1.5"), ("\"x\"", "x")]
    {
        let account = account(&format!(r#""roles":{written}"#));
        assert_eq!(
            (account.roles.as_slice(), account.unreadable_fields()),
            (&[read.to_owned()][..], vec![])
        );
    }
    for nothing in ["null", "\"\"", "[]", "[null]"] {
        let account = account(&format!(r#""roles":{nothing}"#));
        assert!(account.roles.is_empty() && account.unreadable_fields().is_empty(), "{nothing}");
    }
    // Numbers are not tested here: with serde_json's `arbitrary_precision` feature, a number is
    // deserialized like an object with unknown fields.
    for wrong in ["true", "\"x\"", "[true]"] {
        let account = account(&format!(r#""services":{wrong}"#));
        assert!(account.services.is_empty(), "{wrong}");
        assert_eq!(account.unreadable_fields(), ["services"], "{wrong}");
    }
}

#[test]
fn private_number_key_of_serde_json_is_ignored() {
    for body in [
        r#"{"authToken":"abc","$serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::Number":"1","authToken":"abc"}"#,
    ] {
        let account: Account = serde_json::from_str(body).unwrap();
        assert_eq!(account.auth_token.unwrap().expose(), "abc", "{body}");
    }
}

#[test]
fn raw_json_has_null_for_invalid_values() {
    let (_, reply) = PlexTv::new(me()).token_details(&Token::new("abc").unwrap()).into_parts();
    let body = r#"{"uuid":"5e1f","id":1e999,"roles":1e999,"providers":[{"a":1e999,"b":"\ud800"}]}"#;
    let account = reply.parse(&Response::new(body)).unwrap();
    assert_eq!(account.providers[0].as_str(), r#"{"a":null,"b":null}"#);
    assert_eq!(account.unreadable_fields(), ["id", "roles"]);
    assert_eq!(reply.context().origin().unwrap().to_string(), "https://plex.tv");
}

#[test]
fn unix_seconds_convert_around_1970() {
    for seconds in [-1, 0, 1] {
        let time = SystemTime::try_from(UnixSeconds(seconds)).unwrap();
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let expected = if seconds < 0 {
            SystemTime::UNIX_EPOCH - distance
        } else {
            SystemTime::UNIX_EPOCH + distance
        };
        assert_eq!(time, expected);
    }
}

#[test]
fn custom_request_has_identity_but_no_token() {
    let server = MediaServer::new(
        me(),
        "http://10.0.0.7:1/pms".parse().unwrap(),
        Token::new("abc").unwrap(),
    );
    let request = server.request(Method::PUT, "prefs?x=1").body(()).unwrap();
    assert_eq!(
        (request.method(), request.uri().to_string()),
        (&Method::PUT, "http://10.0.0.7:1/pms/prefs?x=1".into())
    );
    assert_eq!(request.headers()["x-plex-product"], "Example");
    assert!(!request.headers().contains_key("x-plex-token"));
}

#[test]
fn identity_field_has_up_to_1024_bytes() {
    assert!(format!("{:?}", me()).contains("\"x-plex-product\": \"Example\""), "{:?}", me());
    let of = |length: usize| ClientIdentity::builder("id").product("x".repeat(length)).build();
    let longest = (1..5000).take_while(|length| of(*length).is_ok()).last().unwrap();
    assert_eq!(of(longest + 1).unwrap_err().problem(), IdentityProblem::TooLong);
    assert_eq!(longest, 1024);
}

#[test]
fn error_path_redacts_keys_that_may_be_data() {
    let path = |body: &str| {
        let request = plex_auth_proto::http::Request::get("https://plex.tv/x").body(()).unwrap();
        let call = Call::<std::collections::BTreeMap<String, Vec<Choice>>>::json("getX", request);
        match call.reply().parse(&Response::new(body)).unwrap_err() {
            ResponseError::UnexpectedShape { path, .. } => path,
            error => panic!("{error}"),
        }
    };
    assert_eq!(path(r#"{"good-key":["One","One","Two"]}"#), "good-key.2");
    assert_eq!(path(r#"{"t0ken":["One","Two"]}"#), "*.1");
    assert_eq!(path(r#"{"good":[{"Many":"x"}]}"#), "good.0.Many");
}

#[derive(Debug, serde::Deserialize)]
enum Choice {
    One,
    Many(#[expect(dead_code, reason = "only deserialized")] u8),
}

#[test]
fn custom_call_has_a_general_message() {
    for operation in ["postUsersSignInData", "linkOAuthPin"] {
        let request = plex_auth_proto::http::Request::post("https://plex.tv/api/v2/users/signin")
            .body(())
            .unwrap();
        let call = Call::status_only(operation, request).host(Host::PlexTv);
        let parse = |status: u16| {
            let answer = Response::builder().status(status).body("").unwrap();
            call.reply().parse(&answer).unwrap_err()
        };
        let message = parse(401).to_string();
        assert!(message.contains("authorization is required, but no token was sent"), "{message}");
        assert!(!parse(410).is_pin_gone());
    }
}
