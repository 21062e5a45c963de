use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;

use super::now::Now;
use super::step::{Action, Completion, Flow, RequestId, Step};
use crate::call::{Body, Outgoing};
use crate::error::TransportError;

/// Drives a flow to its end with the program's own HTTP client, one request at a time.
///
/// `fetch` sends a request as described in [`Outgoing`]. `sleep` waits for the given time, but may
/// return early. All readings of `now` must have the same origin. Returns `None` if the flow had
/// already finished, or if it is waiting for the program to call one of its methods. An action
/// other than a request is completed with [`Completion::Unsupported`].
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::{Duration, Instant, SystemTime};
/// use plex_auth_proto::flow::{self, Now, TokenState};
/// use plex_auth_proto::{Body, ClientIdentity, PlexTv, Token, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let mut check = plex_tv.token_check(&Token::new("xyz-Abc_0123456789ab")?);
/// let start = Instant::now();
/// let state = flow::drive(
///     &mut check,
///     // The program's HTTP client would send `outgoing.request()` here.
///     |_outgoing| Ok(http::Response::new(Body::from(r#"{"id":7,"username":"rosa"}"#))),
///     std::thread::sleep,
///     || Now::new(start.elapsed(), SystemTime::now()),
/// );
/// assert!(matches!(state, Some(TokenState::Valid(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn drive<F: Flow + ?Sized>(
    flow: &mut F,
    mut fetch: impl FnMut(Outgoing) -> Result<Response<Body>, TransportError>,
    mut sleep: impl FnMut(Duration),
    now: impl Fn() -> Now,
) -> Option<F::Output> {
    loop {
        match flow.poll(now()) {
            Step::Do(id, Action::Send(outgoing)) => {
                let completion = fetch(outgoing).into();
                flow.complete(now(), id, completion);
            }
            Step::Do(id, _) => flow.complete(now(), id, Completion::Unsupported),
            Step::Wait(Some(time)) => sleep(time),
            // Every action has already been completed, so there is nothing to wait for.
            Step::Wait(None) | Step::Finished => return None,
            Step::Done(output) => return Some(output),
        }
    }
}

/// Drives a flow to its end with the program's own asynchronous HTTP client.
///
/// The closures are the same as for [`Driver::new`]. Returns `None` if the flow had already
/// finished. An action other than a request is completed with [`Completion::Unsupported`]. If the
/// flow is waiting for the program to call one of its methods, the future stays pending.
///
/// # Cancel safety
///
/// When the future is dropped, its requests in flight are dropped as well and reported to the flow
/// as cancelled. The flow can then be driven again. In a `select!` in a loop, keep a [`Driver`] and
/// select on its [`step`](Driver::step) instead, so that the requests are kept.
pub async fn drive_async<F, Fetch, Fut, Sleep, Timer>(
    flow: &mut F,
    fetch: Fetch,
    sleep: Sleep,
    now: impl Fn() -> Now,
) -> Option<F::Output>
where
    F: Flow,
    Fetch: FnMut(Outgoing) -> Fut,
    Fut: Future<Output = Result<Response<Body>, TransportError>>,
    Sleep: FnMut(Duration) -> Timer,
    Timer: Future<Output = ()>,
{
    Driver::new(flow, fetch, sleep, now).run().await
}

/// A driver that runs a flow step by step and owns its requests in flight.
///
/// An asynchronous transport's `driver` method creates one. A program with its own HTTP client uses
/// [`Driver::new`]. The flow can be owned or borrowed.
///
/// When a driver is dropped, its requests in flight are dropped as well and reported to the flow as
/// cancelled.
pub struct Driver<F: Flow, Fetch, Fut, Sleep, Clock: Fn() -> Now> {
    flow: F,
    fetch: Fetch,
    sleep: Sleep,
    clock: Clock,
    in_flight: Vec<(RequestId, Pin<Box<Fut>>)>,
    /// The number of steps since the last wait.
    turns: u8,
}

/// The result of one [step](Driver::step) of a driver.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched at once and never stored")]
#[must_use = "an action must be completed, and the output is returned only once"]
pub enum DriverEvent<O> {
    /// Something has changed: a request was started or completed, or a wait is over. This is the
    /// moment to show the flow's progress and to save its state.
    Progress,
    /// An action that the driver leaves to the program. [Complete](Driver::complete) it, now or
    /// later.
    Action(RequestId, Action),
    /// The flow is finished.
    Done(O),
    /// The flow had already finished.
    Finished,
}

