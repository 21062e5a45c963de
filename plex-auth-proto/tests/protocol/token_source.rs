//! A token source's slot and the flow that fills it, with a clock that the tests advance.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use plex_auth_proto::error::Outcome;
use plex_auth_proto::flow::{Completion, Now, RequestId};
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::token_source::{
    HeldToken, Refresher, SharedRefresher, TokenError, TokenIssuer, TokenSlot,
};
use plex_auth_proto::{Call, ClientIdentity, Error, Flow, Host, MediaServer, PlexTv, Step, Token};

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn at(seconds: u64) -> Now {
    Now::without_wall_clock(Duration::from_secs(seconds))
}

/// A waker that counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A refresher whose token the test sets.
struct Manual {
    held: Option<HeldToken>,
    rejections: usize,
    end: Option<fn() -> Step<ManualEnd>>,
}

type ManualEnd = Box<dyn std::error::Error + Send + Sync>;

impl Flow for Manual {
    type Output = ManualEnd;

    fn poll(&mut self, _: Now) -> Step<ManualEnd> {
        self.end.map_or(Step::Wait(None), |end| end())
    }

    fn complete(&mut self, _: Now, _: RequestId, _: Completion) {}
}

impl Refresher for &mut Manual {
    fn current(&self, _: Now) -> Option<HeldToken> {
        self.held.clone()
    }

    fn rejected(&mut self, _: Now, _: &Token) {
        self.rejections += 1;
        self.held = None;
    }

    fn revision(&self) -> u64 {
        0
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::plex_tv()
    }

    fn enable_saving(&mut self) {}

    fn last_error(&self) -> Option<Arc<dyn std::error::Error + Send + Sync>> {
        Some(Arc::new(std::io::Error::other("an outage")))
    }
}

fn manual(text: &str, left: Option<u64>) -> Manual {
    let held = HeldToken::new(token(text), left.map(Duration::from_secs));
    Manual { held: Some(held), rejections: 0, end: None }
}

fn get(slot: &TokenSlot, now: Now) -> Poll<Result<Token, TokenError>> {
    slot.wait().poll(now, &mut Context::from_waker(Waker::noop()))
}

fn is(slot: &TokenSlot, now: Now, text: &str) -> bool {
    matches!(get(slot, now), Poll::Ready(Ok(token)) if token.expose() == text)
}

#[test]
fn many_rejections_count_as_one() {
    let mut refresher = manual("t1", None);
    let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
    let driver = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&driver));
    assert!(slot.poll_driver(&mut Context::from_waker(&waker)).is_pending());
    for _ in 0..1000 {
        slot.rejected(&token("t1"));
    }
    assert_eq!(driver.count(), 1);
    assert!(slot.poll_driver(&mut Context::from_waker(&waker)).is_ready());
    assert!(get(&slot, at(0)).is_pending());
    assert!(matches!(flow.poll(at(0)), Step::Wait(None)));
    slot.rejected(&token("t1"));
    assert!(slot.poll_driver(&mut Context::from_waker(&waker)).is_pending());
    drop(flow);
    assert_eq!(refresher.rejections, 1);
}

#[test]
fn rejected_token_is_not_published_again() {
    let mut refresher = manual("t1", None);
    let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
    slot.rejected(&token("t1"));
    // A completion arrives before the flow is polled.
    let mut other = PlexTv::new(ClientIdentity::builder("id").build().unwrap()).link_code_login();
    let Step::Do(id, _) = other.poll(at(0)) else { panic!() };
    flow.complete(at(0), id, Completion::Cancelled);
    assert!(get(&slot, at(0)).is_pending());
}

#[test]
fn expired_token_is_not_returned() {
    let wall = |seconds| std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let now = |elapsed, seconds| Now::new(Duration::from_secs(elapsed), wall(seconds));
    let mut refresher = manual("t1", Some(60));
    let (slot, flow) = SharedRefresher::new(&mut refresher, now(5, 1000));
    assert!(is(&slot, now(64, 1059), "t1"));
    // The computer slept, which only the wall clock shows.
    let driver = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&driver));
    assert!(slot.poll_driver(&mut Context::from_waker(&waker)).is_pending());
    assert!(get(&slot, now(6, 1060)).is_pending());
    assert_eq!(driver.count(), 1, "the refresher is not woken");
    drop(flow);
    // On a device without a wall clock, elapsed time decides.
    let (slot, _flow) = SharedRefresher::new(&mut refresher, at(5));
    assert!(is(&slot, at(64), "t1"));
    assert!(get(&slot, at(65)).is_pending());
}

