//! The drivers of both transports: in a `select!` loop, dropped, woken from another thread, in
//! paused time, and with a finished flow.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioTimer;
use plex_auth_fake::{Delivery, FakePlex, Misbehavior, Server, Who};
use plex_auth_hyper::RequestBody;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    Completion, DriverEvent, LinkedPin, Now, PinLoginError, RequestId, RetriedCall,
};
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Call, Flow, Step};
use plex_auth_tests::carrier::runtime;
use plex_auth_ureq::ureq;
use plex_auth_ureq::ureq::middleware::MiddlewareNext;
use tokio::time::{Instant, interval, sleep, timeout};
use tower_service::Service;

use crate::harness::{
    TIMEOUT, over_both_transports, plex_tv_at, transport_error, unix_now, unused_url,
};

/// The maximum duration of operations that must finish, even on a loaded machine.
const WATCHDOG: Duration = Duration::from_secs(60);

const TICK: Duration = Duration::from_millis(700);

/// An event that either transport's driver returns for a PIN login.
type Event = DriverEvent<Result<LinkedPin, PinLoginError>>;

#[test]
fn select_loop_with_short_ticks_finishes_a_login() {
    let server = Server::http(FakePlex::new());
    // Each response takes longer than the interval between two ticks.
    let late = Misbehavior::deliver(Delivery::After(TICK + Duration::from_millis(100)));
    server.with(|fake| fake.misbehave("/pins", late.clone()));
    let plex_tv = plex_tv_at(&format!("{}/api/v2", server.url()));
    let select_loop = async {
        let mut driver = plex_auth_hyper::Transport::new().driver(plex_tv.link_code_login());
        let (mut ticks, mut ticked) = (interval(TICK), 0);
        let mut is_linked = false;
        loop {
            tokio::select! {
                event = driver.step() => {
                    if let DriverEvent::Done(outcome) = event {
                        return (outcome.unwrap(), ticked);
                    }
                }
                _ = ticks.tick() => ticked += 1,
            }
            if let (Some(pin), false) = (driver.flow().pin(), is_linked) {
                let pin = pin.pin();
                is_linked = true;
                server.with(|fake| {
                    fake.misbehave(&format!("/pins/{}", pin.id.expose()), late.clone());
                    fake.link_pin(pin.code.expose(), Who::Free, unix_now())
                });
            }
        }
    };
    let (linked, ticks) = runtime()
        .block_on(async { timeout(WATCHDOG, select_loop).await })
        .expect("the login makes no progress");
    assert!(ticks >= 3, "{ticks} ticks");
    assert_eq!(server.with(|fake| fake.seen("POST", "/pins")), 1, "the request was repeated");
    let polls = server
        .with(|fake| fake.requests().iter().filter(|seen| seen.path().contains("/pins/")).count());
    assert_eq!(polls, 1, "a poll was repeated");
    assert!(linked.auth_token.expose().len() > 8);
}

/// An in-memory plex.tv that uses the runtime's clock, which can be paused.
#[derive(Clone)]
struct PausedPlex {
    fake: Arc<Mutex<FakePlex>>,
    start: Instant,
    /// The time that each response takes.
    delay: Duration,
}

impl PausedPlex {
    fn new(delay: Duration) -> Self {
        Self { fake: Arc::new(Mutex::new(FakePlex::new())), start: Instant::now(), delay }
    }

    fn transport(&self) -> plex_auth_hyper::Transport<Self> {
        plex_auth_hyper::Transport::over(self.clone(), TokioTimer::new())
    }

    fn with<R>(&self, access: impl FnOnce(&mut FakePlex) -> R) -> R {
        access(&mut self.fake.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> u64 {
        1_700_000_000 + self.start.elapsed().as_secs()
    }

    fn requests(&self) -> usize {
        self.with(|fake| fake.requests().len())
    }
}

impl Service<Request<RequestBody>> for PausedPlex {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let plex = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let request = Request::from_parts(head, body);
            let response = plex.with(|fake| fake.answer(&request, plex.now()));
            sleep(plex.delay).await;
            Ok(response.map(|body| Full::new(Bytes::from(body))))
        })
    }
}

