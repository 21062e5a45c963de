//! What each kind of answer becomes: the status first, then redirect, size, content and data.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::{Content, RetryAfter};
use plex_auth_proto::http::{HeaderMap, Response, StatusCode};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, MediaServer, PlexTv, ResponseError, SignedIn,
    Token, TransientToken,
};

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

fn token() -> Token {
    Token::new("t0ken-of-rosa").unwrap()
}

fn sign_in() -> Call<SignedIn> {
    PlexTv::new(me()).sign_in(&Credentials::new("rosa", "pa55-of-rosa").unwrap())
}

fn details() -> Call<Account> {
    PlexTv::new(me()).token_details(&token())
}

fn transient() -> Call<TransientToken> {
    let server = MediaServer::new(me(), "http://10.0.0.7:32400".parse().unwrap(), token());
    server.transient_token(TokenType::Delegation, Scope::All)
}

fn response<B>(status: u16, headers: &[(&str, &str)], body: B) -> Response<B> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body).unwrap()
}

fn refused<T>(call: Call<T>, status: u16, body: &str) -> ResponseError {
    refused_with(call, status, &[], body)
}

fn refused_with<T>(
    call: Call<T>,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> ResponseError {
    let (_, reply) = call.into_parts();
    match reply.parse(&response(status, headers, body)) {
        Ok(_) => panic!("{status} {body} is taken for a success"),
        Err(error) => error,
    }
}

const JSON_1001: &str =
    r#"{"errors":[{"code":1001,"message":"User could not be authenticated","status":401}]}"#;
const XML_1001: &str = r#"<errors><error code="1001" message="no" status="401"/></errors>"#;
const HTML_401: &str = "<html><head><title>Unauthorized</title><script>alert(1)</script></head>\
                        <body><h1>401 Unauthorized</h1></body></html>";

#[test]
fn status_decides_before_the_body() {
    for body in
        [JSON_1001, XML_1001, HTML_401, "", "null", "\0\0", r#"{"errors":[]}"#, "<", "{\"er"]
    {
        for (status, is_right) in [
            (
                400,
                (|error| matches!(error, ResponseError::BadRequest(_)))
                    as fn(&ResponseError) -> bool,
            ),
            (401, |error| matches!(error, ResponseError::Unauthorized(_))),
            (403, |error| matches!(error, ResponseError::Forbidden(_))),
            (404, |error| matches!(error, ResponseError::Rejected(_))),
            (405, |error| matches!(error, ResponseError::Rejected(_))),
            (422, |error| matches!(error, ResponseError::Rejected(_))),
            (429, |error| matches!(error, ResponseError::RateLimited(_))),
            (498, |error| matches!(error, ResponseError::Unauthorized(_))),
            (500, |error| matches!(error, ResponseError::Unavailable(_))),
            (503, |error| matches!(error, ResponseError::Unavailable(_))),
            (511, |error| matches!(error, ResponseError::Unavailable(_))),
            (302, |error| matches!(error, ResponseError::Redirected { .. })),
            (304, |error| matches!(error, ResponseError::Rejected(_))),
            (101, |error| matches!(error, ResponseError::Rejected(_))),
            (999, |error| matches!(error, ResponseError::Rejected(_))),
        ] {
            for error in [
                refused(sign_in(), status, body),
                refused(details(), status, body),
                refused_with(transient(), status, &[("content-type", "application/json")], body),
            ] {
                assert!(is_right(&error), "{status} {body:?}: {error:?}");
                assert_eq!(error.status().as_u16(), status);
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("alert") && !shown.contains("authenticated"), "{shown}");
                assert!(std::error::Error::source(&error).is_none());
            }
        }
    }
}

#[test]
fn codes_of_a_401_are_distinguished() {
    fn list(codes: &[&str], entry: impl Fn(&str) -> String) -> Vec<String> {
        codes.iter().map(|code| entry(code)).collect()
    }
    let json = |codes: &[&str], quote: &str| {
        let errors = list(codes, |code| format!(r#"{{"code":{quote}{code}{quote}}}"#));
        format!(r#"{{"errors":[{}]}}"#, errors.join(","))
    };
    let xml = |codes: &[&str]| {
        format!(
            "<errors>{}</errors>",
            list(codes, |code| format!("<error code='{code}'/>")).concat()
        )
    };
    for (codes, kind) in [
        (&["1001"][..], "Unauthorized"),
        (&["1028"], "VerificationCodeRejected"),
        (&["1029"], "VerificationCodeRequired"),
        (&["1030"], "EmailOnly"),
        (&["1031"], "TooManyFailures"),
        (&["1001", "1029"], "VerificationCodeRequired"),
        (&["1029", "1001"], "VerificationCodeRequired"),
        (&["1029", "1028"], "VerificationCodeRejected"),
        (&["1028", "1030"], "EmailOnly"),
        (&["1001", "1028", "1029", "1030", "1031"], "TooManyFailures"),
        (&["4711"], "Unauthorized"),
    ] {
        for body in [json(codes, ""), json(codes, "\""), xml(codes)] {
            let error = refused(sign_in(), 401, &body);
            let debug = format!("{error:?}");
            assert!(debug.starts_with(&format!("{kind}(")), "{body}: {debug}");
            assert_eq!(
                error.needs_verification_code(),
                kind.starts_with("VerificationCode"),
                "{body}"
            );
            assert!(!error.is_retryable() && !error.is_token_invalid(), "{body}");
            let listed: Vec<_> =
                error.rejection().unwrap().codes().map(|code| code.to_string()).collect();
            assert_eq!(listed, codes);
        }
    }
    // With another status the same number means something else.
    assert!(matches!(refused(sign_in(), 403, &json(&["1029"], "")), ResponseError::Forbidden(_)));
}

#[test]
fn token_is_invalid_only_if_plex_says_so() {
    let invalid = "<errors><error>Invalid token</error></errors>";
    let json_invalid = r#"{"error":"invalid Token."}"#;
    for (status, body) in [
        (401, JSON_1001),
        (401, HTML_401),
        (401, ""),
        (498, ""),
        (422, invalid),
        (422, json_invalid),
    ] {
        assert!(refused(details(), status, body).is_token_invalid(), "{status} {body}");
        assert!(
            !refused(sign_in(), status, body).is_token_invalid(),
            "no token was sent: {status} {body}"
        );
        assert!(
            !refused(transient(), status, body).is_token_invalid(),
            "only that server: {status} {body}"
        );
    }
    // Where none went along, a 422 is about what was sent in its place.
    for body in [invalid, json_invalid] {
        assert!(matches!(refused(sign_in(), 422, body), ResponseError::Rejected(_)), "{body}");
    }
    for (status, body) in [
        (422, r#"{"errors":[{"code":1008,"message":"not accepted"}]}"#),
        (422, r#"{"errors":[{"code":1008,"message":"Invalid token"}]}"#),
        (422, r#"{"error":"Parameter x is an invalid token list"}"#),
        (422, ""),
        (400, invalid),
        (403, ""),
        (404, ""),
        (429, ""),
        (500, invalid),
        (502, HTML_401),
        (503, ""),
        (302, ""),
        (200, HTML_401),
        (200, "{\"a"),
        (204, ""),
    ] {
        assert!(!refused(details(), status, body).is_token_invalid(), "{status} {body}");
    }
}

#[test]
fn retryable_errors() {
    for (status, body, idempotent, sign_in_again) in [
        (429, "", true, true),
        (503, "", true, false),
        (503, r#"{"errors":[{"code":1013}]}"#, true, true),
        (501, "", false, false),
        (500, "", true, false),
        (502, HTML_401, true, false),
        (504, "", true, false),
        (404, "", true, false),
        (408, "", true, false),
        (404, r#"{"errors":[{"code":1002}]}"#, false, false),
        (200, HTML_401, true, false),
        (204, "", true, false),
        (400, "", false, false),
        (401, JSON_1001, false, false),
        (403, "", false, false),
        (422, "", false, false),
        (301, "", false, false),
    ] {
        assert_eq!(refused(details(), status, body).is_retryable(), idempotent, "{status} {body}");
        assert_eq!(
            refused(sign_in(), status, body).is_retryable(),
            sign_in_again,
            "{status} {body}"
        );
    }
}

#[test]
fn unreadable_retry_after_is_absent() {
    let wait = |value| refused_with(details(), 429, &[("retry-after", value)], "").retry_after();
    assert_eq!(wait("120"), Some(RetryAfter::In(Duration::from_secs(120))));
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(RetryAfter::At(at)));
    for unreadable in ["-1", "1e9", "abc", ""] {
        assert_eq!(wait(unreadable), None, "{unreadable:?}");
    }
    let twice = [("retry-after", "1"), ("retry-after", "2")];
    assert_eq!(refused_with(details(), 429, &twice, "").retry_after(), None);
    assert_eq!(refused(details(), 429, "").retry_after(), None);
}

#[test]
fn messages_have_operation_origin_and_advice() {
    for (error, message) in [
        (
            refused(sign_in(), 401, JSON_1001),
            "postUsersSignInData at https://plex.tv: the login or the password is wrong (401, code 1001)",
        ),
        (
            refused(details(), 401, JSON_1001),
            "getTokenDetails at https://plex.tv: the token is no longer valid; sign in again (401, code 1001)",
        ),
        (
            refused(transient(), 401, HTML_401),
            "getTransientToken at http://10.0.0.7:32400: the media server does not accept this token, \
             which says nothing about the account (401)",
        ),
        (
            refused(sign_in(), 401, r#"{"errors":[{"code":1029}]}"#),
            "postUsersSignInData at https://plex.tv: a verification code is needed (401, code 1029)",
        ),
        (
            refused(sign_in(), 400, r#"{"errors":[{"code":1000,"message":"x"}]}"#),
            "postUsersSignInData at https://plex.tv: a parameter is missing or malformed \
             (400, code 1000: the client identifier is missing)",
        ),
        (
            refused(details(), 200, HTML_401),
            "getTokenDetails at https://plex.tv: answered 200 with an HTML page",
        ),
        (
            refused(details(), 204, ""),
            "getTokenDetails at https://plex.tv: answered 204 with no body",
        ),
        (
            refused(details(), 502, ""),
            "getTokenDetails at https://plex.tv: trouble at the server (502)",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn redirect_shows_only_the_origin() {
    for (location, to) in [
        (Some("https://plex.example/a?X-Plex-Token=t0ken-of-rosa#x"), Some("https://plex.example")),
        (Some("https://user:pass@plex.example:8443/a"), Some("https://plex.example:8443")),
        (Some("https://plex.example:user!t0ken/a"), Some("https://plex.example")),
        (Some("myapp://callback/?x=1"), None),
        (Some("t0ken-of-rosa://x"), None),
        (Some("//cdn.example/a"), Some("http://cdn.example")),
        (Some("/web/index.html"), Some("http://10.0.0.7:32400")),
        (Some("web/index.html"), Some("http://10.0.0.7:32400")),
        (Some("/login?next=http://x.example/"), Some("http://10.0.0.7:32400")),
        (Some("https://"), None),
        (Some("http://[::"), None),
        (Some("\u{fc}"), None),
        (None, None),
    ] {
        for status in [300, 301, 302, 303, 307, 308, 399] {
            let headers: Vec<_> =
                location.map(|location| ("location", location)).into_iter().collect();
            let error = refused_with(transient(), status, &headers, "");
            let ResponseError::Redirected { to: found, .. } = &error else { panic!("{error:?}") };
            assert_eq!(found.as_ref().map(ToString::to_string).as_deref(), to, "{location:?}");
            let shown = format!("{error} {error:?}");
            for secret in ["t0ken", "pass", "user", "index.html"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    let error = refused_with(transient(), 308, &[("location", "https://plex.example/a")], "");
    assert_eq!(
        error.to_string(),
        "getTransientToken at http://10.0.0.7:32400: redirected to https://plex.example, which is never \
         followed; if that is the right server, use it as base URL (308)"
    );
}

#[test]
fn foreign_success_is_named() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (body, expected) in [
        (&b""[..], Content::Empty),
        (b" \r\n", Content::Empty),
        (b"<!DOCTYPE html><html></html>", Content::Html),
        (b"<?xml version='1.0'?><!-- x --><html xmlns='x'/>", Content::Html),
        (b"<user authToken='x'/>", Content::Xml),
        (b"{", Content::BrokenJson),
        (br#"{"authToken":"abc""#, Content::BrokenJson),
        (br#"{"authToken":"abc"}{"authToken":"abc"}"#, Content::BrokenJson),
        (b"OK", Content::Other),
        (b"\xff\xfe\x00", Content::Other),
        (b"{\"authToken\":\0}", Content::BrokenJson),
    ] {
        let (_, reply) = sign_in().into_parts();
        match reply.parse(&response(200, &[], body)).unwrap_err() {
            ResponseError::UnexpectedContent { content, .. } => {
                assert_eq!(content, expected, "{}", String::from_utf8_lossy(body));
            }
            error => panic!("{error:?}"),
        }
    }
    for body in ["null", "[]", "\"x\"", "1", "[\"abc\"]", &deep] {
        let (_, reply) = sign_in().into_parts();
        match reply.parse(&response(200, &[], body)).unwrap_err() {
            ResponseError::UnexpectedShape { path, problem, .. } => {
                assert_eq!((path.as_str(), problem), (".", "is not an object"));
            }
            error => panic!("{body}: {error:?}"),
        }
    }
}

#[test]
fn readable_bodies_are_read() {
    let deep = format!(r#"{{"authToken":"abc","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        &b"\xef\xbb\xbf{\"authToken\":\"abc\"}"[..],
        b"\r\n\r\n {\"authToken\":\"abc\"} \n",
        b"{\"authToken\":\"abc\",\"title\":\"\xff\xfe\"}",
        b"{\"authToken\":\"abc\",\"title\":\"a\\u0000b\"}",
        deep.as_bytes(),
    ] {
        let (_, reply) = sign_in().into_parts();
        let account = reply.parse(&response(201, &[], body)).unwrap();
        assert_eq!(account.auth_token.expose(), "abc");
    }
}

#[test]
fn body_size_is_limited_only_for_a_success() {
    let body = vec![b' '; 2 * 1024 * 1024];
    let (_, reply) = details().into_parts();
    let error = reply.parse(&response(200, &[], &body)).unwrap_err();
    assert!(matches!(error, ResponseError::BodyTooLarge { limit: 1_048_576, .. }));
    assert_eq!(
        error.to_string(),
        "getTokenDetails at https://plex.tv: the answer is larger than 1048576 bytes"
    );
    let error = reply.parse(&response(401, &[], &body)).unwrap_err();
    assert!(matches!(error, ResponseError::Unauthorized(_)));
    let error = reply.parse(&response(200, &[("content-length", "1048577")], "")).unwrap_err();
    assert!(matches!(error, ResponseError::BodyTooLarge { .. }));

    let limit = |status: u16, length: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(length) = length {
            headers.insert("content-length", length.parse().unwrap());
        }
        reply.body_limit(StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert_eq!(limit(200, None), 1_048_577);
    assert_eq!(limit(200, Some("1048576")), 1_048_577);
    assert_eq!(limit(200, Some("1048577")), 0);
    assert_eq!(limit(200, Some("nonsense")), 1_048_577);
    assert_eq!(limit(200, Some("99999999999999999999999999")), 0);
    assert_eq!(limit(401, Some("1048577")), 65_536);

    let (_, small) = details().max_body_size(3).into_parts();
    assert!(matches!(
        small.parse(&Response::new("    ")),
        Err(ResponseError::BodyTooLarge { limit: 3, .. })
    ));
    let (_, large) = details().max_body_size(usize::MAX).into_parts();
    assert!(large.parse(&Response::new(format!("{}{{\"id\":7}}", " ".repeat(2_000_000)))).is_ok());
}

#[test]
fn content_encoding_is_named_and_not_decoded() {
    let gzip = [("content-encoding", "gzip")];
    for (encoding, shown) in [("gzip", "gzip"), ("BR", "br"), ("s3cret", "an unknown encoding")] {
        let error = refused_with(details(), 200, &[("content-encoding", encoding)], "\u{1f}x");
        assert!(matches!(
            error,
            ResponseError::UnexpectedContent { content: Content::Encoded(_), .. }
        ));
        assert!(error.to_string().ends_with(&format!("({shown})")), "{error}");
    }
    assert!(matches!(
        refused_with(details(), 401, &gzip, "\u{1f}x"),
        ResponseError::Unauthorized(_)
    ));
    assert!(matches!(
        refused_with(details(), 204, &gzip, ""),
        ResponseError::UnexpectedContent { content: Content::Empty, .. }
    ));
    let (_, reply) = details().into_parts();
    for none in ["identity", "", " Identity "] {
        assert!(reply.parse(&response(200, &[("content-encoding", none)], "{\"id\":7}")).is_ok());
    }
}

#[test]
fn public_types_can_be_sent_and_shared() {
    fn ok<T: Send + Sync + 'static>() {}
    ok::<Call<Account>>();
    ok::<plex_auth_proto::Reply<Account>>();
    ok::<plex_auth_proto::Error>();
    ok::<plex_auth_proto::TransportError>();
    ok::<ResponseError>();
    ok::<PlexTv>();
    ok::<MediaServer>();
    ok::<Credentials>();
    ok::<plex_auth_proto::SourceConnectionInformation>();
    ok::<TransientToken>();
    ok::<plex_auth_proto::MediaServerAddress>();
    ok::<plex_auth_proto::server::Resources>();
    ok::<plex_auth_proto::home::Home>();
    ok::<plex_auth_proto::device::Devices>();
    ok::<plex_auth_proto::server::ClaimToken>();
    ok::<plex_auth_proto::home::HomePin>();
}

#[test]
fn custom_call_is_read_strictly() {
    fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, ResponseError> {
        let request = plex_auth_proto::http::Request::get("https://plex.tv/x").body(()).unwrap();
        Call::<T>::json("getX", request).reply().parse(&Response::new(body))
    }
    type Counts = std::collections::HashMap<String, u8>;
    assert_eq!(read::<Vec<f64>>("\u{feff}[1,2.5]").unwrap(), [1.0, 2.5]);
    // Nothing is left out in silence.
    for body in ["[1,1e999,2]", "[1,\"x\"]", "[1"] {
        read::<Vec<f64>>(body).unwrap_err();
    }
    let shown = |body| read::<Counts>(body).unwrap_err().to_string();
    assert!(shown(r#"{"friends":"x"}"#).contains("`friends`"));
    let hidden = shown(r#"{"AbCdEf0123456789ghij":"s3cret"}"#);
    assert_eq!(hidden, "getX at https://plex.tv: `*` is missing or of an unexpected kind");
    assert!(shown("<html></html>").ends_with("answered 200 with an HTML page"));
}

#[test]
fn error_body_is_read_up_to_its_limit() {
    let wants_code = |space: usize| {
        let body = format!("{}{}", " ".repeat(space), r#"{"errors":[{"code":1029}]}"#);
        refused(sign_in(), 401, &body).needs_verification_code()
    };
    assert!(wants_code(60_000));
    assert!(!wants_code(65_536));
}

#[test]
fn host_of_a_custom_call_decides_about_401() {
    use plex_auth_proto::{Host, http::Request};
    for (host, dead_by_401, dead_by_498) in [
        (None, false, true),
        (Some(Host::PlexTv), true, true),
        (Some(Host::MediaServer), false, false),
    ] {
        for (status, dead) in [(401, dead_by_401), (498, dead_by_498)] {
            let request = Request::get("https://plex.tv/x").header("x-plex-token", "t0ken");
            let mut call = Call::status_only("getX", request.body(()).unwrap());
            if let Some(host) = host {
                call = call.host(host);
            }
            assert_eq!(refused(call, status, "").is_token_invalid(), dead, "{host:?} {status}");
        }
    }
}
