//! The state of one exchange, shared by the transport and its own client.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a caller's service does not use it")
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const UNKNOWN: u8 = 0;
const NOT_SENT: u8 = 1;
const SENT: u8 = 2;

/// Whether a request was sent, as an extension of the request. A caller's service leaves it unknown.
#[derive(Clone, Debug)]
pub(crate) struct SendState {
    idempotent: bool,
    state: Arc<AtomicU8>,
}

impl SendState {
    pub(crate) fn new(idempotent: bool) -> Self {
        Self { idempotent, state: Arc::new(AtomicU8::new(UNKNOWN)) }
    }

    /// Returns whether any of the request may have reached the server, if the client recorded it.
    pub(crate) fn may_have_been_sent(&self) -> Option<bool> {
        match self.state.load(Ordering::Relaxed) {
            UNKNOWN => None,
            state => Some(state == SENT),
        }
    }

    /// Returns whether the request may be sent again if its outcome is unknown.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Records whether any of the request may have reached the server.
    pub(crate) fn set_sent(&self, sent: bool) {
        let state = if sent { SENT } else { NOT_SENT };
        self.state.store(state, Ordering::Relaxed);
    }
}
