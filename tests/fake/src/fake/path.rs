//! The prefix of plex.tv's API, and functions that match request paths.

/// The prefix of plex.tv's API, which is optional in requests.
pub(crate) const PREFIX: &str = "/api/v2";

/// Returns whether a requested path matches the path that a test specified.
pub(crate) fn same_place(asked: &str, named: &str) -> bool {
    asked == named || asked.strip_prefix(PREFIX) == Some(named)
}

/// Matches a path against a pattern such as `/pins/{id}`, and returns the parts of the path that
/// match the placeholders, in order. Returns `None` if the path does not match.
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
