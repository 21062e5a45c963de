//! The error of each situation: the variant, the message, and the result of each predicate. One table, run with every
//! operation over every carrier in which the situation can occur.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{Authority, FakePlex, Server, ServerCertificate};
use plex_auth_proto::error::{RetryAfter, TlsErrorKind, TransportErrorKind as Reason};
use plex_auth_proto::{Error, Host, ResponseError};
use plex_auth_tests::{RawServer, Step, in_parallel};

use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{EveryOperation, Inputs, every_operation, one_of_each_kind};

/// A timeout that only a server that stalls exceeds, even on a loaded machine.
const SOON: Duration = Duration::from_secs(3);

/// When the same call may be sent again by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Again {
    Never,
    /// If it does no harm that the first copy was carried out.
    IfIdempotent,
    /// The same, and plex.tv was asked.
    IfOfPlexTv,
    Always,
}

/// One row of the table: an answer, and what is made of it.
struct Answer {
    /// The answer as it comes over the wire, less the head's end and the body's length.
    head: &'static str,
    body: &'static str,
    /// The row of the README's table in which it stands.
    row: &'static str,
    variant: &'static str,
    /// The message behind the operation and the place; `{}` where operations differ.
    message: &'static str,
    /// Whether it says that an account's token is invalid.
    dead: bool,
    again: Again,
    factor: bool,
    wait: Option<RetryAfter>,
}

const fn answer(
    head: &'static str,
    body: &'static str,
    row: &'static str,
    variant: &'static str,
    message: &'static str,
) -> Answer {
    Answer {
        head,
        body,
        row,
        variant,
        message,
        dead: false,
        again: Again::Never,
        factor: false,
        wait: None,
    }
}

impl Answer {
    const fn dead(self) -> Self {
        Self { dead: true, ..self }
    }

    const fn again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    const fn factor(self) -> Self {
        Self { factor: true, ..self }
    }

    fn wait(self, seconds: u64) -> Self {
        Self { wait: Some(RetryAfter::In(Duration::from_secs(seconds))), ..self }
    }

    fn until(self, unix: u64) -> Self {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(unix);
        Self { wait: Some(RetryAfter::At(moment)), ..self }
    }
}

const HTML: &str = "<html><head><title>No</title></head><body><h1>No</h1></body></html>";
const C1001: &str =
    r#"{"errors":[{"code":1001,"message":"User could not be authenticated","status":401}]}"#;
const X1001: &str = r#"<errors><error code="1001" message="no" status="401"/></errors>"#;
const UNAUTHORIZED: &str = "401; 498; 422 \"Invalid token\"";
const PAGE: &str = "a success with a proxy's or captive portal's page";

