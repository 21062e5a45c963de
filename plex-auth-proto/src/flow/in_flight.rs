use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::clock::Clock;
use super::now::Now;
use super::step::{Action, Completion, RequestId};
use crate::call::{Call, Outgoing, Reply};
use crate::error::{Error, ResponseError, TransportErrorKind};

// Twice the transports' default timeout. A flow needs its own limit, because a leaked driver never
// completes its requests.
const DEFAULT_LOST_AFTER: Duration = Duration::from_secs(60);

// A transport that enforces a deadline reports the timeout a moment after the deadline.
const GRACE: Duration = Duration::from_secs(5);

// Enough for a quarter of an hour of polls if all of them are lost. Older requests are forgotten.
const MAX_LOST: usize = 32;

const UNSUPPORTED: &str = "the driver does not support sending requests";

/// The request in flight, for a flow that sends one at a time, and earlier requests whose responses
/// did not arrive in time. Responses are parsed as `T`.
pub(crate) struct InFlight<T> {
    request: Option<Box<Request<T>>>,
    /// Boxed, because most flows lose no requests, and a program can have many thousands of flows.
    lost: Option<Box<Lost<T>>>,
    /// Whether a response belonged to another request, in which case the next request needs its own
    /// connection.
    was_mismatched: bool,
}

/// Requests whose responses the flow no longer waits for.
struct Lost<T>(VecDeque<Request<T>>);

/// A request in flight.
pub(crate) struct Request<T> {
    id: RequestId,
    sent: Duration,
    /// The elapsed time at which the request is considered lost.
    lost_at: Duration,
    reply: Reply<T>,
}

/// The result of a request.
pub(crate) struct Arrival<T> {
    /// The elapsed time at which the request was sent.
    pub(crate) sent: Duration,
    /// Whether the request had already been considered lost.
    pub(crate) is_late: bool,
    /// `None` if the driver stopped waiting.
    pub(crate) result: Option<Result<T, Error>>,
}

impl<T> Request<T> {
    /// Creates a request that is sent now.
    pub(crate) fn new(now: Duration, call: Call<T>) -> (Self, Outgoing) {
        let (outgoing, reply) = call.into_outgoing();
        let limit =
            reply.deadline().map_or(DEFAULT_LOST_AFTER, |limit| limit.saturating_add(GRACE));
        let lost_at = now.saturating_add(limit);
        (Self { id: RequestId::unique(), sent: now, lost_at, reply }, outgoing)
    }

    pub(crate) fn id(&self) -> RequestId {
        self.id
    }

    /// Returns the elapsed time at which the request was sent.
    pub(crate) fn sent(&self) -> Duration {
        self.sent
    }

    /// Reads the result of this request. Sets the clock, if there is one, from the `Date` of a
    /// response. Returns `None` if the driver stopped waiting.
    pub(crate) fn read(
        &self,
        clock: Option<&mut Clock>,
        now: Now,
        completion: Completion,
    ) -> Option<Result<T, Error>> {
        match completion {
            Completion::Response(response) => {
                if let Some(clock) = clock {
                    clock.learn(now, response.headers());
                }
                Some(self.reply.parse(&response).map_err(Error::from))
            }
            Completion::Failed(error) => Some(Err(error.into())),
            Completion::Cancelled | Completion::Signed(_) | Completion::Saved(_) => None,
            Completion::Unsupported => {
                let kind = TransportErrorKind::NotStarted(UNSUPPORTED);
                Some(Err(self.reply.transport_error(kind, false)))
            }
        }
    }

    /// Returns the error for a response that did not arrive in time.
    pub(crate) fn timed_out(&self) -> Error {
        let limit = self.reply.deadline().unwrap_or(DEFAULT_LOST_AFTER);
        self.reply.transport_error(TransportErrorKind::TimedOut(limit), true)
    }
}

impl<T> InFlight<T> {
    pub(crate) const fn new() -> Self {
        Self { request: None, lost: None, was_mismatched: false }
    }

    pub(crate) const fn is_active(&self) -> bool {
        self.request.is_some()
    }

    /// Returns whether this is the ID of a request that is in flight or lost.
    pub(crate) fn knows(&self, id: RequestId) -> bool {
        let lost = self.lost.iter().flat_map(|lost| &lost.0);
        self.request.as_deref().into_iter().chain(lost).any(|request| request.id == id)
    }

    /// Returns the time until the request in flight is considered lost, or `None` if no request is
    /// in flight.
    pub(crate) fn left(&self, now: Duration) -> Option<Duration> {
        Some(self.request.as_ref()?.lost_at.saturating_sub(now))
    }

    /// Stops waiting for the request in flight if its time limit has passed, and returns the error.
    /// Its response can still arrive late.
    pub(crate) fn lost(&mut self, now: Duration) -> Option<Error> {
        let error = self.request.as_ref().filter(|request| request.lost_at <= now)?.timed_out();
        self.abandon();
        Some(error)
    }