/// Runs a test in paused time: whenever all tasks are waiting, the clock jumps ahead to the next
/// timer.
fn in_paused_time<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(test)
}

#[test]
fn dropped_drive_continues_afterwards() {
    in_paused_time(async {
        let plex = PausedPlex::new(Duration::from_millis(600));
        let http = plex.transport();
        let mut login = plex_tv_at("http://plex.example/api/v2").link_code_login();
        login = login.create_timeout(Duration::from_secs(3600));
        // This timeout is shorter than the delay of a response, so nothing arrives, but the flow
        // still spaces out its requests.
        for drops in 1..=20 {
            let cut = timeout(Duration::from_millis(500), http.drive(&mut login)).await;
            assert!(cut.is_err());
            assert!(plex.requests() <= drops, "{} requests, {drops} drops", plex.requests());
        }
        assert!(login.pin().is_none());
        assert!((2..=8).contains(&plex.requests()), "{} requests in 10 s", plex.requests());

        // This timeout is long enough for a response.
        let mut drops = 0;
        while login.pin().is_none() {
            assert!(timeout(TIMEOUT, http.drive(&mut login)).await.is_err());
            drops += 1;
            assert!(drops < 100, "the PIN is never created");
        }
        // Use the short timeout again while the PIN is polled.
        for _ in 0..20 {
            assert!(timeout(Duration::from_millis(500), http.drive(&mut login)).await.is_err());
        }
        let code = login.pin().unwrap().pin().code.clone();
        plex.with(|fake| fake.link_pin(code.expose(), Who::Free, plex.now())).unwrap();
        let outcome = http.drive(&mut login).await.expect("the login was not finished");
        outcome.unwrap();
    });
}

/// A flow that counts how often it is polled.
struct Counted<F> {
    flow: F,
    polls: usize,
}

impl<F: Flow> Flow for Counted<F> {
    type Output = F::Output;

    fn poll(&mut self, now: Now) -> Step<F::Output> {
        self.polls += 1;
        self.flow.poll(now)
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        self.flow.complete(now, id, completion);
    }
}

#[test]
fn unlinked_login_is_quick_in_paused_time() {
    let started = std::time::Instant::now();
    let plex = in_paused_time(async {
        let plex = PausedPlex::new(Duration::ZERO);
        let login = plex_tv_at("http://plex.example/api/v2").link_code_login();
        let mut flow = Counted { flow: login, polls: 0 };
        let outcome = plex.transport().drive(&mut flow).await.expect("the login was not finished");
        assert!(matches!(outcome, Err(PinLoginError::Expired)), "{outcome:?}");

        let passed = plex.start.elapsed().as_secs();
        assert!((895..=935).contains(&passed), "{passed} s");
        // There are 60 polls in the first minute, 30, 20 and 15 in the next three, and 12 in each
        // of the last eleven.
        let requests = plex.requests();
        assert!((250..=265).contains(&requests), "{requests} requests");
        // The flow is polled once to send a request, once while the request is in flight, and once
        // to wait for the next.
        assert!(flow.polls <= 3 * requests + 10, "{} polls of the flow", flow.polls);
        plex
    });
    assert_eq!(plex.with(|fake| fake.seen("POST", "/pins")), 1);
    assert!(started.elapsed() < TIMEOUT * 5, "{:?}", started.elapsed());
}

/// A flow that waits for a given time, or indefinitely if no time is given.
struct Idle {
    wait: Option<Duration>,
    is_over: bool,
}

impl Flow for Idle {
    type Output = ();

    fn poll(&mut self, _: Now) -> Step<()> {
        if self.is_over { Step::Done(()) } else { Step::Wait(self.wait) }
    }

    fn complete(&mut self, _: Now, _: RequestId, _: Completion) {}
}

