use std::fmt;

/// The kind of content that arrived instead of the expected data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// No body, or only whitespace.
    Empty,
    /// An HTML page: from a proxy or a captive portal, or Plex Web if the base URL is wrong.
    Html,
    /// XML instead of JSON, or an unknown or malformed XML document: a proxy may have changed the
    /// `Accept` header.
    Xml,
    /// Malformed JSON: for example, cut off or followed by more text.
    BrokenJson,
    /// Neither JSON nor XML.
    Other,
    /// A compressed body, although the request did not ask for one. It was not decoded. Contains
    /// the name of the encoding, or `unknown encoding` if the library does not know it.
    Encoded(&'static str),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty body"),
            Self::Html => f.write_str("an HTML page"),
            Self::Xml => f.write_str("an unexpected XML document"),
            Self::BrokenJson => f.write_str("malformed JSON"),
            Self::Other => f.write_str("a body that is neither JSON nor XML"),
            Self::Encoded(encoding) => {
                write!(f, "a compressed body ({encoding})")
            }
        }
    }
}
