//! Where a request leads: which media server, a page, or plex.tv, and there to which handler.

use http::Response;

use super::ask::Ask;
use super::media_server::{self, Which};
use super::{FakePlex, pages, plex_tv};

/// The answer of whoever is asked.
pub(crate) fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    for which in [Which::Claimed, Which::Unclaimed] {
        let prefix = plex.server(which).prefix();
        if let Some(path) = ask.path().strip_prefix(prefix).filter(|rest| rest.starts_with('/')) {
            return media_server::answer(plex, which, path, ask);
        }
    }
    if media_server::knows(ask.path()) {
        return media_server::answer(plex, Which::Claimed, ask.path(), ask);
    }
    pages::answer(plex, ask).unwrap_or_else(|| plex_tv::answer(plex, ask))
}

/// What a path looks like: `/pins/{id}` has one part that can be anything.
///
/// The parts in braces, in order, when the path looks so.
pub(crate) fn captures<'p>(pattern: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let mut captured = Vec::new();
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(captured),
            (Some(wanted), Some(found)) if wanted.starts_with('{') && !found.is_empty() => {
                captured.push(found);
            }
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_captures_its_parts_in_braces() {
        assert_eq!(captures("/user", "/user"), Some(vec![]));
        assert_eq!(captures("/pins/{id}", "/pins/7"), Some(vec!["7"]));
        assert_eq!(
            captures("/home/users/{uuid}/switch", "/home/users/ab/switch"),
            Some(vec!["ab"])
        );
        assert_eq!(captures("/pins/{id}", "/pins/"), None);
        assert_eq!(captures("/pins/{id}", "/pins/7/8"), None);
        assert_eq!(captures("/user", "/users"), None);
        assert_eq!(captures("/", "/"), Some(vec![]));
    }
}
