//! What was there and could not be read, so that drift shows to whoever asks.

use std::fmt;

/// The text that stands for what JSON can hold and Rust cannot, where a document was
/// [repaired](crate::wire::repair). Nobody means anything by it, and it is as short as the shortest element.
pub(crate) const UNREADABLE: &str = "\u{7f}";

/// The names, on the wire, of an object's own fields that held something that could not be read.
///
/// There is one in every object, and hardly ever a name in it: it is as small as can be.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "a third of the size where it is empty")]
pub(crate) struct Unreadable(Option<Box<Vec<&'static str>>>);

impl Unreadable {
    /// Takes down how the field of this name was read: a key can come twice.
    #[inline]
    pub(crate) fn note(&mut self, name: &'static str, read: bool) {
        if !read || self.0.is_some() {
            self.take_down(name, read);
        }
    }

    #[cold]
    fn take_down(&mut self, name: &'static str, read: bool) {
        let names = self.0.get_or_insert_default();
        names.retain(|noted| *noted != name);
        if !read {
            names.push(name);
        }
    }

    fn names(&self) -> &[&'static str] {
        self.0.as_ref().map_or(&[], |names| names)
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names().fmt(f)
    }
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
        for name in fields.names() {
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
    pub(crate) fn inside(&mut self, step: &dyn fmt::Display, walk: &mut dyn FnMut(&mut Self)) {
        let length = self.here.len();
        self.here.push_str(&format!("{step}."));
        walk(self);
        self.here.truncate(length);
    }
}
