use std::fmt;

/// The path of a field in a response, such as `MediaContainer.token` or `users.0.uuid`.
///
/// In a custom call, the server can choose names, such as the keys of a map, and even a name that
/// consists only of letters can be a secret. `Display` and `Debug` replace such names with `*`, and
/// so do all errors.
///
/// ```
/// use std::collections::BTreeMap;
/// use plex_auth_proto::{Call, ResponseError, http};
///
/// let request = http::Request::get("https://plex.tv/x").body(())?;
/// let call = Call::<BTreeMap<String, Vec<u8>>>::json("getX", request);
/// let response = http::Response::new(r#"{"friends": [1, "x"]}"#);
/// let error = call.reply().parse(&response).unwrap_err();
/// assert_eq!(error.to_string(), "unexpected response from plex.tv: `*.1` has an unexpected type or value, or lacks a required field");
///
/// let ResponseError::UnexpectedShape { path, .. } = error else { return Err("another error".into()) };
/// assert_eq!(path.as_str(), "friends.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(Names);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Names {
    /// Names defined by this library.
    Known(&'static str),
    /// Names that may have been chosen by the server.
    Received(Box<str>),
}

impl FieldPath {
    pub(crate) const fn known(path: &'static str) -> Self {
        Self(Names::Known(path))
    }

    pub(crate) fn received(path: String) -> Self {
        Self(Names::Received(path.into()))
    }

    /// Returns the path, including names that the server may have chosen. Use it for debugging, but
    /// do not log it. Names with characters other than ASCII letters, `_` and `-`, or with more
    /// than 40 characters, are replaced with `*` here, too.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Names::Known(path) => path,
            Names::Received(path) => path,
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Names::Received(path) = &self.0 else { return f.write_str(self.as_str()) };
        for (index, name) in path.split('.').enumerate() {
            let is_index = name.bytes().all(|byte| byte.is_ascii_digit());
            let separator = if index == 0 { "" } else { "." };
            write!(f, "{separator}{}", if is_index { name } else { "*" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldPath({self})")
    }
}

impl PartialEq<str> for FieldPath {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for FieldPath {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

#[cfg(test)]
mod tests {
    use super::FieldPath;

    #[test]
    fn received_names_are_placeholders() {
        for (path, shown) in [("correct.0.horse", "*.0.*"), ("*", "*"), ("7", "7"), (".", ".")] {
            let path = FieldPath::received(path.to_owned());
            assert_eq!(path.to_string(), shown);
            assert_eq!(format!("{path:?}"), format!("FieldPath({shown})"));
        }
        let known = FieldPath::known("MediaContainer.token");
        assert_eq!(known.to_string(), "MediaContainer.token");
    }
}
