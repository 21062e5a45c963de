use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use http::Response;

use crate::call::Call;
use crate::error::Error;

/// Several calls, and rules about the time between them, as a plain value that never sleeps and never reads a
/// clock.
///
/// [`poll`](Self::poll) returns the next step, with the time as an argument; [`complete`](Self::complete) takes the
/// result of each request. A transport does both (`drive`); so does anything that has a clock
/// and a client, in ten lines, and a test runs a month of it in a millisecond.
///
/// It can be dropped at any point. The time is the wall clock's, so that a machine that slept knows
/// that it did; one that goes back counts as no time at all.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::{Flow, Step, http};
///
/// /// With a client and a sleep of one's own.
/// fn drive<C: Flow>(
///     flow: &mut C,
///     fetch: impl Fn(http::Request<plex_auth_proto::Body>) -> http::Response<Vec<u8>>,
///     sleep: impl Fn(Duration),
///     now: impl Fn() -> SystemTime,
/// ) -> C::Output {
///     loop {
///         match flow.poll(now()) {
///             Step::Send(id, call) => {
///                 let (request, reply) = call.into_parts();
///                 let answer = reply.read(fetch(request)).map_err(Into::into);
///                 flow.complete(now(), id, answer);
///             }
///             Step::Wait(time) => sleep(time),
///             Step::Done(outcome) => return outcome,
///         }
///     }
/// }
/// ```
pub trait Flow {
    /// What the answers to its calls are read as.
    type Response;

    /// What it ends in.
    type Output;

    /// What it has to show of itself while it goes on.
    type Progress;

    /// Returns the next action. After handling each [`Step::Send`], call this again until it returns [`Step::Wait`] or
    /// [`Step::Done`].
    fn poll(&mut self, now: SystemTime) -> Step<Self>;

    /// Reports the result of one of the flow's requests: a response, a refusal, or a
    /// [transport error](Error::Transport).
    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<Self::Response>, Error>,
    );

    /// How far it has come.
    fn progress(&self, now: SystemTime) -> Self::Progress;
}

/// What a [`Flow`] wants done.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once and never saved")]
#[must_use = "a call in it is sent, and its answer received"]
pub enum Step<C: Flow + ?Sized> {
    /// Send this, and [tell](Flow::complete) what came of it under this number. Others can be under
    /// way meanwhile.
    Send(RequestId, Call<C::Response>),
    /// There is nothing to do for so long, or until something comes of a call that is under way.
    /// Never nothing at all; asking again earlier does no harm. It can be [`Duration::MAX`], which is more than
    /// can be added to a clock: cap it, or add it with `checked_add`.
    Wait(Duration),
    /// It is over, and this came of it. That is said once; from then on it waits for ever.
    Done(C::Output),
}

/// Identifies a request among those of all flows in the process.
///
/// A response that is reported to another flow, or to an earlier flow in the same variable, is ignored for that
/// reason. The IDs of one flow ascend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(usize);

/// The only static of this crate: unique IDs need one source, and a counter per flow gave two flows the same IDs.
static NEXT_ID: AtomicUsize = AtomicUsize::new(0);

impl RequestId {
    /// Returns an ID that no other request has.
    pub(crate) fn unique() -> Self {
        Self(NEXT_ID.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
