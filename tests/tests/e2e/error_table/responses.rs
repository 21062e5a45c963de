//! A table of responses and their errors, which is checked with every operation.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::RetryAfter;
use plex_auth_proto::{Error, Host, ResponseError};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{EveryOperation, Inputs, every_operation, one_of_each_kind};
use plex_auth_tests::{RawServer, Step};

use crate::harness::{variant, write, write_response};

/// The condition under which the same call may be sent again.
#[derive(Clone, Copy, Debug)]
enum Retryable {
    Never,
    IfIdempotent,
    IfIdempotentAtPlexTv,
    Always,
}

/// A response and its error.
struct Row {
    /// The status and the headers.
    head: &'static str,
    body: &'static str,
    /// The first column of the corresponding row in the table in `Error`'s docs.
    docs: &'static str,
    variant: &'static str,
    /// The message. The parts in braces depend on the operation and the server.
    message: &'static str,
    /// Whether the error means that the account's token is invalid, if plex.tv was called with a
    /// token.
    token_invalid: bool,
    /// For a call to plex.tv: whether the response may come from an intermediary.
    unconfirmed: bool,
    retryable: Retryable,
    needs_code: bool,
    retry_after: Option<RetryAfter>,
}

const fn row(
    head: &'static str,
    body: &'static str,
    docs: &'static str,
    variant: &'static str,
    message: &'static str,
) -> Row {
    Row {
        head,
        body,
        docs,
        variant,
        message,
        token_invalid: false,
        unconfirmed: false,
        retryable: Retryable::Never,
        needs_code: false,
        retry_after: None,
    }
}

impl Row {
    const fn token_invalid(self) -> Self {
        Self { token_invalid: true, ..self }
    }

    const fn unconfirmed(self) -> Self {
        Self { unconfirmed: true, retryable: Retryable::IfIdempotentAtPlexTv, ..self }
    }

    const fn retryable(self, retryable: Retryable) -> Self {
        Self { retryable, ..self }
    }

    const fn needs_code(self) -> Self {
        Self { needs_code: true, ..self }
    }

    fn retry_in(self, seconds: u64) -> Self {
        Self { retry_after: Some(RetryAfter::In(Duration::from_secs(seconds))), ..self }
    }

    fn retry_at(self, unix: u64) -> Self {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(unix);
        Self { retry_after: Some(RetryAfter::At(time)), ..self }
    }
}

const HTML: &str = "<html><head><title>No</title></head><body><h1>No</h1></body></html>";
const C1001: &str =
    r#"{"errors":[{"code":1001,"message":"User could not be authenticated","status":401}]}"#;
