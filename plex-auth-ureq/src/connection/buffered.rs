use std::mem;

use ureq::unversioned::transport::LazyBuffers;

use super::stream::Stream;

// ureq's defaults. The input buffer must hold the largest response head that ureq accepts, 64 KiB.
const BUFFER_SIZE: usize = 128 * 1024;

/// A connection with ureq's buffers, which are allocated once per connection.
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) buffers: LazyBuffers,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, buffers: LazyBuffers::new(BUFFER_SIZE, BUFFER_SIZE) }
    }

    /// Reassembles a connection from its parts, and leaves unallocated buffers in `buffers`.
    pub(super) fn rejoin(stream: Stream, buffers: &mut LazyBuffers) -> Self {
        Self { stream, buffers: mem::replace(buffers, LazyBuffers::new(1, 1)) }
    }
}
