//! What a transport and its own client tell each other about one exchange.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a service of the caller's reads and tells nothing")
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const UNTOLD: u8 = 0;
const UNSENT: u8 = 1;
const SENT: u8 = 2;

/// Travels with a request as an extension of it. A service of the caller's does not know it, and so
/// leaves it untold.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    repeatable: bool,
    state: Arc<AtomicU8>,
}

impl Passage {
    pub(crate) fn new(repeatable: bool) -> Self {
        Self { repeatable, state: Arc::new(AtomicU8::new(UNTOLD)) }
    }

    /// Whether any of the request may have reached the server, where the client told.
    pub(crate) fn may_have_been_sent(&self) -> Option<bool> {
        match self.state.load(Ordering::Relaxed) {
            UNTOLD => None,
            state => Some(state == SENT),
        }
    }

    /// Whether the request may be sent again when it is not known what became of it.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    pub(crate) fn tell(&self, sent: bool) {
        let state = if sent { SENT } else { UNSENT };
        self.state.store(state, Ordering::Relaxed);
    }
}
