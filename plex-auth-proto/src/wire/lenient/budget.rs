use std::cell::Cell;

/// The memory that the lists of one document may take, what their elements point to aside.
///
/// An element of two bytes can become a value of some hundred, so that a hostile response of 1 MiB would take more
/// than a small device has. Elements beyond the budget are left out, and their list counts as not wholly read.
#[derive(Debug)]
pub(crate) struct Budget(Cell<usize>);

// A list that grows takes three times its size for a moment, and the whole document at most 16 bytes for each of its
// own. What Plex sends takes less than two: a server of 600 bytes stands in 900 or more.
const BYTES_PER_BYTE: usize = 4;

// For documents of a few bytes, such as those of tests: a hundred servers.
const LEAST_BYTES: usize = 64 * 1024;

impl Budget {
    /// Creates the budget of a document with so many bytes.
    pub(crate) fn of_document(length: usize) -> Self {
        Self(Cell::new(LEAST_BYTES.saturating_add(length.saturating_mul(BYTES_PER_BYTE))))
    }

    /// Creates the budget of a value whose document is not known: one of 1 MiB.
    pub(crate) fn of_unknown() -> Self {
        Self::of_document(1024 * 1024)
    }

    /// Takes the memory of one `T`; false if there is not enough left.
    pub(crate) fn take<T>(&self) -> bool {
        let left = self.0.get().checked_sub(size_of::<T>());
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }
}
