//! The send state of a request, shared by the transport and its client.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a caller's service does not use it")
)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

#[cfg(feature = "client")]
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use plex_auth_proto::http::Request;

use crate::observed::Observed;
use crate::request_body::RequestBody;
use crate::request_copy::RequestCopy;

const UNKNOWN: u8 = 0;
const NOT_SENT: u8 = 1;
const SENT: u8 = 2;

/// The state of a request, stored in its extensions for the transport and its client. A custom
/// service does not update the state, so whether the request was sent remains unknown.
#[derive(Clone)]
pub(crate) struct SendState {
    /// A copy of the request, present if the request may be repeated.
    copy: Option<Arc<RequestCopy>>,
    own_connection: bool,
    state: Arc<AtomicU8>,
    observed: Observed,
    is_fresh: Arc<AtomicBool>,
    /// The connection that the request is sent on, if the service is a hyper-util client, whether
    /// this crate's or the caller's.
    #[cfg(feature = "client")]
    connection: Option<CaptureConnection>,
}

impl SendState {
    pub(crate) fn new(
        copy: Option<Arc<RequestCopy>>,
        own_connection: bool,
        observed: Observed,
    ) -> Self {
        let state = Arc::new(AtomicU8::new(UNKNOWN));
        Self {
            copy,
            own_connection,
            state,
            observed,
            is_fresh: Arc::default(),
            #[cfg(feature = "client")]
            connection: None,
        }
    }

    /// Attaches the state to a request.
    pub(crate) fn attach_to(&mut self, request: &mut Request<RequestBody>) {
        #[cfg(feature = "client")]
        {
            self.connection = Some(capture_connection(request));
        }
        request.extensions_mut().insert(self.clone());
    }

    /// Returns the handle that identifies the request's connection, or `None` if this state is not
    /// attached to a request.
    #[cfg(feature = "client")]
    pub(crate) fn connection(&self) -> Option<&CaptureConnection> {
        self.connection.as_ref()
    }

    /// Returns whether any of the request may have reached the server, or `None` if the client has
    /// not recorded this.
    pub(crate) fn may_have_been_sent(&self) -> Option<bool> {
        match self.state.load(Ordering::Relaxed) {
            UNKNOWN => None,
            state => Some(state == SENT),
        }
    }

    /// Returns the handle that reports the exchange to the observer.
    pub(crate) fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Returns a copy of the request if it may be repeated.
    pub(crate) fn copy(&self) -> Option<&RequestCopy> {
        self.copy.as_deref()
    }

    /// Returns whether the request must have its own connection.
    pub(crate) fn wants_own_connection(&self) -> bool {
        self.own_connection
    }

    /// Returns a function that prevents the connection, if it is known, from being reused.
    pub(crate) fn retire(&self) -> impl Fn() + Send + Sync + use<> {
        #[cfg(feature = "client")]
        let connection = self.connection.clone();
        move || {
            #[cfg(feature = "client")]
            if let Some(connection) = &connection {
                if let Some(connected) = &*connection.connection_metadata() {
                    connected.poison();
                }
            }
        }
    }

    /// Records that no other request has used the connection that the response arrived on.
    pub(crate) fn set_fresh(&self) {
        self.is_fresh.store(true, Ordering::Relaxed);
    }

    /// Returns whether other requests may have used the connection that the response arrived on.
    pub(crate) fn may_be_reused(&self) -> bool {
        !self.is_fresh.load(Ordering::Relaxed)
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
