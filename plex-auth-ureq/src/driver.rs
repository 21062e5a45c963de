use std::fmt;
use std::mem;
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{Action, Completion, DriverEvent, Now, RequestId};
use plex_auth_proto::{Flow, Outgoing, Step};

use crate::transport::Transport;

/// The maximum time between two calls to a `watch` closure.
// Short enough for a program that displays a countdown.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

impl Transport {
    /// Drives a flow to its end on this thread. Each request is sent from a separate thread,
    /// because several can be in flight.
    ///
    /// This blocks until the flow ends, which usually takes at most 30 minutes for a PIN login, and
    /// may never happen for a refresher. To be able to stop the flow, use
    /// [`drive_with`](Self::drive_with) or a [`driver`](Self::driver). Returns `None` if the flow
    /// is already finished. Actions other than requests are completed with
    /// [`Completion::Unsupported`].
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};
    /// use plex_auth_ureq::flow::TokenState;
    ///
    /// # fn stored() -> String { String::new() }
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut check = PlexTv::new(identity).token_check(&Token::new(stored())?);
    /// match Transport::new().drive(&mut check) {
    ///     Some(TokenState::Valid(account)) => println!("hello {}", account.title.unwrap_or_default()),
    ///     Some(TokenState::Invalid(_)) => println!("please sign in again"),
    ///     _ => println!("unknown; please try later"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drive<F: Flow>(&self, flow: &mut F) -> Option<F::Output> {
        let mut driver = self.driver(flow);
        loop {
            match driver.step() {
                DriverEvent::Progress => {}
                DriverEvent::Action(id, _) => driver.complete(id, Completion::Unsupported),
                DriverEvent::Done(output) => return Some(output),
                DriverEvent::Finished => return None,
            }
        }
    }

    /// Drives a flow like [`drive`](Self::drive), and calls `watch` with the flow before each step
    /// and at least once per second. Returns `None` if `watch` stops the flow or if the flow is
    /// already finished. A stopped flow can be driven again later, or saved.
    ///
    /// When the flow is stopped, the requests in flight continue, and their responses are
    /// discarded.
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::ops::ControlFlow;
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Transport};
    /// use plex_auth_ureq::flow::PinProgress;
    ///
    /// # fn is_cancelled() -> bool { false }
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut login = PlexTv::new(identity).link_code_login();
    /// let outcome = Transport::new().drive_with(&mut login, |login, now| {
    ///     if let (Some(page), PinProgress::Waiting { pin, left, .. }) = (login.link_page(), login.progress(now)) {
    ///         println!("enter {} at {page}: {} s left", pin.pin().code.expose(), left.as_secs());
    ///     }
    ///     if is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// if let Some(linked) = outcome {
    ///     let token = linked?.auth_token; // save it immediately
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drive_with<F: Flow>(
        &self,
        flow: &mut F,
        mut watch: impl FnMut(&F, Now) -> ControlFlow<()>,
    ) -> Option<F::Output> {
        let mut driver = self.driver(flow);
        loop {
            if watch(driver.flow(), driver.now()).is_break() {
                return None;
            }
            match driver.step_within(WATCH_INTERVAL) {
                DriverEvent::Progress => {}
                DriverEvent::Action(id, _) => driver.complete(id, Completion::Unsupported),
                DriverEvent::Done(output) => return Some(output),
                DriverEvent::Finished => return None,
            }
        }
    }

    /// Creates a driver, which runs a flow step by step. The flow can be passed by value or by
    /// `&mut` reference.
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::flow::DriverEvent;
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Transport};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut driver = Transport::new().driver(PlexTv::new(identity).hosted_page_login());
    /// let linked = loop {
    ///     match driver.step() {
    ///         DriverEvent::Done(outcome) => break outcome?,
    ///         _ => println!("{:?}", driver.flow().progress(driver.now())),
    ///     }
    /// };
    /// # let _ = linked;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn driver<F: Flow>(&self, flow: F) -> Driver<F> {
        let (sender, receiver) = mpsc::channel();
        Driver { flow, transport: self.clone(), sender, receiver, in_flight: Vec::new() }
    }
}

/// A driver, created by [`Transport::driver`], that runs a flow step by step.
///
/// When it is dropped, its requests in flight are reported to the flow as cancelled. They continue,
/// and their responses are discarded.
pub struct Driver<F: Flow> {
    flow: F,
    transport: Transport,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    in_flight: Vec<RequestId>,
}

enum Message {
    Completed(RequestId, Completion),
    Wake,
}