#[test]
fn token_of_a_finished_refresher_stays_valid() {
    let mut refresher = manual("t1", None);
    refresher.end = Some(|| Step::Done("removed".into()));
    let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
    assert!(slot.status().last_error().is_some());
    assert!(matches!(flow.poll(at(0)), Step::Done(())));
    assert!(slot.status().last_error().is_none(), "the error is no longer being retried");
    assert!(matches!(flow.poll(at(0)), Step::Finished));
    assert!(is(&slot, at(0), "t1"));
    slot.rejected(&token("t1"));
    assert!(matches!(get(&slot, at(0)), Poll::Ready(Err(TokenError::Ended(_)))));
    assert!(matches!(slot.status().end(), Some(TokenError::Ended(_))));
}

/// Returns a waker that reads the slot whenever the waker is woken or its last clone is dropped.
fn reading_waker(slot: &TokenSlot) -> Waker {
    #[derive(Clone)]
    struct Reading(TokenSlot);
    impl Drop for Reading {
        fn drop(&mut self) {
            self.0.status();
        }
    }
    impl Wake for Reading {
        fn wake(self: Arc<Self>) {
            self.0.status();
        }
    }
    Waker::from(Arc::new(Reading(slot.clone())))
}

#[test]
fn waker_can_use_the_slot() {
    let mut refresher = Manual { held: None, rejections: 0, end: None };
    let (slot, flow) = SharedRefresher::new(&mut refresher, at(0));
    let mut wait = slot.wait();
    for _ in 0..2 {
        let waker = reading_waker(&slot);
        let mut cx = Context::from_waker(&waker);
        assert!(wait.poll(at(0), &mut cx).is_pending());
        assert!(slot.poll_driver(&mut cx).is_pending());
    }
    slot.shutdown();
    drop(flow);
}

#[test]
fn finished_refresher_ends_the_slot() {
    let mut refresher = Manual { held: None, rejections: 0, end: Some(|| Step::Finished) };
    let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
    assert!(get(&slot, at(0)).is_pending());
    assert!(matches!(flow.poll(at(0)), Step::Finished));
    assert!(matches!(get(&slot, at(0)), Poll::Ready(Err(TokenError::Stopped))));
}

