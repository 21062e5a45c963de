//! Errors, classified first by the status and then by the codes in the body.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::RetryAfter;
use plex_auth_proto::{PlexTv, ResponseError};

use super::{
    HTML_401, JSON_1001, XML_1001, details, me, refused, refused_with, response, sign_in, token,
    transient,
};

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
    // With another status, the same code has another meaning.
    assert!(matches!(refused(sign_in(), 403, &json(&["1029"], "")), ResponseError::Forbidden(_)));
}

#[test]
fn token_is_invalid_only_if_plex_says_so() {
    let invalid = "<errors><error>Invalid token</error></errors>";
    let json_invalid = r#"{"error":"invalid Token."}"#;
    for (status, body) in [
        (401, JSON_1001),
        (401, XML_1001),
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
            "only that server rejected the token: {status} {body}"
        );
    }
    // Without a token in the request, a 422 refers to the other parameters.
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
        (401, HTML_401),
        (401, "<user/>"),
        (401, r#"{"errors":[{"code":10"#),
        (403, HTML_401),
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
fn unconfirmed_without_a_plex_error() {
    let half = r#"{"errors":[{"code":1029,"message":"Please"#;
    for status in [401, 403] {
        for body in [HTML_401, "<user/>", half, "null", "Unauthorized"] {
            for error in [refused(details(), status, body), refused(sign_in(), status, body)] {
                assert!(error.is_unconfirmed(), "{status} {body}: {error}");
                assert!(!error.is_token_invalid() && !error.needs_verification_code(), "{error}");
                assert!(
                    error.to_string().contains("a captive portal may have answered"),
                    "{error}"
                );
            }
        }
        for body in [JSON_1001, XML_1001, r#"{"error":"No"}"#] {
            assert!(!refused(details(), status, body).is_unconfirmed(), "{status} {body}");
        }
        // A media server's refusals are web pages, so a web page does not make them unconfirmed.
        assert!(!refused(transient(), status, HTML_401).is_unconfirmed());
    }
    // Over plain HTTP, any intermediary can send a status without a body.
    let plex_tv = PlexTv::at(me(), "http://plex.example/api/v2".parse().unwrap());
    assert!(refused(plex_tv.token_details(&token()), 401, "").is_unconfirmed());
    assert!(!refused(details(), 401, "").is_unconfirmed());
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
        (401, HTML_401, true, false),
        (403, HTML_401, true, false),
        (403, r#"{"errors":[{"code":1009}]}"#, false, false),
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
fn messages_have_cause_server_and_advice() {
    for (error, message) in [
        (
            refused(sign_in(), 401, JSON_1001),
            "the username or password is wrong: plex.tv answered 401 (code 1001)",
        ),
        (
            refused(details(), 401, JSON_1001),
            "the token is no longer valid: plex.tv answered 401 (code 1001); sign in again",
        ),
        (
            refused(transient(), 401, HTML_401),
            "the media server rejected the token: http://10.0.0.7:32400 answered 401; \
             get a new token for this server (the account's token may still be valid)",
        ),
        (
            refused(sign_in(), 401, r#"{"errors":[{"code":1029}]}"#),
            "a verification code is required: plex.tv answered 401 (code 1029); sign in again with the code",
        ),
        (
            refused(sign_in(), 400, r#"{"errors":[{"code":1000,"message":"x"}]}"#),
            "a parameter is missing or malformed: plex.tv answered 400 \
             (code 1000: the client identifier is missing)",
        ),
        (
            refused(details(), 200, HTML_401),
            "unexpected response: plex.tv answered 200 with an HTML page; \
             check the base URL and the network",
        ),
        (
            refused(details(), 204, ""),
            "unexpected response: plex.tv answered 204 with an empty body",
        ),
        (refused(details(), 502, ""), "the server failed: plex.tv answered 502"),
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
            let found = found.as_ref().map(|found| found.origin().to_string());
            assert_eq!(found.as_deref(), to, "{location:?}");
            let shown = format!("{error} {error:?}");
            for secret in ["t0ken", "pass", "user", "index.html"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    let error = refused_with(transient(), 308, &[("location", "https://plex.example/a")], "");
    assert_eq!(
        error.to_string(),
        "a redirect was not followed: http://10.0.0.7:32400 answered 308 and pointed to \
         another host; check the base URL and the network"
    );
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
fn foreign_498_is_unconfirmed() {
    for body in [HTML_401, "<user/>", r#"{"errors":[{"code":10"#] {
        let error = refused(details(), 498, body);
        assert!(error.is_unconfirmed() && !error.is_token_invalid(), "{body}");
        assert!(error.is_retryable(), "{body}");
        assert!(error.to_string().contains("a proxy or a captive portal"), "{error}");
    }
    for body in ["", JSON_1001] {
        let error = refused(details(), 498, body);
        assert!(!error.is_unconfirmed() && error.is_token_invalid(), "{body}");
    }
    assert!(!refused(transient(), 498, HTML_401).is_unconfirmed());
}

#[test]
fn foreign_redirect_host_is_not_shown() {
    for location in [
        "http://Hunter",
        "https://hunter/",
        "//hunter/x",
        "http://hunter.plex.tv/",
        "http://plex.tv.hunter/",
    ] {
        let error = refused_with(details(), 302, &[("location", location)], "");
        let shown = format!("{error} {error:?} {error:#?}").to_lowercase();
        assert!(!shown.contains("hunter"), "{shown}");
    }
    for (location, shown) in [
        (
            "https://clients.plex.tv/x",
            "and pointed to https://clients.plex.tv; if that is the right server",
        ),
        ("http://plex.tv/x", "and pointed to http://plex.tv; if that is the right server"),
        ("/x", "and pointed to https://plex.tv; check the path"),
    ] {
        let error = refused_with(details(), 302, &[("location", location)], "");
        assert!(error.to_string().contains(shown), "{error}");
    }
}

#[test]
fn unlisted_response_headers_are_sensitive() {
    let headers = [
        ("set-cookie", "s=hunter"),
        ("authorization", "Bearer hunter"),
        ("x-plex-token", "hunter"),
        ("x-echo", "hunter"),
        ("x-request-id", "hunter"),
        ("retry-after", "7"),
    ];
    let (_, reply) = details().into_parts();
    let read = reply.read(response(200, &headers, "{\"id\":7}")).unwrap();
    let shown = format!("{:?}", read.headers());
    assert!(!shown.contains("hunter") && shown.contains("\"7\""), "{shown}");
    assert_eq!(read.headers()["x-plex-token"], "hunter");
}