#[rustfmt::skip]
fn answers() -> Vec<Answer> {
    use Again::{Always, IfOfPlexTv, IfIdempotent};
    vec![
        answer("400 Bad Request", r#"{"errors":[{"code":1000,"status":400}]}"#, "400", "BadRequest",
            "a parameter is missing or malformed (400, code 1000: the client identifier is missing)"),
        answer("400 Bad Request", HTML, "400", "BadRequest", "a parameter is missing or malformed (400)"),
        answer("400 Bad Request", "", "400", "BadRequest", "a parameter is missing or malformed (400)"),
        answer("401 No\r\ncontent-type: application/json", C1001, UNAUTHORIZED, "Unauthorized", "{} (401, code 1001)").dead(),
        answer("401 No\r\ncontent-type: application/xml", X1001, UNAUTHORIZED, "Unauthorized", "{} (401, code 1001)").dead(),
        answer("401 No\r\ncontent-type: text/html", HTML, UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("401 No\r\ncontent-type: application/json", HTML, UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("401 No", "", UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("401 No", "<errors><error>Please sign in.</error></errors>", UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("401 No", r#"{"error":"You appear to be having trouble"}"#, UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("401 No", r#"{"errors":[]}"#, UNAUTHORIZED, "Unauthorized", "{} (401)").dead(),
        answer("498 Invalid Token", "", UNAUTHORIZED, "Unauthorized", "{} (498)").dead(),
        answer("422 No", "<errors><error>Invalid token</error></errors>", UNAUTHORIZED, "Unauthorized", "{} (422)").dead(),
        answer("401 No", r#"{"errors":[{"code":1028}]}"#, "401, code 1028", "VerificationCodeRejected",
            "the verification code is wrong or too old (401, code 1028)").factor(),
        answer("401 No", r#"{"errors":[{"code":"1029"}]}"#, "401, code 1029", "VerificationCodeRequired",
            "a verification code is needed (401, code 1029)").factor(),
        answer("401 No", r#"{"errors":[{"code":1001},{"code":1029}]}"#, "401, code 1029", "VerificationCodeRequired",
            "a verification code is needed (401, code 1001, code 1029)").factor(),
        answer("401 No", "<errors><error code='1029'/><error code='1028'/></errors>", "401, code 1028", "VerificationCodeRejected",
            "the verification code is wrong or too old (401, code 1029, code 1028)").factor(),
        answer("401 No", r#"{"errors":[{"code":1030}]}"#, "401, code 1030", "EmailOnly",
            "the account signs in by e-mail only (401, code 1030)"),
        answer("401 No", r#"{"errors":[{"code":1031}]}"#, "401, code 1031", "TooManyFailures",
            "too many failures; wait before the next try (401, code 1031)"),
        answer("401 No", r#"{"errors":[{"code":1029},{"code":1031},{"code":1001}]}"#, "401, code 1031", "TooManyFailures",
            "too many failures; wait before the next try (401, code 1029, code 1031, code 1001)"),
        answer("403 No", HTML, "403", "Forbidden", "the account may not do this (403)"),
        answer("403 No", r#"{"errors":[{"code":1041}]}"#, "403", "Forbidden",
            "the account may not do this (403, code 1041: the Home PIN is missing or wrong)"),
        answer("404 No", "", "any other refusal", "Rejected", "refused (404)").again(IfOfPlexTv),
        answer("404 No", r#"{"status":404,"error":"Not Found"}"#, "any other refusal", "Rejected", "refused (404)").again(IfOfPlexTv),
        answer("404 No", r#"{"errors":[{"code":1002}]}"#, "any other refusal", "Rejected", "refused (404, code 1002: no such endpoint)"),
        answer("405 No", r#"{"errors":[{"code":1005}]}"#, "any other refusal", "Rejected", "refused (405, code 1005)"),
        answer("408 Late", "", "any other refusal", "Rejected", "refused (408)").again(IfIdempotent),
        answer("422 No", r#"{"errors":[{"code":1008,"message":"not accepted"}]}"#, "any other refusal", "Rejected", "refused (422, code 1008)"),
        answer("422 No", "", "any other refusal", "Rejected", "refused (422)"),
        answer("429 Slow", "", "429", "RateLimited", "too many requests; wait before the next (429)").again(Always),
        answer("429 Slow\r\nretry-after: 120", r#"{"errors":[{"code":1003}]}"#, "429", "RateLimited",
            "too many requests; wait before the next (429, code 1003)").again(Always).wait(120),
        answer("429 Slow\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT", "", "429", "RateLimited",
            "too many requests; wait before the next (429)").again(Always).until(784_111_777),
        answer("429 Slow\r\nretry-after: Wed, 06 Nov 2137 08:49:37 GMT", "", "429", "RateLimited",
            "too many requests; wait before the next (429)").again(Always).until(5_296_783_777),
        answer("429 Slow\r\nretry-after: soon", "", "429", "RateLimited", "too many requests; wait before the next (429)").again(Always),
        answer("429 Slow\r\nretry-after: 1000000000000", "", "429", "RateLimited",
            "too many requests; wait before the next (429)").again(Always).wait(1_000_000_000_000),
        answer("500 No", HTML, "5xx", "Unavailable", "trouble at the server (500)").again(IfIdempotent),
        answer("502 No", HTML, "5xx", "Unavailable", "trouble at the server (502)").again(IfIdempotent),
        answer("503 No\r\nretry-after: 7", "", "5xx", "Unavailable", "trouble at the server (503)").again(IfIdempotent).wait(7),
        answer("503 No", r#"{"errors":[{"code":1013}]}"#, "5xx", "Unavailable", "trouble at the server (503, code 1013)").again(Always),
        answer("501 No", "", "5xx", "Unavailable", "trouble at the server (501)"),
        answer("504 No", "", "5xx", "Unavailable", "trouble at the server (504)").again(IfIdempotent),
        answer("511 Network Authentication Required", HTML, "5xx", "Unavailable", "trouble at the server (511)").again(IfIdempotent),
        answer("302 Found\r\nlocation: https://portal.example/login?to=x", HTML, "3xx", "Redirected",
            "redirected to https://portal.example, which is never followed; if that is the right server, use it as base URL (302)"),
        answer("301 Moved\r\nlocation: http://[::", "", "3xx", "Redirected", "redirected, which is never followed (301)"),
        answer("307 Moved", "", "3xx", "Redirected", "redirected, which is never followed (307)"),
        answer("200 OK\r\ncontent-type: text/html", HTML, PAGE, "UnexpectedContent", "answered 200 with an HTML page").again(IfIdempotent),
        answer("200 OK\r\ncontent-type: application/json", "", PAGE, "UnexpectedContent", "answered 200 with no body").again(IfIdempotent),
        answer("200 OK", "<other/>", PAGE, "UnexpectedContent", "answered 200 with XML of another kind").again(IfIdempotent),
        answer("200 OK", "{\"a\":", PAGE, "UnexpectedContent", "answered 200 with broken JSON").again(IfIdempotent),
        answer("200 OK", "pong", PAGE, "UnexpectedContent", "answered 200 with neither JSON nor XML").again(IfIdempotent),
        answer("200 OK\r\ncontent-encoding: gzip", "\u{1f}\u{8b}", PAGE, "UnexpectedContent",
            "answered 200 with a body in an encoding that was not asked for (gzip)").again(IfIdempotent),
        answer("200 OK", "null", "data that lacks what the call is for", "UnexpectedShape", "`.` is not {kind}"),
    ]
}

impl Answer {
    /// Whether it says something to a token alone.
    fn is_about_a_token(&self) -> bool {
        self.head.starts_with("422") && self.body.contains("Invalid token")
    }

    /// Whether it will do where nothing is looked for in an answer: a success that is no web page.
    fn is_some_success(&self) -> bool {
        let is_read = !self.message.contains("HTML") && !self.message.contains("encoding");
        self.head.starts_with("200") && is_read
    }

    fn on_the_wire(&self) -> Vec<Step> {
        let Self { head, body, .. } = self;
        // Said, so that no client keeps the connection for the next call, which may not be sent twice.
        let text = format!(
            "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        vec![Step::Write(text.into_bytes()), Step::Close]
    }
}

#[test]
fn every_answer_is_told_for_what_it_is() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let answers = answers();
    for row in &answers {
        let line = readme.lines().find(|line| line.starts_with(&format!("| {} |", row.row)));
        let line = line.unwrap_or_else(|| panic!("the README has no row for {}", row.row));
        assert!(line.contains(&format!("`{}`", row.variant)), "{line}: {}", row.variant);

        let server = RawServer::start(row.on_the_wire());
        let inputs = Inputs::at(&server.url());
        // The mapping is the core's, and the same for every carrier.
        let carriers = [
            (Carrier::HandMade(None), every_operation()),
            (Carrier::ureq(None), one_of_each_kind()),
            (Carrier::hyper(None), one_of_each_kind()),
        ];
        for (carrier, operations) in carriers {
            for every in operations {
                let carries_a_token = every.request(&inputs).headers().contains_key("x-plex-token");
                if !carries_a_token && row.is_about_a_token() {
                    continue;
                }
                let name = every.operation.name;
                let context = format!("{} {name} {} {}", carrier.name(), row.head, row.body);
                if every.has_no_output() && row.is_some_success() {
                    every.send(&inputs, &carrier).expect(&context);
                    continue;
                }
                let error = every.send(&inputs, &carrier).expect_err(&context);
                let answered = error.as_response().unwrap_or_else(|| panic!("{context}: {error}"));
                let debug = format!("{answered:?}");
                assert!(debug.starts_with(row.variant), "{context}: {debug}");

                let judges = every.checks_account_token(&inputs);
                let who = match (judges, carries_a_token) {
                    (true, _) => "the token is no longer valid; sign in again",
                    (false, true) => {
                        "the media server does not accept this token, which says nothing about the account"
                    }
                    (false, false) if name == "postUsersSignInData" => {
                        "the login or the password is wrong"
                    }
                    (false, false) if name == "claimServer" => {
                        "the server is claimed already, or was not asked from its own network"
                    }
                    (false, false) if name == "exchangeJWTToken" || row.head.starts_with("498") => {
                        "the device's signed token is not accepted"
                    }
                    (false, false) => "not authorized, and no token was sent",
                };
                let kind = if every.returns_list() { "a list" } else { "an object" };
                let message = row.message.replace("{}", who).replace("{kind}", kind);
                let expected = format!("{name} at {}: {message}", server.url());
                assert_eq!(error.to_string(), expected, "{context}");

                assert_eq!(error.is_token_invalid(), row.dead && judges, "{context}");
                let again = match row.again {
                    Again::Never => false,
                    Again::IfIdempotent => every.operation.idempotent,
                    Again::IfOfPlexTv => {
                        every.operation.idempotent && every.operation.host == Host::PlexTv
                    }
                    Again::Always => true,
                };
                assert_eq!(error.is_retryable(), again, "{context}");
                assert_eq!(error.retry_after(), row.wait, "{context}");
                assert_eq!(error.needs_verification_code(), row.factor, "{context}");
                assert!(error.as_transport().is_none(), "{context}");
            }
        }
    }
    assert!(answers.len() >= 40, "{}", answers.len());
}

/// Where nothing answers, or nothing that can be used.
enum Place {
    Url(&'static str),
    Raw(Vec<Step>),
    Tls(fn(&Authority) -> ServerCertificate, Trusted, Scheme),
    Plain(Scheme),
    Free,
}

#[derive(Clone, Copy, PartialEq)]
enum Trusted {
    Yes,
    No,
}

#[derive(Clone, Copy)]
enum Scheme {
    Http,
    Https,
}

fn write(text: &str) -> Step {
    Step::Write(text.as_bytes().to_vec())
}

#[rustfmt::skip]
fn silences() -> Vec<(&'static str, Place, Reason, bool)> {
    use Place::{Free, Plain, Raw, Tls, Url};
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"authToken\":\"abc\"}";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{\"authToken\":\"abc\"}\r\n";
    let slow = |text: &'static str| {
        text.bytes().flat_map(|byte| [Step::Write(vec![byte]), Step::Pause(Duration::from_millis(200))]).collect()
    };
    vec![
        ("name not found", Url("http://no-such-host.invalid"), Reason::NameNotFound, false),
        ("a plex.direct name that a router refuses", Url("https://10-0-0-7.feed.plex.direct.invalid:32400"), Reason::NameNotFound, false),
        ("refused", Free, Reason::Refused, false),
        ("an authority that is not trusted", Tls(Authority::good, Trusted::No, Scheme::Https), Reason::Tls(TlsErrorKind::UntrustedIssuer), false),
        ("a certificate for another name", Tls(Authority::wrong_name, Trusted::Yes, Scheme::Https), Reason::Tls(TlsErrorKind::WrongName), false),
        ("a certificate that has expired", Tls(Authority::expired, Trusted::Yes, Scheme::Https), Reason::Tls(TlsErrorKind::Expired), false),
        ("a certificate that is not valid yet", Tls(Authority::not_yet_valid, Trusted::Yes, Scheme::Https), Reason::Tls(TlsErrorKind::NotYetValid), false),
        ("an authority's own certificate", Tls(Authority::itself, Trusted::Yes, Scheme::Https), Reason::Tls(TlsErrorKind::UntrustedIssuer), false),
        ("TLS to a port without", Plain(Scheme::Https), Reason::Tls(TlsErrorKind::NotTls), false),
        ("plain HTTP to a TLS port", Tls(Authority::good, Trusted::Yes, Scheme::Http), Reason::NotHttp, true),
        ("reset before the head", Raw(vec![Step::Reset]), Reason::CutOff, true),
        ("reset in the head", Raw(vec![write("HTTP/1.1 200 OK\r\nconte"), Step::Reset]), Reason::CutOff, true),
        ("reset after the head", Raw(vec![write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"), Step::Reset]), Reason::CutOff, true),
        ("closed without a word", Raw(vec![Step::Close]), Reason::CutOff, true),
        ("closed in the head", Raw(vec![write("HTTP/1.1 200 OK\r\nconte"), Step::Close]), Reason::CutOff, true),
        ("a body shorter than declared", Raw(vec![write(whole), Step::Close]), Reason::CutOff, true),
        ("a chunk that is missing", Raw(vec![write(chunk), Step::Close]), Reason::CutOff, true),
        ("a server that says nothing", Raw(vec![Step::StallUntilDropped]), Reason::TimedOut(SOON), true),
        ("a head that stalls", Raw(vec![write("HTTP/1.1 200 OK\r\ncon"), Step::StallUntilDropped]), Reason::TimedOut(SOON), true),
        ("a body that stalls", Raw(vec![write(whole), Step::StallUntilDropped]), Reason::TimedOut(SOON), true),
        ("a slow head", Raw(slow("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")), Reason::TimedOut(SOON), true),
        ("not HTTP", Raw(vec![write("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Step::StallUntilDropped]), Reason::NotHttp, true),
        ("a head without end", Raw(vec![
            write("HTTP/1.1 200 OK\r\n"), write(&format!("x: {}\r\n", "y".repeat(1000)).repeat(1000)), Step::StallUntilDropped,
        ]), Reason::HeadTooLarge, true),
    ]
}

fn with_scheme(url: &str, scheme: Scheme) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    match scheme {
        Scheme::Http => format!("http://{rest}"),
        Scheme::Https => format!("https://{rest}"),
    }
}

#[test]
fn every_silence_is_told_for_what_it_is() {
    let silences = silences();
    assert!(silences.len() >= 20, "{}", silences.len());
    in_parallel(&silences, is_silent);
}

/// Checks the error of each kind of operation over both transports.
fn is_silent((situation, place, reason, sent): &(&str, Place, Reason, bool)) {
    let authority = Authority::new();
    let mut root = None;
    // The servers listen until the end of this function.
    let (url, _raw, _server) = match place {
        Place::Url(url) => ((*url).to_owned(), None, None),
        Place::Free => {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            (format!("http://{free}"), None, None)
        }
        Place::Raw(steps) => {
            let server = RawServer::start(steps.clone());
            (server.url(), Some(server), None)
        }
        Place::Plain(scheme) => {
            let server = Server::http(FakePlex::new());
            (with_scheme(server.url(), *scheme), None, Some(server))
        }
        Place::Tls(certificate, trusted, scheme) => {
            root = (*trusted == Trusted::Yes).then(|| authority.root_der());
            let server = Server::https(FakePlex::new(), certificate(&authority));
            (with_scheme(server.url(), *scheme), None, Some(server))
        }
    };
    let limit = if matches!(reason, Reason::TimedOut(_)) { SOON } else { Duration::from_secs(60) };
    let inputs = Inputs::at(&url).within(limit);
    let fails = |carrier: &Carrier, every: &EveryOperation| {
        let context = format!("{} {} {situation}", carrier.name(), every.operation.name);
        let error = every.send(&inputs, carrier).expect_err(&context);
        let transport_error = error.as_transport().unwrap_or_else(|| panic!("{context}: {error}"));
        assert_eq!(
            (transport_error.kind(), transport_error.may_have_been_sent()),
            (*reason, *sent),
            "{context}: {error}"
        );
        let outcome = if *sent { "outcome unknown" } else { "nothing was sent" };
        let expected = format!("{} at {url}: {reason} ({outcome})", every.operation.name);
        assert_eq!(error.to_string(), expected, "{context}");
        says_nothing_of_the_token(&error, &context);
        let passes = !matches!(reason, Reason::Tls(_) | Reason::NotHttp | Reason::HeadTooLarge);
        let safe = !sent || every.operation.idempotent;
        assert_eq!(error.is_retryable(), passes && safe, "{context}");
    };
    for carrier in [Carrier::ureq(root.clone()), Carrier::hyper(root.clone())] {
        let carrier = carrier.timeout(limit);
        in_parallel(one_of_each_kind(), |every| fails(&carrier, &every));
    }
}

fn says_nothing_of_the_token(error: &Error, context: &str) {
    assert!(!error.is_token_invalid() && !error.needs_verification_code(), "{context}");
    assert!(error.status().is_none() && error.retry_after().is_none(), "{context}");
}

#[test]
fn an_answer_too_large_is_told_with_and_without_a_length() {
    let length = vec![
        write("HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n"),
        Step::Write(vec![b' '; 2_000_000]),
    ];
    let none = vec![
        write("HTTP/1.1 200 OK\r\n\r\n"),
        Step::Write(vec![b' '; 2_000_000]),
        Step::StallUntilDropped,
    ];
    for steps in [length, none] {
        let server = RawServer::start(steps);
        let inputs = Inputs::at(&server.url());
        for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
            for every in one_of_each_kind() {
                let error = every.send(&inputs, &carrier).unwrap_err();
                assert!(
                    matches!(
                        error.as_response(),
                        Some(ResponseError::BodyTooLarge { limit: 1_048_576, .. })
                    ),
                    "{error}"
                );
                assert!(!error.is_retryable() && !error.is_token_invalid());
            }
        }
    }
}

#[test]
fn unusual_answers_that_are_right_are_read_by_every_operation() {
    for every in every_operation() {
        let body = every.success;
        let length = body.len();
        for answer in [
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
            let server = RawServer::start(vec![write(&answer), Step::Close]);
            let inputs = Inputs::at(&server.url());
            for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
                every
                    .send(&inputs, &carrier)
                    .unwrap_or_else(|error| panic!("{} {answer}: {error}", carrier.name()));
            }
        }
    }
}
