use tracing::{Level, Span, event, field, span};

use super::attempt::Attempt;
use super::end::{AttemptEnd, AttemptOutcome};
use super::interface::Observer;

/// An [`Observer`] that reports each attempt to [`tracing`](https://docs.rs/tracing).
///
/// Each attempt is a span named `plex_request` at level `DEBUG`, a child of the current span. It
/// contains an event `started` at level `TRACE` and an event `finished` at level `DEBUG`. The span
/// and the events have the target `plex_auth`: `RUST_LOG=plex_auth=debug` enables the span and
/// `finished`, and `RUST_LOG=plex_auth=trace` also enables `started`.
///
/// Fields of the span:
///
/// | field | type | value |
/// |---|---|---|
/// | `operation` | text | the [name of the operation](Attempt::operation), such as `getTokenDetails` |
/// | `method` | text | the HTTP method |
/// | `url` | text | the URL, [without its path and query](Attempt::url) if they are secret |
/// | `attempt` | number | the [number](Attempt::number) within the exchange, starting at 1 |
/// | `request_size` | number | the size of the request body, in bytes |
///
/// Fields of the event `finished`:
///
/// | field | type | value |
/// |---|---|---|
/// | `outcome` | text | `response`, `transport_error` or `cancelled` |
/// | `status` | number | the status code, if the head of a response has arrived |
/// | `error` | text | the kind of transport error, if the attempt ended with one |
/// | `duration_ms` | number | the [duration](AttemptEnd::duration), in fractional milliseconds |
/// | `response_size` | number | the number of bytes of the response body that [were read](AttemptEnd::response_size) |
/// | `request_id` | text | the response's [`x-request-id`](AttemptEnd::request_id), if it is safe to display |
///
/// ```
/// use std::sync::Arc;
/// use plex_auth_proto::Observer;
/// use plex_auth_proto::observer::TracingObserver;
///
/// // Pass it to a transport: `Transport::new().observer(TracingObserver::new())`.
/// let observer: Arc<dyn Observer> = Arc::new(TracingObserver::new());
/// # drop(observer);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingObserver;

impl TracingObserver {
    /// Creates the observer. It has no state and uses the subscriber of the thread that sends the
    /// request.
    pub fn new() -> Self {
        Self
    }
}

/// The span of an attempt, stored in its extensions.
#[derive(Clone)]
struct AttemptSpan(Span);

impl Observer for TracingObserver {
    fn started(&self, attempt: &mut Attempt) {
        let span = span!(
            target: "plex_auth",
            Level::DEBUG,
            "plex_request",
            operation = attempt.operation(),
            method = attempt.method().as_str(),
            url = attempt.url(),
            attempt = attempt.number(),
            request_size = attempt.request_size(),
        );
        event!(target: "plex_auth", parent: &span, Level::TRACE, "started");
        attempt.extensions_mut().insert(AttemptSpan(span));
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        let span = attempt.extensions().get().map(|AttemptSpan(span)| span);
        let outcome = match end.outcome() {
            AttemptOutcome::Response => "response",
            AttemptOutcome::TransportError(_) => "transport_error",
            AttemptOutcome::Cancelled => "cancelled",
        };
        event!(
            target: "plex_auth",
            parent: span.and_then(Span::id),
            Level::DEBUG,
            outcome,
            status = end.status().map(|status| status.as_u16()),
            error = end.error().map(field::display),
            duration_ms = end.duration().as_secs_f64() * 1000.0,
            response_size = end.response_size(),
            request_id = end.request_id(),
            "finished",
        );
    }
}