/// A handle, created by [`Driver::waker`], that wakes a [`Driver`] from another thread.
#[derive(Clone)]
pub struct DriverWaker(Sender<Message>);

impl DriverWaker {
    /// Ends the driver's wait, in its current step or in the next one.
    pub fn wake(&self) {
        // If the driver has been dropped, there is nothing to wake.
        let _ = self.0.send(Message::Wake);
    }
}

impl fmt::Debug for DriverWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriverWaker")
    }
}

impl<F: Flow> Driver<F> {
    /// Returns the flow.
    pub fn flow(&self) -> &F {
        &self.flow
    }

    /// Returns a mutable reference to the flow, for example to renew a login or to report a
    /// rejected token. The next [step](Self::step) takes the change into account.
    pub fn flow_mut(&mut self) -> &mut F {
        &mut self.flow
    }

    /// Returns the current time from the transport's clock, for the flow's methods.
    pub fn now(&self) -> Now {
        self.transport.now()
    }

    /// Returns a handle that wakes this driver from another thread.
    pub fn waker(&self) -> DriverWaker {
        DriverWaker(self.sender.clone())
    }

    /// Completes an action that a step returned to the program.
    pub fn complete(&mut self, id: RequestId, completion: Completion) {
        self.flow.complete(self.transport.now(), id, completion);
    }

    /// Advances the flow by one step: sends the next request, or returns an action, the output or
    /// [`Finished`](DriverEvent::Finished). If there is nothing to do, blocks until a request
    /// completes, a wait ends or the driver is [woken](Self::waker).
    pub fn step(&mut self) -> DriverEvent<F::Output> {
        self.step_at_most(None)
    }

    /// Advances the flow like [`step`](Self::step), but blocks for at most `limit`.
    pub fn step_within(&mut self, limit: Duration) -> DriverEvent<F::Output> {
        self.step_at_most(Some(limit))
    }

    fn step_at_most(&mut self, limit: Option<Duration>) -> DriverEvent<F::Output> {
        let wait = match self.flow.poll(self.now()) {
            Step::Do(id, Action::Send(outgoing)) => {
                self.in_flight.push(id);
                self.send(id, outgoing);
                return DriverEvent::Progress;
            }
            Step::Do(id, action) => return DriverEvent::Action(id, action),
            Step::Wait(time) => time.into_iter().chain(limit).min(),
            Step::Done(output) => return DriverEvent::Done(output),
            Step::Finished => return DriverEvent::Finished,
        };
        // The driver keeps a sender, so the channel is never closed.
        let message = match wait {
            Some(wait) => self.receiver.recv_timeout(wait).ok(),
            None => self.receiver.recv().ok(),
        };
        if let Some(Message::Completed(id, completion)) = message {
            self.in_flight.retain(|in_flight| *in_flight != id);
            self.complete(id, completion);
        }
        DriverEvent::Progress
    }

    /// Sends a request from a separate thread.
    fn send(&self, id: RequestId, outgoing: Outgoing) {
        let not_started =
            outgoing.transport_error(TransportErrorKind::NotStarted(NO_THREAD), false);
        let panicked = outgoing.transport_error(TransportErrorKind::Other, true);
        let completion = Completion::Failed(not_started);
        let mut report = Report { id, completion, sender: self.sender.clone() };
        let transport = self.transport.clone();
        let fetch = move || {
            report.set(Completion::Failed(panicked));
            report.set(transport.fetch(outgoing).into());
        };
        // If the thread cannot be started, the closure and its report are dropped.
        drop(thread::Builder::new().spawn(fetch));
    }
}

/// A guard that reports a request's completion when it is dropped, even if the request's thread
/// panics. ureq panics if a feature is missing, and a caller's middleware can panic.
struct Report {
    id: RequestId,
    completion: Completion,
    sender: Sender<Message>,
}

impl Report {
    fn set(&mut self, completion: Completion) {
        self.completion = completion;
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let completion = mem::replace(&mut self.completion, Completion::Cancelled);
        // If the driver has been dropped, its receiver is gone and the response is discarded.
        drop(self.sender.send(Message::Completed(self.id, completion)));
    }
}

const NO_THREAD: &str = "the system could not start a thread for the request";

impl<F: Flow> Drop for Driver<F> {
    fn drop(&mut self) {
        let now = self.now();
        for id in self.in_flight.drain(..) {
            self.flow.complete(now, id, Completion::Cancelled);
        }
    }
}

impl<F: Flow + fmt::Debug> fmt::Debug for Driver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("flow", &self.flow)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}
