use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, StatusCode};

use super::attempt::Attempt;
use super::end::{AttemptEnd, AttemptOutcome};
use super::interface::Observer;
use super::request_id::RequestIdFilter;
use crate::call::Outgoing;
use crate::error::TransportErrorKind;

/// Reports the attempts of one exchange to an [`Observer`]: for a transport, or an HTTP client of the program's own.
///
/// Each attempt is a call of [`start`](Self::start), of [`head_received`](Self::head_received) if the head of a response
/// arrives, and of [`finish`](Self::finish). An attempt that is not finished when the exchange is dropped is reported as
/// [cancelled](AttemptOutcome::Cancelled).
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use plex_auth_proto::error::TransportErrorKind;
/// use plex_auth_proto::observer::{Attempt, AttemptEnd, ObservedExchange};
/// use plex_auth_proto::{Body, ClientIdentity, Observer, Outgoing, PlexTv, TransportError, http};
///
/// # struct Client;
/// # impl Client {
/// #     fn execute(&self, _: http::Request<Body>) -> Result<http::Response<Vec<u8>>, ()> {
/// #         Ok(http::Response::new(br#"{"keys":[]}"#.to_vec()))
/// #     }
/// # }
/// struct Print;
///
/// impl Observer for Print {
///     fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
///         assert_eq!((attempt.operation(), attempt.number()), ("getAuthKeys", 1));
///         println!("{} {}: {:?}", attempt.method(), attempt.url(), end.status());
///     }
/// }
///
/// fn fetch(
///     client: &Client,
///     observer: Arc<dyn Observer>,
///     mut outgoing: Outgoing,
/// ) -> Result<http::Response<Body>, TransportError> {
///     let mut observed = ObservedExchange::new(observer, &outgoing, Instant::now);
///     observed.start();
///     match client.execute(outgoing.take_request()) {
///         Ok(response) => {
///             observed.head_received(response.status(), response.headers());
///             observed.finish(response.body().len(), Ok(()));
///             Ok(response.map(Body::from))
///         }
///         Err(_) => {
///             let kind = TransportErrorKind::Other;
///             observed.finish(0, Err(kind));
///             Err(outgoing.transport_error(kind, true))
///         }
///     }
/// }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let (outgoing, reply) = plex_tv.plex_keys().into_outgoing();
/// let response = fetch(&Client, Arc::new(Print), outgoing)?;
/// # let _ = (reply, response);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ObservedExchange {
    observer: Arc<dyn Observer>,
    attempt: Attempt,
    filter: RequestIdFilter,
    now: fn() -> Instant,
    in_flight: Option<InFlight>,
}

/// The attempt that has started and not finished.
struct InFlight {
    since: Instant,
    status: Option<StatusCode>,
    request_id: Option<String>,
}

impl ObservedExchange {
    /// Prepares the reports about this request, before it is [taken](Outgoing::take_request). The duration of an attempt
    /// is the difference of two readings of `now`, usually [`Instant::now`].
    pub fn new(observer: Arc<dyn Observer>, outgoing: &Outgoing, now: fn() -> Instant) -> Self {
        Self {
            observer,
            attempt: Attempt::before_first(outgoing),
            filter: RequestIdFilter::new(outgoing),
            now,
            in_flight: None,
        }
    }

    /// Reports the start of the next attempt. One that is still in flight is reported as cancelled before.
    pub fn start(&mut self) {
        self.cancel();
        self.attempt.advance();
        let Self { observer, attempt, now, .. } = self;
        guarded(|| observer.started(attempt));
        // Without the time that the observer takes.
        self.in_flight = Some(InFlight { since: now(), status: None, request_id: None });
    }

    /// Notes the head of the response, for the report of the end.
    pub fn head_received(&mut self, status: StatusCode, headers: &HeaderMap) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.status = Some(status);
            in_flight.request_id = self.filter.request_id(headers);
        }
    }

    /// Reports the end of the attempt in flight, with the number of bytes of the response's body that were read. Does
    /// nothing if none is in flight.
    pub fn finish(&mut self, response_size: usize, result: Result<(), TransportErrorKind>) {
        let outcome = match result {
            Ok(()) => AttemptOutcome::Response,
            Err(kind) => AttemptOutcome::TransportError(kind),
        };
        self.end(outcome, response_size);
    }

    /// Reports the attempt in flight as cancelled, as dropping the exchange does. Does nothing if none is in flight.
    pub fn cancel(&mut self) {
        self.end(AttemptOutcome::Cancelled, 0);
    }

    fn end(&mut self, outcome: AttemptOutcome, response_size: usize) {
        let Some(InFlight { since, status, request_id }) = self.in_flight.take() else { return };
        let duration = (self.now)().saturating_duration_since(since);
        let end = AttemptEnd { outcome, status, duration, response_size, request_id };
        guarded(|| self.observer.finished(&self.attempt, &end));
        // A span ends when its last handle is dropped, which is now, and not when the exchange is.
        self.attempt.extensions_mut().clear();
    }
}

/// Keeps a panic of the observer from the exchange.
fn guarded(report: impl FnOnce()) {
    if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(report)) {
        // Its drop could panic again.
        std::mem::forget(panic);
    }
}

impl Drop for ObservedExchange {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for ObservedExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedExchange").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}
