//! The caller's inputs to a call: tokens, logins, passwords, codes and sources are either sent
//! exactly as intended or rejected.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{plex_tv, server, texts};
use plex_auth_proto::error::{InvalidCredentials, InvalidSource, InvalidToken};
use plex_auth_proto::http::{HeaderValue, Request};
use plex_auth_proto::{Body, Credentials, Source, Token};

fuzz_target!(|data: &[u8]| {
    let mut texts = texts(data);
    let mut next = || texts.next().unwrap_or_default();
    let (login, password, code) = (next(), next(), next());
    check_token(&login);
    check_source(&login);
    check_server(&password);
    check_credentials(&login, &password, &code);
});

fn check_token(text: &str) {
    let meant = trim(text);
    match Token::new(text) {
        Ok(token) => {
            assert_eq!(token.expose(), meant);
            assert!(meant.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!((1..=8192).contains(&meant.len()) && !meant.starts_with("claim-"));
            assert!(!meant.contains('&') && !meant.contains("://"));
            let call = plex_tv().token_details(&token);
            let sent = &call.request().headers()["x-plex-token"];
            assert_eq!(sent.as_bytes(), meant.as_bytes());
            assert!(sent.is_sensitive() && HeaderValue::from(&token).is_sensitive());
            assert_eq!(format!("{token:?}"), "***");
        }
        Err(error) => {
            let right = match error {
                InvalidToken::Empty => meant.is_empty(),
                InvalidToken::TooLong => meant.len() > 8192,
                InvalidToken::LineBreak => meant.contains(['\r', '\n']),
                InvalidToken::Space => meant.contains(char::is_whitespace),
                InvalidToken::ControlCharacter => meant.contains(char::is_control),
                InvalidToken::NotAscii => !meant.is_ascii(),
                InvalidToken::ClaimCode => meant.starts_with("claim-"),
                InvalidToken::Quoted => meant.starts_with(QUOTES) || meant.ends_with(QUOTES),
                InvalidToken::Named => meant.to_ascii_lowercase().starts_with("x-plex-token"),
                InvalidToken::Url => meant.contains("://"),
                InvalidToken::Parameters => meant.contains('&'),
                _ => false,
            };
            assert!(right, "{meant:?}: {error}");
        }
    }
}

fn check_credentials(login: &str, password: &str, code: &str) {
    let credentials = match Credentials::new(login, password) {
        Ok(credentials) => credentials.verification_code(code).remember_me(code.len() % 2 == 1),
        Err(InvalidCredentials::EmptyLogin) => return assert_eq!(trim(login), ""),
        Err(error) => return assert!(password.is_empty(), "{error}"),
    };
    let remember = if code.len() % 2 == 1 { "true" } else { "false" };
    let call = plex_tv().sign_in(&credentials);
    let expected = [
        ("login", trim(login)),
        ("password", password),
        ("rememberMe", remember),
        ("verificationCode", &sent_code(code)),
    ];
    let expected =
        expected.iter().filter(|(name, value)| *name != "verificationCode" || !value.is_empty());
    let form = form_urlencoded::parse(call.request().body().as_ref());
    assert!(form.eq(expected.map(|(name, value)| ((*name).into(), (*value).into()))));
    assert!(call.request().body().as_ref().is_ascii());
    check_length(call.request());
    let form = "Credentials { login: ***, password: ***, verification_code: ";
    assert!(format!("{credentials:?}").starts_with(form));
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Removes surrounding whitespace and leading byte order marks.
fn trim(text: &str) -> &str {
    text.trim().trim_start_matches('\u{feff}').trim()
}

/// Returns the six digits of a verification code, without whitespace or invisible characters, and
/// with full-width digits converted to ASCII. Any other input is only trimmed.
fn sent_code(code: &str) -> String {
    let ignored = |c: char| {
        c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let half_width = |c: char| match "０１２３４５６７８９".chars().position(|full| full == c)
    {
        Some(digit) => char::from(b'0' + digit as u8),
        None => c,
    };
    let digits: String = code.chars().filter(|c| !ignored(*c)).map(half_width).collect();
    let is_six_digits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_six_digits { digits } else { code.trim_matches(ignored).to_owned() }
}

fn check_length(request: &Request<Body>) {
    let length = request.body().as_ref().len().to_string();
    assert_eq!(request.headers()["content-length"], length);
    assert!(request.uri().query().is_none());
}

fn check_source(text: &str) {
    let meant = text.trim();
    match text.parse::<Source>() {
        Ok(source) => {
            assert_eq!(source.as_str(), meant);
            let call = server().source_connection_information(&source);
            check_query(call.request(), &[("source", meant)]);
            let call = server().refresh_source_connection_information(&source);
            check_query(call.request(), &[("source", meant), ("refresh", "1")]);
        }
        Err(error) => {
            let right = match error {
                InvalidSource::Prefix => {
                    !meant.starts_with("server://") && !meant.starts_with("provider://")
                }
                InvalidSource::Empty => meant.ends_with("://"),
                InvalidSource::ControlCharacter => meant.contains(char::is_control),
                InvalidSource::TooLong => meant.len() > 1024,
                _ => false,
            };
            assert!(right, "{meant:?}: {error}");
        }
    }
}

fn check_server(identifier: &str) {
    for (prefix, source) in
        [("server", Source::server(identifier)), ("provider", Source::provider(identifier))]
    {
        let Ok(source) = source else {
            continue;
        };
        assert!(!identifier.contains("://"));
        assert_eq!(source.as_str(), format!("{prefix}://{}", identifier.trim()));
        assert_eq!(source.to_string().parse(), Ok(source));
    }
}

fn check_query(request: &Request<Body>, expected: &[(&str, &str)]) {
    let query = request.uri().query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    assert!(
        pairs.eq(expected.iter().map(|(name, value)| ((*name).into(), (*value).into()))),
        "{query}"
    );
    assert!(query.is_ascii() && !query.contains(['+', ' ', '#']), "{query}");
    assert_eq!(request.uri().path(), "/security/resources");
    assert!(!request.headers().contains_key("content-length"));
}
