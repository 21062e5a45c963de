//! A base URL as a user might type it. If it is accepted, requests go to its host and nowhere else.
//! If it is rejected, the suggested URL, if any, is valid and contains no secret from the input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{me, token};
use plex_auth_proto::error::InvalidServerUrl;
use plex_auth_proto::http::{Method, Uri};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{MediaServer, PlexTv, ServerUrl};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match text.parse::<ServerUrl>() {
        Ok(url) => check_taken(&text, url),
        Err(error) => check_refused(&text, &error),
    }
    // Use the same text as the path of a custom request.
    check_path(&text);
});

fn check_taken(text: &str, url: ServerUrl) {
    let shown = url.to_string();
    let meant = text.trim().trim_end_matches('/');
    assert!(shown.eq_ignore_ascii_case(meant), "{shown}");
    assert_eq!(shown.parse(), Ok(url.clone()));
    assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()), "{shown}");
    let (scheme, rest) = shown.split_once("://").expect("it has a scheme");
    assert!(matches!(scheme, "http" | "https"), "{shown}");
    let authority = rest.split('/').next().unwrap_or_default();
    assert!(!authority.is_empty() && !authority.contains(['@', '?', '#', '%']), "{shown}");

    let server = MediaServer::new(me(), url, token());
    let call = server.transient_token(TokenType::Delegation, Scope::All);
    let uri = call.request().uri();
    assert_eq!(uri.to_string(), format!("{shown}/security/token?type=delegation&scope=all"));
    assert_eq!(uri.authority().map(|found| found.as_str()), Some(authority));
    let origin = call.reply().context().origin().map(ToString::to_string);
    assert_eq!(origin, Some(format!("{scheme}://{authority}")));
    if let Some((_, port)) = authority.rsplit_once(':').filter(|_| !authority.ends_with(']')) {
        assert_eq!(uri.port_u16(), port.parse().ok(), "{shown}");
    }
}

fn check_refused(text: &str, error: &InvalidServerUrl) {
    let shown = error.to_string();
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let Some(corrected) = error.corrected() else {
        return;
    };
    let url: ServerUrl = corrected.parse().expect("it can be taken");
    assert_eq!(url.to_string(), corrected);
    assert!(!corrected.contains(['@', '?', '#']), "{corrected}");
    // The part before an `@`, which may be a full-width character, can be a name and a password.
    let half_width = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    let text: String = text.chars().map(half_width).collect();
    if let Some((_, behind)) = text.rsplit_once('@') {
        let uri: Uri = corrected.parse().expect("it is a URI");
        let host = uri.host().expect("it has a host");
        let host = host.trim_start_matches('[').trim_end_matches(']');
        assert!(behind.contains(host), "{corrected}");
    }
}

/// Checks that the request goes to plex.tv, whatever the path is.
fn check_path(path: &str) {
    let request = PlexTv::new(me()).request(Method::GET, path);
    if let Ok(request) = request.body(()) {
        let uri = request.uri();
        assert_eq!(uri.scheme_str(), Some("https"));
        assert_eq!(uri.authority().map(|authority| authority.as_str()), Some("plex.tv"));
        assert!(uri.path().starts_with("/api/v2/"), "{uri}");
    }
}
