//! Tracking of values that could not be read, so that callers can detect API changes.

use std::fmt;

/// The placeholder for values that the JSON parser cannot read, inserted when a document is
/// [repaired](crate::wire::repair). It takes a single byte, and no real value consists of only this
/// character.
pub(crate) const UNREADABLE: &str = "\u{7f}";

/// The JSON names of an object's unreadable fields, not counting fields of nested objects.
///
/// Every object contains this list. It is almost always empty, so its type is optimized for size.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "a third of the size if it is empty")]
pub(crate) struct Unreadable(Option<Box<Vec<&'static str>>>);

impl Unreadable {
    /// Records whether the field could be read. If a key occurs more than once, its last occurrence
    /// counts.
    #[inline]
    pub(crate) fn note(&mut self, name: &'static str, read: bool) {
        if !read || self.0.is_some() {
            self.update(name, read);
        }
    }

    #[cold]
    fn update(&mut self, name: &'static str, read: bool) {
        let names = self.0.get_or_insert_default();
        names.retain(|recorded| *recorded != name);
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

/// Collects field paths while traversing a value.
#[derive(Default)]
pub(crate) struct Paths {
    /// The current path, which is empty or ends with a dot.
    here: String,
    found: Vec<String>,
}

impl Paths {
    /// Adds the unreadable fields of the current object.
    pub(crate) fn add_all(&mut self, fields: &Unreadable) {
        for name in fields.names() {
            self.add(name);
        }
    }

    /// Adds a field of the current object.
    pub(crate) fn add(&mut self, name: &str) {
        self.found.push(format!("{}{name}", self.here));
    }

    /// Returns all added paths.
    pub(crate) fn into_found(self) -> Vec<String> {
        self.found
    }

    /// Calls `walk` with the path extended by one step.
    pub(crate) fn inside(&mut self, step: &dyn fmt::Display, walk: &mut dyn FnMut(&mut Self)) {
        let length = self.here.len();
        self.here.push_str(&format!("{step}."));
        walk(self);
        self.here.truncate(length);
    }
}
