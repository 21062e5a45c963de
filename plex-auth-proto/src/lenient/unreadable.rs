//! What was there and could not be read, so that drift shows to whoever asks.

use std::fmt;

use super::Value;

/// The names, on the wire, of an object's own fields that held something that could not be read.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Unreadable(Vec<&'static str>);

impl Unreadable {
    /// Takes down how the field of this name was read: a key can come twice.
    pub(crate) fn note(&mut self, name: &'static str, read: bool) {
        if read && self.0.is_empty() {
            return;
        }
        self.0.retain(|noted| *noted != name);
        if !read {
            self.0.push(name);
        }
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The paths of all that was there in `value` and could not be read.
pub(crate) fn unreadable_fields<'de>(value: &impl Value<'de>) -> Vec<String> {
    let mut paths = Paths::default();
    value.unreadable(&mut paths);
    paths.into_found()
}

/// Collects paths, on the way through a value.
#[derive(Default)]
pub(crate) struct Paths {
    /// Where the way has come to: empty, or with a dot at its end.
    here: String,
    found: Vec<String>,
}

impl Paths {
    /// Adds fields of the object that the way has come to.
    pub(crate) fn add_all(&mut self, fields: &Unreadable) {
        for name in &fields.0 {
            self.add(name);
        }
    }

    /// Adds a field of the object that the way has come to.
    pub(crate) fn add(&mut self, name: &str) {
        self.found.push(format!("{}{name}", self.here));
    }

    /// All paths that were added.
    pub(crate) fn into_found(self) -> Vec<String> {
        self.found
    }

    /// Goes a step further, and back again.
    pub(crate) fn inside(&mut self, step: impl fmt::Display, walk: impl FnOnce(&mut Self)) {
        let length = self.here.len();
        self.here.push_str(&format!("{step}."));
        walk(self);
        self.here.truncate(length);
    }
}