#[test]
fn waker_ends_a_step_of_the_ureq_driver() {
    for wait in [None, Some(Duration::from_secs(24 * 60 * 60))] {
        let mut driver = plex_auth_ureq::Transport::new().driver(Idle { wait, is_over: false });
        let waker = driver.waker();
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            sender.send("waits").unwrap();
            assert!(matches!(driver.step(), DriverEvent::Progress));
            sender.send("woken").unwrap();
            driver.flow_mut().is_over = true;
            assert!(matches!(driver.step(), DriverEvent::Done(())));
        });
        assert_eq!(receiver.recv_timeout(WATCHDOG), Ok("waits"));
        let early = receiver.recv_timeout(Duration::from_millis(50));
        assert_eq!(early, Err(RecvTimeoutError::Timeout), "the step did not wait");
        waker.clone().wake();
        assert_eq!(receiver.recv_timeout(WATCHDOG), Ok("woken"));
        thread.join().unwrap();
        // The driver has been dropped, so this has no effect.
        waker.wake();
    }
}

#[test]
fn watch_is_called_while_waiting_indefinitely() {
    for wait in [None, Some(Duration::from_secs(24 * 60 * 60))] {
        let mut calls = 0;
        let mut watch = |_: &Idle, _| {
            calls += 1;
            if calls % 3 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut flow = Idle { wait, is_over: false };
        assert!(plex_auth_ureq::Transport::new().drive_with(&mut flow, &mut watch).is_none());
        in_paused_time(async {
            let http = PausedPlex::new(Duration::ZERO).transport();
            let stopped = timeout(WATCHDOG, http.drive_with(&mut flow, &mut watch)).await;
            assert!(stopped.is_ok(), "waiting for {wait:?}, hyper does not call the closure");
        });
        assert_eq!(calls, 6);
    }
}

#[test]
fn panic_in_a_request_ends_the_request() {
    fn panicking(
        _: Request<ureq::SendBody<'_>>,
        _: MiddlewareNext<'_>,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        panic!("a panic in the middleware");
    }
    let agent = ureq::Agent::config_builder().proxy(None).middleware(panicking).build().new_agent();
    let url = unused_url();
    let call = || Call::status_only("getTest", Request::get(&url).body(()).unwrap());
    let outcome = plex_auth_ureq::Transport::over(agent).drive(&mut RetriedCall::new(call));
    let error = outcome.expect("the call was not finished").unwrap_err();
    let found = transport_error(&error);
    assert_eq!((found.kind(), found.may_have_been_sent()), (TransportErrorKind::Other, true));
}

#[test]
fn finished_flow_has_no_second_output() {
    over_both_transports(|harness| {
        let mut check = harness.plex_tv().token_check(&harness.token(Who::Free));
        let watch = |_: &_, _| ControlFlow::Continue(());
        assert!(harness.drive(&mut check, watch).is_some());
        assert!(harness.drive(&mut check, watch).is_none());
        assert_eq!(harness.fake(|fake| fake.requests().len()), 1);
    });

    let server = Server::http(FakePlex::new());
    let login = || plex_tv_at(&format!("{}/api/v2", server.url())).link_code_login();
    let is_finished = |event: Event| matches!(event, DriverEvent::Finished);
    server.with(|fake| fake.misbehave("/pins", Misbehavior::answer(400, "", "")));

    let (http, mut flow) = (plex_auth_ureq::Transport::new(), login());
    assert!(http.drive(&mut flow).is_some());
    assert!(http.drive(&mut flow).is_none());
    assert!(is_finished(http.driver(&mut flow).step()));

    runtime().block_on(async {
        let (http, mut flow) = (plex_auth_hyper::Transport::new(), login());
        assert!(http.drive(&mut flow).await.is_some());
        assert!(http.drive(&mut flow).await.is_none());
        assert!(is_finished(http.driver(&mut flow).step().await));
    });
    assert_eq!(server.with(|fake| fake.requests().len()), 2);
}
