use std::future::poll_fn;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, SystemTime};

use http_body::Body;
use hyper::rt::Sleep;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Flow, Step};
use tower_service::Service;

use crate::deadline::SharedTimer;
use crate::error_chain::BoxError;
use crate::request_body::RequestBody;
use crate::transport::Transport;
use crate::turns::Turns;

/// Upper bound on one sleep: timers stop while a machine is suspended, and a program that shows a countdown
/// needs its progress every second.
const MAX_SLEEP: Duration = Duration::from_secs(1);

impl<S, B> Transport<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Drives a flow to its end. Dropping the future stops it, and the calls that are under way; the
    /// flow can be driven on later, or saved. A refresher goes on for ever, and so does one that has ended before.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, Transport};
    /// use plex_auth_hyper::flow::TokenState;
    ///
    /// # fn stored() -> String { String::new() }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let mut check = PlexTv::new(me).token_check(&Token::new(stored())?);
    /// match Transport::new().drive(&mut check).await {
    ///     TokenState::Valid(account) => println!("it is {}'s", account.title.unwrap_or_default()),
    ///     TokenState::Invalid(_) => println!("please sign in again"),
    ///     _ => println!("nobody can say just now"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drive<C: Flow>(&self, flow: &mut C) -> C::Output {
        loop {
            let watch = |_| ControlFlow::Continue(());
            if let Some(outcome) = self.drive_with(flow, watch).await {
                return outcome;
            }
        }
    }

    /// Drives a flow like [`drive`](Self::drive), shows its progress after each step and at least once a
    /// second, and stops where `watch` says so: `None`. The flow can be driven on later, or saved.
    ///
    /// The calls that are under way when it is stopped are dropped, and what comes of them is lost.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use std::ops::ControlFlow;
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    /// use plex_auth_hyper::flow::PinProgress;
    ///
    /// # fn has_left() -> bool { false }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let plex_tv = PlexTv::new(me);
    /// let mut login = plex_tv.short_pin_login();
    /// let http = Transport::new();
    /// let outcome = http.drive_with(&mut login, |progress| {
    ///     if let PinProgress::Waiting { pin, left, .. } = progress {
    ///         let (code, page) = (pin.pin().code.expose(), pin.link_page(&plex_tv));
    ///         println!("type {code} at {page}: {} s left", left.as_secs());
    ///     }
    ///     if has_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// if let Some(linked) = outcome.await {
    ///     let token = linked?.auth_token; // to be kept at once
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drive_with<C: Flow>(
        &self,
        flow: &mut C,
        mut watch: impl FnMut(C::Progress) -> ControlFlow<()>,
    ) -> Option<C::Output> {
        let mut in_flight = InFlight(Vec::new());
        let mut turns = Turns::default();
        loop {
            // Without this, calls that are always complete at once would keep other tasks from running.
            turns.next().await;
            if watch(flow.progress(SystemTime::now())).is_break() {
                return None;
            }
            match flow.poll(SystemTime::now()) {
                Step::Send(id, call) => {
                    let exchange = self.exchange(call);
                    in_flight.0.push(Box::pin(async move { (id, exchange.await) }));
                }
                Step::Wait(time) => {
                    let time = time.min(MAX_SLEEP);
                    let completed = next_completed(self.timer(), time, &mut in_flight).await;
                    if let Some((id, result)) = completed {
                        flow.complete(SystemTime::now(), id, result);
                    }
                }
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }
}

/// Waits until a call completes, `None` if the time runs out first.
async fn next_completed<F: Future>(
    timer: &SharedTimer,
    time: Duration,
    in_flight: &mut InFlight<F>,
) -> Option<F::Output> {
    let mut sleep = None;
    poll_fn(|cx| {
        // The calls first: without a runtime a call returns an error, and the timer panics.
        if let Poll::Ready(completed) = in_flight.poll(cx) {
            return Poll::Ready(Some(completed));
        }
        let sleep = sleep.get_or_insert_with(|| start_sleep(timer, time));
        sleep.as_mut().map_or(Poll::Ready(()), |sleep| sleep.as_mut().poll(cx)).map(|()| None)
    })
    .await
}

/// Starts a sleep of the runtime. Without a runtime no other task is waiting, so the thread itself sleeps.
fn start_sleep(timer: &SharedTimer, time: Duration) -> Option<Pin<Box<dyn Sleep>>> {
    let sleep = panic::catch_unwind(AssertUnwindSafe(|| timer.sleep(time)));
    if sleep.is_err() {
        thread::sleep(time);
    }
    sleep.ok()
}

/// The calls in flight.
struct InFlight<F>(Vec<Pin<Box<F>>>);

impl<F: Future> InFlight<F> {
    /// Returns the result of the first call that is complete.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut calls = self.0.iter_mut().enumerate();
        let completed = calls.find_map(|(index, call)| match call.as_mut().poll(cx) {
            Poll::Ready(result) => Some((index, result)),
            Poll::Pending => None,
        });
        match completed {
            Some((index, result)) => {
                drop(self.0.swap_remove(index));
                Poll::Ready(result)
            }
            None => Poll::Pending,
        }
    }
}
