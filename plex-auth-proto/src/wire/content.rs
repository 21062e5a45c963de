use std::fmt;

/// What came where data was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// No body, or white space.
    Empty,
    /// An HTML page: a proxy's or a captive portal's, or Plex Web's where the base URL is wrong.
    Html,
    /// XML where JSON was asked for, or XML of another kind: something changed the `Accept` header.
    Xml,
    /// It starts as JSON does and is cut off, has something behind it, or is otherwise not JSON.
    BrokenJson,
    /// Neither JSON nor XML.
    Other,
    /// A body in an encoding that was not asked for, and so was not decoded; the encoding's name.
    Encoded(&'static str),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no body"),
            Self::Html => f.write_str("an HTML page"),
            Self::Xml => f.write_str("XML of another kind"),
            Self::BrokenJson => f.write_str("broken JSON"),
            Self::Other => f.write_str("neither JSON nor XML"),
            Self::Encoded(encoding) => {
                write!(f, "a body in an encoding that was not asked for ({encoding})")
            }
        }
    }
}