#[test]
fn waiting_callers_learn_of_the_end() {
    let none = || Manual { held: None, rejections: 0, end: None };
    for is_shutdown in [true, false] {
        let mut refresher = none();
        let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut waits = [slot.wait(), slot.wait()];
        assert!(waits.iter_mut().all(|wait| wait.poll(at(0), &mut cx).is_pending()));
        drop(slot.wait());
        if is_shutdown {
            slot.shutdown();
            assert!(matches!(flow.poll(at(0)), Step::Done(())));
        }
        drop(flow);
        let status = slot.status();
        assert_eq!(matches!(status.end(), Some(TokenError::ShutDown)), is_shutdown, "{status:?}");
        assert_eq!(woken.count(), 2);
        for wait in &mut waits {
            match wait.poll(at(0), &mut cx) {
                Poll::Ready(Err(TokenError::ShutDown)) if is_shutdown => {}
                Poll::Ready(Err(TokenError::Stopped)) if !is_shutdown => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn dropped_wait_is_not_woken() {
    let mut refresher = Manual { held: None, rejections: 0, end: None };
    let (slot, flow) = SharedRefresher::new(&mut refresher, at(0));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut wait = slot.wait();
    assert!(wait.poll(at(0), &mut Context::from_waker(&waker)).is_pending());
    drop(wait);
    drop(flow);
    assert_eq!((woken.count(), Arc::strong_count(&woken)), (0, 2));
}

#[test]
fn callback_never_waits_for_the_token() {
    let mut refresher = Manual { held: None, rejections: 0, end: None };
    let (slot, flow) = SharedRefresher::new(&mut refresher, at(0));
    let inside = slot.in_save(|| get(&slot, at(0))).unwrap();
    assert!(matches!(inside, Poll::Ready(Err(TokenError::BeingSaved))), "{inside:?}");
    assert!(get(&slot, at(0)).is_pending());
    drop(flow);
    let mut refresher = manual("t1", None);
    let (slot, _flow) = SharedRefresher::new(&mut refresher, at(0));
    assert!(slot.in_save(|| is(&slot, at(0), "t1")).unwrap());
}

#[test]
fn panic_of_the_callback_is_an_error() {
    let mut refresher = Manual { held: None, rejections: 0, end: None };
    let (slot, _flow) = SharedRefresher::new(&mut refresher, at(0));
    let error = slot.in_save(|| panic!("t0k3n")).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("panicked") && !source.contains("t0k3n"));
    // The thread no longer counts as the one that runs the callback.
    assert!(get(&slot, at(0)).is_pending());
}

/// A panic payload that panics when it is dropped.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        // A test that fails may drop it while it unwinds.
        assert!(std::thread::panicking(), "the payload was dropped");
    }
}

#[test]
fn panic_payload_of_the_callback_is_not_dropped() {
    let mut refresher = Manual { held: None, rejections: 0, end: None };
    let (slot, _flow) = SharedRefresher::new(&mut refresher, at(0));
    assert!(slot.in_save(|| std::panic::panic_any(Payload)).is_err());
}

/// Returns the error for a response with this status and body to a call that sends the token `t1`
/// to this URL and host.
fn refusal(url: &str, host: Option<Host>, status: u16, body: &'static str) -> Error {
    let request = Request::post(url).header("x-plex-token", "t1").body(()).unwrap();
    let call = Call::status_only("x", request);
    let call = host.into_iter().fold(call, Call::host);
    let response = Response::builder().status(status).body(body).unwrap();
    call.into_parts().1.parse(&response).unwrap_err().into()
}

const INVALID: &str = r#"{"errors":[{"code":1001,"message":"User could not be authenticated"}]}"#;

#[test]
fn only_the_issuer_rejects_a_token() {
    let me = ClientIdentity::builder("id").build().unwrap();
    let server = MediaServer::new(me, "http://10.0.0.7:32400".parse().unwrap(), token("s"));
    let (plex, pms) = (Some(Host::PlexTv), Some(Host::MediaServer));
    let (account, transient) = (TokenIssuer::plex_tv(), TokenIssuer::media_server(&server));
    for (url, host, status, body, by_plex, by_server) in [
        ("https://plex.tv/x", plex, 401, INVALID, true, false),
        ("https://plex.tv/x", plex, 401, "<html>portal</html>", false, false),
        ("https://plex.tv/x", plex, 403, INVALID, false, false),
        ("http://10.0.0.7:32400/x", pms, 401, "", false, true),
        ("http://10.0.0.7:32400/x", pms, 401, INVALID, false, true),
        ("http://10.0.0.7:32400/x", pms, 403, "", false, false),
        (
            "http://10.0.0.7:32400/x",
            pms,
            422,
            r#"{"errors":[{"code":1,"message":"Invalid token"}]}"#,
            false,
            false,
        ),
        ("http://10.0.0.8:32400/x", pms, 401, "", false, false),
        ("http://10.0.0.7:32400/x", None, 422, r#"{"error":"Invalid token"}"#, false, false),
        ("https://plex.tv/x", plex, 422, r#"{"error":"Invalid token"}"#, true, false),
    ] {
        let error = refusal(url, host, status, body);
        assert_eq!(account.has_rejected(&error), by_plex, "{url} {status} {body}");
        assert_eq!(transient.has_rejected(&error), by_server, "{url} {status} {body}");
    }
}

#[test]
fn call_is_sent_again_only_if_that_is_safe() {
    let mut refresher = manual("t1", None);
    let (slot, mut flow) = SharedRefresher::new(&mut refresher, at(0));
    let refused = refusal("https://plex.tv/x", Some(Host::PlexTv), 401, INVALID);
    assert_eq!(refused.outcome(), Outcome::Refused);
    let unknown = refusal("https://plex.tv/x", Some(Host::PlexTv), 502, "");
    let elsewhere = refusal("http://10.0.0.7:32400/x", Some(Host::MediaServer), 401, INVALID);
    for error in [&unknown, &elsewhere] {
        for is_idempotent in [true, false] {
            assert!(!slot.call_failed(&token("t1"), error, is_idempotent));
        }
    }
    assert!(is(&slot, at(0), "t1"), "another error made the token invalid");
    assert!(slot.call_failed(&token("t1"), &refused, false));
    let _ = flow.poll(at(0));
    drop(flow);
    assert_eq!(refresher.rejections, 1);

    // If a call does not specify its host, it is unknown which host refused the call, so the call
    // may have been carried out.
    let me = ClientIdentity::builder("id").build().unwrap();
    let server = MediaServer::new(me, "http://10.0.0.7:32400".parse().unwrap(), token("t1"));
    for is_idempotent in [true, false] {
        let (slot, _flow) = SharedRefresher::new(server.fixed_token(), at(0));
        let error = refusal("http://10.0.0.7:32400/x", None, 401, "");
        assert_eq!(slot.call_failed(&token("t1"), &error, is_idempotent), is_idempotent);
        assert!(!is(&slot, at(0), "t1"));
    }
}