const X1001: &str = r#"<errors><error code="1001" message="no" status="401"/></errors>"#;
const UNAUTHORIZED: &str = "401; 498; 422 \"Invalid token\"";
const PAGE: &str = "a successful response that is not from Plex";
const OTHER: &str = "any other status";

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Retryable::{Always, IfIdempotent, IfIdempotentAtPlexTv};
    vec![
        row("400 Bad Request", r#"{"errors":[{"code":1000,"status":400}]}"#, "400", "BadRequest",
            "a parameter is missing or malformed: {server} answered 400 (code 1000: the client identifier is missing)"),
        row("400 Bad Request", HTML, "400", "BadRequest", "a parameter is missing or malformed: {server} answered 400"),
        row("400 Bad Request", "", "400", "BadRequest", "a parameter is missing or malformed: {server} answered 400"),
        row("401 No\r\ncontent-type: application/json", C1001, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401 (code 1001){advice}").token_invalid(),
        row("401 No\r\ncontent-type: application/xml", X1001, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401 (code 1001){advice}").token_invalid(),
        row("401 No\r\ncontent-type: text/html", HTML, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No\r\ncontent-type: application/json", HTML, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No", "", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No", r#"{"errors":[{"code":1029,"message":"Ple"#, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No", "<user/>", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No", "<errors><error>Please sign in.</error></errors>", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").token_invalid(),
        row("401 No", r#"{"error":"You appear to be having trouble"}"#, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").token_invalid(),
        row("401 No", r#"{"errors":[]}"#, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("401 No\r\ncontent-encoding: gzip", "\u{1f}\u{8b}", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 401{advice}").unconfirmed(),
        row("498 Invalid Token", C1001, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 498 (code 1001){advice}").token_invalid(),
        row("498 Invalid Token", "", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 498{advice}").unconfirmed(),
        row("498 Invalid Token", HTML, UNAUTHORIZED, "Unauthorized", "{}: {server} answered 498{advice}").unconfirmed(),
        row("422 No", "<errors><error>Invalid token</error></errors>", UNAUTHORIZED, "Unauthorized", "{}: {server} answered 422{advice}").token_invalid(),
        row("401 No", r#"{"errors":[{"code":1028}]}"#, "401, code 1028", "VerificationCodeRejected",
            "the verification code is wrong or has expired: {server} answered 401 (code 1028); enter a new code").needs_code(),
        row("401 No", r#"{"errors":[{"code":"1029"}]}"#, "401, code 1029", "VerificationCodeRequired",
            "a verification code is required: {server} answered 401 (code 1029); sign in again with the code").needs_code(),
        row("401 No", r#"{"errors":[{"code":1001},{"code":1029}]}"#, "401, code 1029", "VerificationCodeRequired",
            "a verification code is required: {server} answered 401 (code 1001, code 1029); sign in again with the code").needs_code(),
        row("401 No", "<errors><error code='1029'/><error code='1028'/></errors>", "401, code 1028", "VerificationCodeRejected",
            "the verification code is wrong or has expired: {server} answered 401 (code 1029, code 1028); enter a new code").needs_code(),
        row("401 No", r#"{"errors":[{"code":1030}]}"#, "401, code 1030", "EmailOnly",
            "the account uses email sign-in instead of a password: {server} answered 401 (code 1030); use a PIN to sign in on Plex's page"),
        row("401 No", r#"{"errors":[{"code":1031}]}"#, "401, code 1031", "TooManyFailures",
            "too many failed attempts from this IP address: {server} answered 401 (code 1031); wait before trying again"),
        row("401 No", r#"{"errors":[{"code":1029},{"code":1031},{"code":1001}]}"#, "401, code 1031", "TooManyFailures",
            "too many failed attempts from this IP address: {server} answered 401 (code 1029, code 1031, code 1001); wait before trying again"),
        row("403 No", HTML, "403", "Forbidden", "access was denied: {server} answered 403").unconfirmed(),
        row("403 No", r#"{"errors":[{"code":1041}]}"#, "403", "Forbidden",
            "access was denied: {server} answered 403 (code 1041: the Home PIN is missing or wrong); enter the Home PIN"),
        row("404 No", "", OTHER, "Rejected", "the request was rejected: {server} answered 404").retryable(IfIdempotentAtPlexTv),
        row("404 No", r#"{"status":404,"error":"Not Found"}"#, OTHER, "Rejected", "the request was rejected: {server} answered 404").retryable(IfIdempotentAtPlexTv),
        row("404 No", r#"{"errors":[{"code":1002}]}"#, OTHER, "Rejected", "the request was rejected: {server} answered 404 (code 1002: no such endpoint)"),
        row("405 No", r#"{"errors":[{"code":1005}]}"#, OTHER, "Rejected", "the request was rejected: {server} answered 405 (code 1005)"),
        row("408 Late", "", OTHER, "Rejected", "the request was rejected: {server} answered 408").retryable(IfIdempotent),
        row("422 No", r#"{"errors":[{"code":1008,"message":"not accepted"}]}"#, OTHER, "Rejected", "the request was rejected: {server} answered 422 (code 1008)"),
        row("422 No", "", OTHER, "Rejected", "the request was rejected: {server} answered 422"),
        row("429 Slow", "", "429", "RateLimited", "too many requests: {server} answered 429; wait before the next request").retryable(Always),
        row("429 Slow\r\nretry-after: 120", r#"{"errors":[{"code":1003}]}"#, "429", "RateLimited",
            "too many requests: {server} answered 429 (code 1003); wait before the next request").retryable(Always).retry_in(120),
        row("429 Slow\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT", "", "429", "RateLimited",
            "too many requests: {server} answered 429; wait before the next request").retryable(Always).retry_at(784_111_777),
        row("429 Slow\r\nretry-after: Wed, 06 Nov 2137 08:49:37 GMT", "", "429", "RateLimited",
            "too many requests: {server} answered 429; wait before the next request").retryable(Always).retry_at(5_296_783_777),
        row("429 Slow\r\nretry-after: soon", "", "429", "RateLimited", "too many requests: {server} answered 429; wait before the next request").retryable(Always),
        row("429 Slow\r\nretry-after: 1000000000000", "", "429", "RateLimited",
            "too many requests: {server} answered 429; wait before the next request").retryable(Always).retry_in(1_000_000_000_000),
        row("500 No", HTML, "5xx", "Unavailable", "the server failed: {server} answered 500").retryable(IfIdempotent),
        row("502 No", HTML, "5xx", "Unavailable", "the server failed: {server} answered 502").retryable(IfIdempotent),
        row("503 No\r\nretry-after: 7", "", "5xx", "Unavailable", "the server failed: {server} answered 503").retryable(IfIdempotent).retry_in(7),
        row("503 No", r#"{"errors":[{"code":1013}]}"#, "5xx", "Unavailable", "the server failed: {server} answered 503 (code 1013)").retryable(Always),
        row("501 No", "", "5xx", "Unavailable", "the server failed: {server} answered 501"),
        row("504 No", "", "5xx", "Unavailable", "the server failed: {server} answered 504").retryable(IfIdempotent),
        row("511 Network Authentication Required", HTML, "5xx", "Unavailable", "the server failed: {server} answered 511").retryable(IfIdempotent),
        row("302 Found\r\nlocation: https://portal.example/login?to=x", HTML, "3xx except 304", "Redirected",
            "a redirect was not followed: {server} answered 302 and pointed to another host; check the base URL and the network"),
        row("301 Moved\r\nlocation: http://[::", "", "3xx except 304", "Redirected", "a redirect was not followed: {server} answered 301; check the base URL and the network"),
        row("307 Moved", "", "3xx except 304", "Redirected", "a redirect was not followed: {server} answered 307; check the base URL and the network"),
        row("200 OK\r\ncontent-type: text/html", HTML, PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with an HTML page; check the base URL and the network").retryable(IfIdempotent),
        row("200 OK\r\ncontent-type: application/json", "<!DOCTYPE html><html></html>", PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with an HTML page; check the base URL and the network").retryable(IfIdempotent),
        row("200 OK\r\ncontent-type: application/json", "", PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with an empty body").retryable(IfIdempotent),
        row("204 No Content\r\ncontent-encoding: gzip", "", PAGE, "UnexpectedContent", "unexpected response: {server} answered 204 with an empty body").retryable(IfIdempotent),
        row("200 OK", "<other/>", PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with an unexpected XML document").retryable(IfIdempotent),
        row("200 OK", "{\"a\":", PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with malformed JSON").retryable(IfIdempotent),
        row("200 OK", "pong", PAGE, "UnexpectedContent", "unexpected response: {server} answered 200 with a body that is neither JSON nor XML").retryable(IfIdempotent),
        row("200 OK\r\ncontent-encoding: gzip", "\u{1f}\u{8b}", PAGE, "UnexpectedContent",
            "unexpected response: {server} answered 200 with a compressed body (gzip)").retryable(IfIdempotent),
        row("200 OK", "null", "a successful response without the required data", "UnexpectedShape", "unexpected response from {server}: the body is not {kind}"),
    ]
}

impl Row {
    /// Returns whether this row applies only to requests that have a token.
    fn is_about_a_token(&self) -> bool {
        self.head.starts_with("422") && self.body.contains("Invalid token")
    }

    /// Returns whether an operation without an output succeeds with this response.
    fn is_success_without_output(&self) -> bool {
        let is_read = !self.message.contains("HTML") && !self.message.contains("compressed");
        self.head.starts_with("20") && is_read
    }

    fn check(&self, every: &EveryOperation, inputs: &Inputs, carrier: &Carrier, url: &str) {
        let name = every.operation.name;
        let context = format!("{} {name} {} {}", carrier.name(), self.head, self.body);
        let has_token = every.request(inputs).headers().contains_key("x-plex-token");
        if !has_token && self.is_about_a_token() {
            return;
        }
        let outcome = every.send(inputs, carrier);
        if every.has_no_output() && self.is_success_without_output() {
            outcome.expect(&context);
            return;
        }
        let error = outcome.expect_err(&context);
        assert_eq!(variant(&error), self.variant, "{context}");

        let checks_token = every.checks_account_token(inputs);
        let unauthorized = match (checks_token, has_token) {
            (true, _) => "the token is no longer valid",
            (false, true) => "the media server rejected the token",
            (false, false) if name == "postUsersSignInData" => "the username or password is wrong",
            (false, false) if name == "claimServer" => {
                "the server is already claimed, or the request was not sent from the server's network"
            }
            (false, false) if name == "exchangeJWTToken" || self.head.starts_with("498") => {
                "the device's JWT was not accepted"
            }
            (false, false) => "authorization is required, but no token was sent",
        };
        let advice = match (checks_token, has_token) {
            (true, _) => "; sign in again",
            (false, true) => {
                "; get a new token for this server (the account's token may still be valid)"
            }
            (false, false) => "",
        };
        let kind = if every.returns_list() { "a list" } else { "an object" };
        let unconfirmed = self.unconfirmed && every.operation.host == Host::PlexTv;
        let message = if unconfirmed {
            let status = self.head.get(..3).unwrap_or_default();
            format!(
                "a proxy or a captive portal may have answered instead of {url}: the response has status \
                 {status} but no error from Plex; check the network"
            )
        } else {
            let message = self.message.replace("{}", unauthorized).replace("{advice}", advice);
            message.replace("{kind}", kind).replace("{server}", url)
        };
        assert_eq!(error.is_unconfirmed(), unconfirmed, "{context}");
        assert_eq!(error.to_string(), message, "{context}");
        let without_advice = message.split("; ").next().unwrap();
        assert_eq!(format!("{error:#}"), without_advice, "{context}");

        assert_eq!(error.is_token_invalid(), self.token_invalid && checks_token, "{context}");
        let idempotent = every.operation.idempotent;
        let retryable = match self.retryable {
            Retryable::Never => false,
            Retryable::IfIdempotent => idempotent,
            Retryable::IfIdempotentAtPlexTv => idempotent && every.operation.host == Host::PlexTv,
            Retryable::Always => true,
        };
        assert_eq!(error.is_retryable(), retryable, "{context}");
        assert_eq!(error.retry_after(), self.retry_after, "{context}");
        assert_eq!(error.needs_verification_code(), self.needs_code, "{context}");
    }
}

#[test]
fn every_response_has_its_error() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../plex-auth-proto/src/error.rs");
    let docs = std::fs::read_to_string(docs).unwrap();
    let rows = rows();
    for row in &rows {
        let line = docs.lines().find(|line| line.starts_with(&format!("/// | {} |", row.docs)));
        let line =
            line.unwrap_or_else(|| panic!("the docs of `Error` have no row for {}", row.docs));
        assert!(line.contains(&format!("`{}`", row.variant)), "{line}: {}", row.variant);

        // The header keeps clients from reusing the connection, because a stale connection would
        // fail a request that is not idempotent.
        let head = format!("{}\r\nconnection: close", row.head);
        let server = RawServer::start(vec![write_response(&head, row.body), Step::Close]);
        let (url, inputs) = (server.url(), Inputs::at(&server.url()));
        // The core creates the error, so a sample of the operations is enough for the transports.
        for every in every_operation() {
            row.check(&every, &inputs, &Carrier::HandMade(None), &url);
        }
        for carrier in Carrier::transports() {
            for every in one_of_each_kind() {
                row.check(&every, &inputs, &carrier, &url);
            }
        }
    }
    assert!(rows.len() >= 40, "{}", rows.len());
}

#[test]
fn large_body_is_an_error_only_of_a_success() {
    let spaces = || Step::Write(vec![b' '; 2_000_000]);
    let is_too_large = |error: &Error| {
        let response = error.as_response();
        assert!(
            matches!(response, Some(ResponseError::BodyTooLarge { limit: 1_048_576, .. })),
            "{error}"
        );
        assert!(!error.is_retryable() && !error.is_token_invalid());
    };
    let is_unauthorized = |error: &Error| assert_eq!(variant(error), "Unauthorized");
    type Check<'a> = &'a dyn Fn(&Error);
    let cases: [(_, _, Check<'_>); 4] = [
        ("200 OK\r\ncontent-length: 2000000", Step::Close, &is_too_large),
        ("200 OK", Step::StallUntilDropped, &is_too_large),
        ("401 No\r\ncontent-length: 2000000", Step::Close, &is_unauthorized),
        ("401 No", Step::StallUntilDropped, &is_unauthorized),
    ];
    for (head, end, check) in cases {
        let head = write(&format!("HTTP/1.1 {head}\r\n\r\n"));
        let server = RawServer::start(vec![head, spaces(), end]);
        let inputs = Inputs::at(&server.url());
        for carrier in Carrier::transports() {
            for every in one_of_each_kind() {
                check(&every.send(&inputs, &carrier).unwrap_err());
            }
        }
    }
}

#[test]
fn unusual_valid_responses_are_read() {
    for every in every_operation() {
        let body = every.success;
        let length = body.len();
        for response in [
            format!(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
            ),
            format!(
                "HTTP/1.1 103 Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 201 OK\r\ncontent-length: {length}\r\n\r\n{body}"
            ),
            format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
            format!("HTTP/1.1 202\r\nconnection: close\r\n\r\n\u{feff}\r\n{body}\n"),
            format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
            ),
        ] {
            let server = RawServer::start(vec![write(&response), Step::Close]);
            let inputs = Inputs::at(&server.url());
            for carrier in Carrier::transports() {
                let outcome = every.send(&inputs, &carrier);
                outcome.unwrap_or_else(|error| panic!("{} {response}: {error}", carrier.name()));
            }
        }
    }
}