impl<F, Fetch, Fut, Sleep, Timer, Clock> Driver<F, Fetch, Fut, Sleep, Clock>
where
    F: Flow,
    Fetch: FnMut(Outgoing) -> Fut,
    Fut: Future<Output = Result<Response<Body>, TransportError>>,
    Sleep: FnMut(Duration) -> Timer,
    Timer: Future<Output = ()>,
    Clock: Fn() -> Now,
{
    /// Creates a driver from three closures: `fetch` returns a future that sends a request as
    /// described in [`Outgoing`], `sleep` returns a future that waits but may complete early, and
    /// `now` reads the clocks, always with the same origin.
    ///
    /// The futures need not be `Send`. Several requests can be in flight at once.
    pub fn new(flow: F, fetch: Fetch, sleep: Sleep, now: Clock) -> Self {
        Self { flow, fetch, sleep, clock: now, in_flight: Vec::new(), turns: 0 }
    }

    /// Returns the flow.
    pub fn flow(&self) -> &F {
        &self.flow
    }

    /// Returns a mutable reference to the flow, for example to renew a login or to report a
    /// rejected token. The next [step](Self::step) takes the change into account.
    pub fn flow_mut(&mut self) -> &mut F {
        &mut self.flow
    }

    /// Returns the current time by the driver's clock, to pass to the flow's methods.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// Completes an action that a step has left to the program.
    pub fn complete(&mut self, id: RequestId, completion: Completion) {
        self.flow.complete((self.clock)(), id, completion);
    }

    /// Advances the flow by one step: starts a request that is due, returns another action or the
    /// output, or waits until a request completes or the flow has to be polled again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the requests in flight belong to the driver, and the next
    /// step continues with them. The future can therefore be a branch of a `select!` in a loop.
    pub async fn step(&mut self) -> DriverEvent<F::Output> {
        if self.turns >= MAX_TURNS {
            self.turns = 0;
            yield_now().await;
        }
        self.turns += 1;
        let time = match self.flow.poll((self.clock)()) {
            Step::Do(id, Action::Send(outgoing)) => {
                let request = (self.fetch)(outgoing);
                self.in_flight.push((id, Box::pin(request)));
                return DriverEvent::Progress;
            }
            Step::Do(id, action) => return DriverEvent::Action(id, action),
            Step::Wait(time) => time,
            Step::Done(output) => return DriverEvent::Done(output),
            Step::Finished => return DriverEvent::Finished,
        };
        if let Some((id, result)) = self.wait(time).await {
            self.complete(id, result.into());
        }
        DriverEvent::Progress
    }

    /// Drives the flow to its end. Returns `None` if it had already finished. Actions other than
    /// requests are completed with [`Completion::Unsupported`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: calling this method again, or calling
    /// [`step`](Self::step), continues with the requests in flight.
    pub async fn run(&mut self) -> Option<F::Output> {
        loop {
            match self.step().await {
                DriverEvent::Progress => {}
                DriverEvent::Action(id, _) => self.complete(id, Completion::Unsupported),
                DriverEvent::Done(output) => return Some(output),
                DriverEvent::Finished => return None,
            }
        }
    }

    /// Waits until a request completes. Returns `None` if `time` elapses first.
    async fn wait(
        &mut self,
        time: Option<Duration>,
    ) -> Option<(RequestId, Result<Response<Body>, TransportError>)> {
        let mut timer = pin!(async {
            match time {
                Some(time) => (self.sleep)(time).await,
                None => std::future::pending().await,
            }
        });
        let (in_flight, turns) = (&mut self.in_flight, &mut self.turns);
        poll_fn(|cx| {
            // Poll the requests first: without a runtime, they usually return an error, whereas a
            // timer can panic.
            if let Poll::Ready(completed) = poll_requests(in_flight, cx) {
                return Poll::Ready(Some(completed));
            }
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            *turns = 0;
            Poll::Pending
        })
        .await
    }
}

// After this many steps without a wait, the driver yields to other tasks. Handling a response takes
// only a few steps, so a flow seldom reaches this limit.
const MAX_TURNS: u8 = 32;

/// Polls the requests and takes the first that is complete.
fn poll_requests<Fut: Future>(
    in_flight: &mut Vec<(RequestId, Pin<Box<Fut>>)>,
    cx: &mut Context<'_>,
) -> Poll<(RequestId, Fut::Output)> {
    let mut requests = in_flight.iter_mut().enumerate();
    let completed = requests.find_map(|(index, (id, request))| match request.as_mut().poll(cx) {
        Poll::Ready(result) => Some((index, *id, result)),
        Poll::Pending => None,
    });
    match completed {
        Some((index, id, result)) => {
            drop(in_flight.swap_remove(index));
            Poll::Ready((id, result))
        }
        None => Poll::Pending,
    }
}

/// Yields once, so that the runtime can run other tasks.
async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl<F: Flow, Fetch, Fut, Sleep, Clock: Fn() -> Now> Drop for Driver<F, Fetch, Fut, Sleep, Clock> {
    fn drop(&mut self) {
        for (id, request) in self.in_flight.drain(..) {
            drop(request);
            self.flow.complete((self.clock)(), id, Completion::Cancelled);
        }
    }
}

impl<F: Flow + fmt::Debug, Fetch, Fut, Sleep, Clock: Fn() -> Now> fmt::Debug
    for Driver<F, Fetch, Fut, Sleep, Clock>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("flow", &self.flow)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}
