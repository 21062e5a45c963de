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

/// Reports each attempt of one exchange to an [`Observer`]. The transports use it, and your own
/// HTTP client can use it too.
///
/// For each attempt, call [`start`](Self::start), [`head_received`](Self::head_received) if the
/// head of a response arrives, and [`finish`](Self::finish). An attempt that is unfinished when the
/// exchange is dropped is reported as [cancelled](AttemptOutcome::Cancelled).
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
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
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
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

/// The attempt that has started but not finished.
struct InFlight {
    since: Instant,
    status: Option<StatusCode>,
    request_id: Option<String>,
}

impl ObservedExchange {
    /// Creates the exchange for a request. Call this before the request is
    /// [taken](Outgoing::take_request). `now` is called at the start and at the end of an attempt
    /// to measure its duration, and is usually [`Instant::now`].
    pub fn new(observer: Arc<dyn Observer>, outgoing: &Outgoing, now: fn() -> Instant) -> Self {
        Self {
            observer,
            attempt: Attempt::before_first(outgoing),
            filter: RequestIdFilter::new(outgoing),
            now,
            in_flight: None,
        }
    }

    /// Reports the start of the next attempt. If the previous one is still in flight, it is
    /// reported as cancelled first.
    pub fn start(&mut self) {
        self.cancel();
        self.attempt.advance();
        let Self { observer, attempt, now, .. } = self;
        guarded(|| observer.started(attempt));
        // The duration is measured from here, so that the observer's own time is not included.
        self.in_flight = Some(InFlight { since: now(), status: None, request_id: None });
    }

    /// Records the head of the response for the final report.
    pub fn head_received(&mut self, status: StatusCode, headers: &HeaderMap) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.status = Some(status);
            in_flight.request_id = self.filter.request_id(headers);
        }
    }

    /// Reports the end of the attempt in flight. `response_size` is the number of bytes read from
    /// the response body. Does nothing if no attempt is in flight.
    pub fn finish(&mut self, response_size: usize, result: Result<(), TransportErrorKind>) {
        let outcome = match result {
            Ok(()) => AttemptOutcome::Response,
            Err(kind) => AttemptOutcome::TransportError(kind),
        };
        self.end(outcome, response_size);
    }

    /// Reports the attempt in flight as cancelled. Dropping the exchange has the same effect. Does
    /// nothing if no attempt is in flight.
    pub fn cancel(&mut self) {
        self.end(AttemptOutcome::Cancelled, 0);
    }

    fn end(&mut self, outcome: AttemptOutcome, response_size: usize) {
        let Some(InFlight { since, status, request_id }) = self.in_flight.take() else { return };
        let duration = (self.now)().saturating_duration_since(since);
        let end = AttemptEnd { outcome, status, duration, response_size, request_id };
        guarded(|| self.observer.finished(&self.attempt, &end));
        // The extensions can contain a span, which ends when its last handle is dropped. If they
        // were not cleared here, the span would stay open after the end of the attempt.
        self.attempt.extensions_mut().clear();
    }
}

/// Prevents a panic in the observer from affecting the exchange.
fn guarded(report: impl FnOnce()) {
    if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(report)) {
        // Dropping the payload could panic again.
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
