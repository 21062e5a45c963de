use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use http_body::Body;
use plex_auth_proto::flow::{self, Completion, DriverEvent, Now, RequestId};
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Flow, Outgoing, Step, TransportError};
use tower_service::Service;

use crate::error_chain::BoxError;
use crate::request_body::RequestBody;
use crate::sleep::sleep;
use crate::transport::Transport;

/// The maximum time between two calls to a `watch` closure.
// Short enough for a program that displays a countdown.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// A driver, created by [`Transport::driver`], that runs a flow step by step and sends its requests
/// over the transport. Its methods are documented in [`flow::Driver`]. It is `Send` if the flow is.
///
/// When it is dropped, its requests are dropped too and reported to the flow as cancelled.
pub type Driver<F> = flow::Driver<F, BoxFetch, BoxFuture<FetchResult>, BoxSleep, BoxClock>;

type FetchResult = Result<Response<plex_auth_proto::Body>, TransportError>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type BoxFetch = Box<dyn FnMut(Outgoing) -> BoxFuture<FetchResult> + Send>;
type BoxSleep = Box<dyn FnMut(Duration) -> BoxFuture<()> + Send>;
type BoxClock = Box<dyn Fn() -> Now + Send + Sync>;

impl<S, B> Transport<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Drives a flow to its end, which a refresher may never reach. Returns `None` if the flow is
    /// already finished. Actions other than requests are completed with
    /// [`Completion::Unsupported`].
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, Transport};
    /// use plex_auth_hyper::flow::TokenState;
    ///
    /// # fn stored() -> String { String::new() }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut check = PlexTv::new(identity).token_check(&Token::new(stored())?);
    /// match Transport::new().drive(&mut check).await {
    ///     Some(TokenState::Valid(account)) => println!("hello {}", account.title.unwrap_or_default()),
    ///     Some(TokenState::Invalid(_)) => println!("please sign in again"),
    ///     _ => println!("unknown; please try later"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, its requests are dropped too and reported to the flow as
    /// cancelled. The flow can be driven again afterwards, or saved. In a `select!` loop, keep a
    /// [`driver`](Self::driver) and select on its [`step`](flow::Driver::step): repeatedly dropping
    /// this future would drop each request before its response arrives.
    pub async fn drive<F: Flow>(&self, flow: &mut F) -> Option<F::Output> {
        let sleep = |time| sleep(self.timer().clone(), time);
        flow::drive_async(flow, |outgoing| self.fetch(outgoing), sleep, || self.now()).await
    }

    /// Drives a flow like [`drive`](Self::drive), and calls `watch` with the flow before each step
    /// and at least once per second. Returns `None` if `watch` stops the flow or if the flow is
    /// already finished. A stopped flow can be driven again later, or saved.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::ops::ControlFlow;
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    /// use plex_auth_hyper::flow::PinProgress;
    ///
    /// # fn is_cancelled() -> bool { false }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut login = PlexTv::new(identity).link_code_login();
    /// let http = Transport::new();
    /// let outcome = http.drive_with(&mut login, |login, now| {
    ///     if let (Some(page), PinProgress::Waiting { pin, left, .. }) = (login.link_page(), login.progress(now)) {
    ///         println!("enter {} at {page}: {} s left", pin.pin().code.expose(), left.as_secs());
    ///     }
    ///     if is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// if let Some(linked) = outcome.await {
    ///     let token = linked?.auth_token; // save it immediately
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Same as [`drive`](Self::drive).
    pub async fn drive_with<F: Flow>(
        &self,
        flow: &mut F,
        mut watch: impl FnMut(&F, Now) -> ControlFlow<()>,
    ) -> Option<F::Output> {
        let timer = self.timer();
        let sleep = |time: Duration| sleep(timer.clone(), time);
        let fetch = |outgoing| self.fetch(outgoing);
        let mut driver = flow::Driver::new(Watched(flow), fetch, sleep, || self.now());
        loop {
            if watch(driver.flow().0, driver.now()).is_break() {
                return None;
            }
            match driver.step().await {
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
    /// If the service's futures are not `Send`, use [`flow::Driver::new`] with
    /// [`fetch`](Self::fetch) instead.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::Duration;
    /// use plex_auth_hyper::flow::DriverEvent;
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let mut driver = Transport::new().driver(PlexTv::new(identity).link_code_login());
    /// let mut ticks = tokio::time::interval(Duration::from_millis(700));
    /// let linked = loop {
    ///     tokio::select! {
    ///         event = driver.step() => if let DriverEvent::Done(outcome) = event { break outcome? },
    ///         _ = ticks.tick() => println!("{:?}", driver.flow().progress(driver.now())),
    ///     }
    /// };
    /// # let _ = linked;
    /// # Ok(())
    /// # }
    /// ```
    pub fn driver<F: Flow>(&self, flow: F) -> Driver<F>
    where
        S: Send + 'static,
        S::Future: Send,
        B: Send + 'static,
        B::Data: Send,
        B::Error: Send,
    {
        let (transport, timer, clock) = (self.clone(), self.timer().clone(), self.shared_clock());
        let fetch: BoxFetch = Box::new(move |outgoing| Box::pin(transport.fetch(outgoing)));
        let sleep: BoxSleep = Box::new(move |time| Box::pin(sleep(timer.clone(), time)));
        flow::Driver::new(flow, fetch, sleep, Box::new(move || clock()))
    }
}

/// A flow whose waits, even indefinite ones, are shortened for a `watch` closure.
struct Watched<'a, F>(&'a mut F);

impl<F: Flow> Flow for Watched<'_, F> {
    type Output = F::Output;

    fn poll(&mut self, now: Now) -> Step<F::Output> {
        match self.0.poll(now) {
            Step::Wait(time) => Step::Wait(time.into_iter().chain([WATCH_INTERVAL]).min()),
            step => step,
        }
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        self.0.complete(now, id, completion);
    }
}
