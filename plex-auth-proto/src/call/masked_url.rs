use std::fmt;

use http::Uri;

use crate::operation::context::Origin;

/// A URL for display, with its path and query redacted if they are secret.
pub(super) struct MaskedUrl<'a> {
    uri: &'a Uri,
    secret: bool,
}

impl<'a> MaskedUrl<'a> {
    pub(super) fn new(uri: &'a Uri, secret: bool) -> Self {
        Self { uri, secret }
    }
}

impl fmt::Display for MaskedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = Origin::of(self.uri) {
            origin.fmt(f)?;
        }
        match self.uri.path_and_query() {
            Some(target) if !self.secret => target.fmt(f),
            _ => f.write_str("/***"),
        }
    }
}
