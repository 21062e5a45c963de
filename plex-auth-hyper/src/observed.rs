use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::response::Parts;
use plex_auth_proto::observer::ObservedExchange;
use plex_auth_proto::{Observer, Outgoing};

/// A handle that reports an exchange to the observer. It is shared by the transport and its client,
/// which can retry a request. Without an observer, its methods do nothing.
#[derive(Clone, Default)]
pub(crate) struct Observed(Option<Arc<Mutex<ObservedExchange>>>);

impl Observed {
    /// Creates the handle for this request. It must be created before the request is taken from
    /// `outgoing`.
    pub(crate) fn new(observer: Option<Arc<dyn Observer>>, outgoing: &Outgoing) -> Self {
        let exchange = observer.map(|it| ObservedExchange::new(it, outgoing, Instant::now));
        Self(exchange.map(|exchange| Arc::new(Mutex::new(exchange))))
    }

    fn with(&self, report: impl FnOnce(&mut ObservedExchange)) {
        if let Some(exchange) = &self.0 {
            report(&mut exchange.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    pub(crate) fn start(&self) {
        self.with(ObservedExchange::start);
    }

    pub(crate) fn head_received(&self, head: &Parts) {
        self.with(|exchange| exchange.head_received(head.status, &head.headers));
    }

    pub(crate) fn finish(&self, response_size: usize, result: Result<(), TransportErrorKind>) {
        self.with(|exchange| exchange.finish(response_size, result));
    }

    /// Returns a guard for the exchange's future to hold. Dropping the handle is not enough:
    /// a service can keep the request, whose extensions contain a clone of the handle.
    pub(crate) fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

/// A guard that reports an attempt in flight as cancelled when the guard is dropped.
pub(crate) struct CancelOnDrop(Observed);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.with(ObservedExchange::cancel);
    }
}
