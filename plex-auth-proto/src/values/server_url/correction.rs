//! Correction of text that is not a valid base URL.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::values::typed_text::half_width;

/// Returns the base URL that was probably intended, or `None` if that is unclear. It never contains
/// user info, a query or a fragment, which may contain secrets.
pub(super) fn guess(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.as_str();
    // Accepts `http//:host`, `http:host`, `http:/host` and a bare host.
    let letters = text.find(|character: char| !character.is_ascii_alphabetic())?;
    let (word, rest) = text.split_at(letters);
    let (scheme, rest) = match word.to_ascii_lowercase().as_str() {
        scheme @ ("http" | "https") => {
            let lenient = || rest.trim_start_matches([':', '/']);
            (scheme.to_owned(), rest.strip_prefix("://").unwrap_or_else(lenient))
        }
        _ if text.contains("://") => return None,
        _ => ("http".to_owned(), text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    // If an `@` follows, the authority may contain the start of a password, which would be
    // displayed.
    if behind.contains('@') {
        return None;
    }
    let path = behind.split(['?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    // The brackets are added before a port is appended. Otherwise, the port would look like another
    // part of the address.
    let authority = bracketed(authority).unwrap_or_else(|| authority.to_owned());
    // Accepts `host/:32400`.
    let (authority, path) = match path.strip_prefix("/:") {
        Some(port) if port.parse::<u16>().is_ok() => (format!("{authority}:{port}"), ""),
        _ => (authority, path),
    };
    let authority = authority.strip_suffix(':').unwrap_or(&authority);
    // Plex's own copy of Plex Web is not a media server.
    if authority.split(':').next().is_some_and(|host| host.eq_ignore_ascii_case("app.plex.tv")) {
        return None;
    }
    // Plex Web is below `/web`. The added slash makes this a whole segment.
    let path = format!("{path}/");
    let path = path.split("/web/").next().unwrap_or_default();
    Some(format!("{scheme}://{authority}{}", path.trim_end_matches('/')))
}

/// Strips surrounding quotes and trailing backslashes, and converts full-width characters to ASCII.
fn plain(text: &str) -> String {
    let is_quote = |character| matches!(character, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    let text = text.trim_matches(is_quote).trim_end_matches('\\').trim();
    text.chars().map(half_width).collect()
}

/// Adds brackets to an IPv6 address, with or without a port. Returns `None` for any other text, and
/// if there are brackets already.
pub(super) fn bracketed(authority: &str) -> Option<String> {
    if authority.starts_with('[') || authority.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Some(format!("[{authority}]"));
    }
    let (address, port) = authority.rsplit_once(':')?;
    address.parse::<Ipv6Addr>().ok()?;
    Some(format!("[{address}]:{port}"))
}