    /// Stops waiting for the request in flight. Its response can still arrive late.
    pub(crate) fn abandon(&mut self) {
        let Some(request) = self.request.take() else { return };
        let Lost(lost) = &mut **self.lost.get_or_insert_with(|| Box::new(Lost(VecDeque::new())));
        if lost.len() == MAX_LOST {
            lost.pop_front();
        }
        lost.push_back(*request);
    }

    /// Ignores the responses to all requests sent so far.
    pub(crate) fn forget(&mut self) {
        self.request = None;
        self.lost = None;
    }

    /// Starts a request, and stops waiting for the one in flight, if any.
    pub(crate) fn start(&mut self, now: Duration, call: Call<T>) -> (RequestId, Action) {
        self.abandon();
        let was_mismatched = std::mem::take(&mut self.was_mismatched);
        let call = if was_mismatched { call.own_connection() } else { call };
        let (request, outgoing) = Request::new(now, call);
        let id = request.id;
        self.request = Some(Box::new(request));
        (id, Action::Send(outgoing))
    }

    /// Returns the result of the request with this ID, or `None` if the completion does not fit a
    /// request, or if the request is unknown, forgotten or already completed.
    pub(crate) fn finish(
        &mut self,
        clock: &mut Clock,
        now: Now,
        id: RequestId,
        completion: Completion,
    ) -> Option<Arrival<T>> {
        if !completion.fits_request() {
            return None;
        }
        let (request, is_late) = match self.request.take_if(|request| request.id == id) {
            Some(request) => (*request, false),
            None => {
                let Lost(lost) = &mut **self.lost.as_mut()?;
                let index = lost.iter().position(|request| request.id == id)?;
                (lost.remove(index)?, true)
            }
        };
        // A late response may have been in a buffer while the computer slept, so its date may be
        // old.
        let clock = (!is_late).then_some(clock);
        let result = request.read(clock, now, completion);
        self.was_mismatched |=
            matches!(&result, Some(Err(Error::Response(ResponseError::Mismatched { .. }))));
        Some(Arrival { sent: request.sent, is_late, result })
    }
}

impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("id", &self.request.as_ref().map(|request| request.id))
            .field("lost", &self.lost.as_ref().map_or(0, |lost| lost.0.len()))
            .finish()
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Request as HttpRequest;

    use super::*;

    fn call() -> Call<()> {
        let request = HttpRequest::get("https://plex.tv/").body(()).unwrap();
        Call::status_only("getX", request)
    }

    fn start(calls: &mut InFlight<()>, now: u64) -> RequestId {
        calls.start(Duration::from_secs(now), call()).0
    }

    fn finish(calls: &mut InFlight<()>, id: RequestId) -> Option<(u64, bool)> {
        let now = Now::without_wall_clock(Duration::ZERO);
        let arrival = calls.finish(&mut Clock::default(), now, id, Completion::Cancelled)?;
        Some((arrival.sent.as_secs(), arrival.is_late))
    }

    #[test]
    fn late_and_missing_responses_are_lost() {
        let seconds = Duration::from_secs;
        let mut calls = InFlight::new();
        let first = start(&mut calls, 10);
        assert!(calls.is_active() && calls.lost(seconds(69)).is_none());
        assert!(calls.lost(seconds(70)).is_some() && !calls.is_active());
        let second = start(&mut calls, 70);
        assert_eq!(finish(&mut calls, second), Some((70, false)));
        assert_eq!(finish(&mut calls, second), None);
        assert_eq!(finish(&mut calls, first), Some((10, true)));
        assert_eq!(finish(&mut calls, first), None);
        assert!(calls.lost(seconds(1000)).is_none());
    }

    #[test]
    fn deadline_of_a_call_decides_when_it_is_lost() {
        let mut calls = InFlight::new();
        calls.start(Duration::ZERO, call().deadline(Duration::from_secs(10)));
        assert_eq!(calls.left(Duration::ZERO), Some(Duration::from_secs(15)));
        let mut calls = InFlight::new();
        calls.start(Duration::ZERO, call().deadline(Duration::MAX));
        assert!(calls.lost(Duration::from_secs(1 << 40)).is_none());
    }

    #[test]
    fn foreign_requests_do_not_arrive() {
        let (mut own, mut other) = (InFlight::new(), InFlight::new());
        let (id, foreign) = (start(&mut own, 0), start(&mut other, 0));
        assert_eq!((finish(&mut own, foreign), finish(&mut other, id)), (None, None));
        own.abandon();
        assert_eq!(finish(&mut own, id), Some((0, true)));
        other.forget();
        assert_eq!(finish(&mut other, foreign), None);
    }

    #[test]
    fn lost_requests_are_bounded() {
        let mut calls = InFlight::new();
        let first = start(&mut calls, 0);
        for _ in 0..=MAX_LOST {
            start(&mut calls, 0);
        }
        assert_eq!(finish(&mut calls, first), None);
        assert!(calls.lost.is_some_and(|lost| lost.0.len() == MAX_LOST));
    }
}
