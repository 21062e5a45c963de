//! The state of one exchange, shared by the transport and its own client.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a caller's service does not use it")
)]

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use crate::request_copy::RequestCopy;

const UNKNOWN: u8 = 0;
const NOT_SENT: u8 = 1;
const SENT: u8 = 2;

/// What the transport and its client must know of one request, as an extension of the request. A caller's service
/// ignores it, and leaves unknown whether the request was sent.
#[derive(Clone)]
pub(crate) struct SendState {
    /// Present if the request may be sent again.
    copy: Option<Arc<RequestCopy>>,
    own_connection: bool,
    state: Arc<AtomicU8>,
    /// Keeps the connection from being used again.
    retire: Arc<OnceLock<Retire>>,
}

type Retire = Box<dyn Fn() + Send + Sync>;

impl SendState {
    pub(crate) fn new(copy: Option<Arc<RequestCopy>>, own_connection: bool) -> Self {
        let state = Arc::new(AtomicU8::new(UNKNOWN));
        Self { copy, own_connection, state, retire: Arc::default() }
    }

    /// Returns whether any of the request may have reached the server, if the client recorded it.
    pub(crate) fn may_have_been_sent(&self) -> Option<bool> {
        match self.state.load(Ordering::Relaxed) {
            UNKNOWN => None,
            state => Some(state == SENT),
        }
    }

    /// Returns a copy of the request if it may be sent again.
    pub(crate) fn copy(&self) -> Option<&RequestCopy> {
        self.copy.as_deref()
    }

    /// Returns whether the request gets a connection that no other request uses.
    pub(crate) fn wants_own_connection(&self) -> bool {
        self.own_connection
    }

    /// Records how to keep the connection of the request from being used again.
    pub(crate) fn set_retire(&self, retire: impl Fn() + Send + Sync + 'static) {
        // Only the first attempt uses a connection that others use.
        let _ = self.retire.set(Box::new(retire));
    }

    /// Keeps the connection from being used again, if the client recorded how.
    pub(crate) fn retire_connection(&self) {
        if let Some(retire) = self.retire.get() {
            retire();
        }
    }

    /// Records whether any of the request may have reached the server.
    pub(crate) fn set_sent(&self, sent: bool) {
        let state = if sent { SENT } else { NOT_SENT };
        self.state.store(state, Ordering::Relaxed);
    }
}

impl fmt::Debug for SendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendState").finish_non_exhaustive()
    }
}
