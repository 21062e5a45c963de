use std::sync::Arc;

use super::attempt::Attempt;
use super::end::AttemptEnd;

/// Is notified before each attempt to send a request and after it, such as for a log, metrics or traces.
///
/// The transports of `plex-auth-ureq` and `plex-auth-hyper` have a method `observer` that takes one;
/// [`ObservedExchange`](super::ObservedExchange) is for a client of the program's own. With the feature `tracing`,
/// `TracingObserver` is an observer that creates spans and events.
///
/// - Each attempt is reported by one call of [`started`](Self::started) and one of [`finished`](Self::finished), in this
///   order. Attempts of different requests can overlap and be reported from different threads.
/// - A retry by the transport is another attempt of the same exchange, with the next [number](Attempt::number). An HTTP
///   client's own retries are not reported.
/// - If the program drops a future, `finished` is called when it is dropped.
/// - No report contains a secret.
///
/// The methods are called while the request waits, so they should return quickly. If one panics, the panic is caught and
/// the request continues, unless the program aborts on panic; the panic hook still runs.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use plex_auth_proto::Observer;
/// use plex_auth_proto::observer::{Attempt, AttemptEnd};
///
/// /// Counts the requests that had to be sent again.
/// #[derive(Default)]
/// struct Retries(AtomicUsize);
///
/// impl Observer for Retries {
///     fn started(&self, attempt: &mut Attempt) {
///         if attempt.number() > 1 {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// /// Prints a line for each request.
/// struct Print;
///
/// impl Observer for Print {
///     fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
///         println!("{} {}: {} in {:?}", attempt.method(), attempt.url(), end.outcome(), end.duration());
///     }
/// }
///
/// // Both at once.
/// let observer: (Retries, Print) = (Retries::default(), Print);
/// # fn set(_: impl Observer) {}
/// # set(observer);
/// ```
pub trait Observer: Send + Sync {
    /// Called immediately before an attempt. The default does nothing.
    ///
    /// The observer can store a value of its own in the [extensions](Attempt::extensions_mut) of the attempt, and get it
    /// back in [`finished`](Self::finished).
    fn started(&self, attempt: &mut Attempt) {
        let _ = attempt;
    }

    /// Called after an attempt. The default does nothing.
    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        let _ = (attempt, end);
    }
}

/// A shared observer, which the program can still read.
impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn started(&self, attempt: &mut Attempt) {
        (**self).started(attempt);
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        (**self).finished(attempt, end);
    }
}

/// Two observers. The first one is notified first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn started(&self, attempt: &mut Attempt) {
        self.0.started(attempt);
        self.1.started(attempt);
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        self.0.finished(attempt, end);
        self.1.finished(attempt, end);
    }
}
