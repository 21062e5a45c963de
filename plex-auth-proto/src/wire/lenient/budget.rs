use std::cell::Cell;

/// The memory limit for the lists in one document, not counting the heap memory that their elements
/// own.
///
/// An element of two bytes can become a value of several hundred bytes, so a hostile response of 1
/// MiB could exhaust the memory of a small device. Elements beyond the limit are dropped, and their
/// list counts as incomplete.
#[derive(Debug)]
pub(crate) struct Budget(Cell<usize>);

// While it grows, a list takes up to three times its final size, so a document's lists take at most
// 12 bytes of memory for each byte of the document, not counting the minimum below. Plex's own
// responses need at most two bytes per byte, even while a list grows: a server in the list takes
// 600 bytes in memory and at least 900 in the response.
const BYTES_PER_BYTE: usize = 4;

// The minimum, for very small documents such as those in tests: enough for a hundred servers.
const LEAST_BYTES: usize = 64 * 1024;

impl Budget {
    /// Creates the budget for a document of this length in bytes.
    pub(crate) fn of_document(length: usize) -> Self {
        Self(Cell::new(LEAST_BYTES.saturating_add(length.saturating_mul(BYTES_PER_BYTE))))
    }

    /// Creates the budget for a value from a document of unknown length: the same budget as for a
    /// document of 1 MiB.
    pub(crate) fn of_unknown() -> Self {
        Self::of_document(1024 * 1024)
    }

    /// Reserves memory for one `T`. Returns false if too little is left.
    pub(crate) fn take<T>(&self) -> bool {
        let left = self.0.get().checked_sub(size_of::<T>());
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }
}
