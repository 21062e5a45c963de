use std::sync::Arc;

use super::attempt::Attempt;
use super::end::AttemptEnd;

/// An observer that is notified before and after each attempt to send a request, for logs, metrics
/// or traces.
///
/// Set it with the `observer` method of the transports in `plex-auth-ureq` and `plex-auth-hyper`.
/// Your own HTTP client reports through an [`ObservedExchange`](super::ObservedExchange). With the
/// `tracing` feature, `TracingObserver` creates spans and events.
///
/// - Each attempt is reported with one call to [`started`](Self::started), followed by one to
///   [`finished`](Self::finished). Attempts of different requests can overlap and be reported from
///   different threads.
/// - A retry by the transport is another attempt of the same exchange, with the next
///   [number](Attempt::number). An HTTP client's own retries are not reported.
/// - If the program drops a request's future, `finished` is called during the drop.
/// - No report contains a secret. If the URL of a custom call contains one, mark it with
///   [`Call::secret_url`](crate::Call::secret_url).
///
/// The methods are called synchronously, so they should return quickly. If one panics, the panic is
/// caught and the request continues, unless the program aborts on panic. The panic hook still runs.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use plex_auth_proto::Observer;
/// use plex_auth_proto::observer::{Attempt, AttemptEnd};
///
/// /// Counts the retries.
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
/// // Use both.
/// let observer: (Retries, Print) = (Retries::default(), Print);
/// # fn set(_: impl Observer) {}
/// # set(observer);
/// ```
pub trait Observer: Send + Sync {
    /// Called immediately before an attempt. The default implementation does nothing.
    ///
    /// The observer can store a value in the attempt's [extensions](Attempt::extensions_mut) and
    /// read it in [`finished`](Self::finished).
    fn started(&self, attempt: &mut Attempt) {
        let _ = attempt;
    }

    /// Called after an attempt. The default implementation does nothing.
    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        let _ = (attempt, end);
    }
}

/// Lets the program share an observer with a transport.
impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn started(&self, attempt: &mut Attempt) {
        (**self).started(attempt);
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        (**self).finished(attempt, end);
    }
}

/// Combines two observers, which are called in order. If the first one panics, the second one is
/// not called.
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
