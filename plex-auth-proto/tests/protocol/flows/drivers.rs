//! The drivers that call closures.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{self, Driver, DriverEvent, Now, TokenCheck, TokenState};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Body, Outgoing, Token, TransportError};

use super::harness::{plex_tv, start};

fn check() -> TokenCheck {
    plex_tv("id").token_check(&Token::new("xyz-Abc_0123456789ab").unwrap())
}

fn valid() -> Result<Response<Body>, TransportError> {
    Ok(Response::new(Body::from(r#"{"id":7}"#)))
}

fn cut_off(outgoing: &Outgoing) -> Result<Response<Body>, TransportError> {
    Err(outgoing.transport_error(TransportErrorKind::CutOff, true))
}

/// Polls a future until it is ready, which takes only a few polls.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("the future is not ready")
}

fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn closures_drive_a_flow_to_its_end() {
    let now = Cell::new(start());
    let mut responses = vec![false, true].into_iter();
    let mut check = check();
    let fetch = |outgoing: Outgoing| match responses.next() {
        Some(true) => valid(),
        _ => cut_off(&outgoing),
    };
    let sleep = |time| now.set(now.get() + time);
    let state = flow::drive(&mut check, fetch, sleep, || now.get());
    assert!(matches!(state, Some(TokenState::Valid(_))));
    assert_eq!(now.get(), start() + Duration::from_secs(2));
    // Driving a finished flow does not hang.
    assert!(flow::drive(&mut check, |_| valid(), |_| {}, start).is_none());
    let again = flow::drive_async(&mut check, |_| ready(valid()), |_| ready(()), start);
    assert!(block_on(again).is_none());
}

#[test]
fn async_closures_drive_a_flow_to_its_end() {
    let now = Cell::new(start());
    let failures = Cell::new(3);
    let fetch = |outgoing: Outgoing| {
        ready(if failures.replace(failures.get() - 1) > 0 { cut_off(&outgoing) } else { valid() })
    };
    let sleep = |time| {
        now.set(now.get() + time);
        ready(())
    };
    let state = block_on(flow::drive_async(&mut check(), fetch, sleep, || now.get()));
    assert!(matches!(state, Some(TokenState::Valid(_))));
    assert_eq!(now.get(), start() + Duration::from_secs(2 + 4 + 8));
}

#[test]
fn dropped_step_loses_no_request() {
    let (sent, is_ready) = (Cell::new(0), Cell::new(false));
    let fetch = |_| {
        sent.set(sent.get() + 1);
        std::future::poll_fn(|_| if is_ready.get() { Poll::Ready(valid()) } else { Poll::Pending })
    };
    let mut driver = Driver::new(check(), fetch, |_| pending(), start);
    assert!(matches!(poll_once(driver.step()), Some(DriverEvent::Progress)));
    for _ in 0..5 {
        assert!(poll_once(driver.step()).is_none());
    }
    is_ready.set(true);
    assert!(matches!(block_on(driver.step()), DriverEvent::Progress));
    assert!(matches!(block_on(driver.step()), DriverEvent::Done(TokenState::Valid(_))));
    assert!(matches!(block_on(driver.step()), DriverEvent::Finished));
    assert_eq!(sent.get(), 1);
}

#[test]
fn dropped_driver_cancels_its_requests() {
    let now = Cell::new(start());
    let sent = RefCell::new(Vec::new());
    let mut check = check();
    for _ in 0..3 {
        let fetch = |_| {
            sent.borrow_mut().push(now.get().elapsed());
            pending()
        };
        let sleep = |_: Duration| pending();
        let mut driver = Driver::new(&mut check, fetch, sleep, || now.get());
        for _ in 0..3 {
            let _ = poll_once(driver.step());
        }
        drop(driver);
        now.set(now.get() + Duration::from_secs(1));
    }
    let first = start().elapsed();
    assert_eq!(*sent.borrow(), [0, 1, 2].map(|second| first + Duration::from_secs(second)));
    let state =
        block_on(flow::drive_async(&mut check, |_| ready(valid()), |_| ready(()), || now.get()));
    assert!(matches!(state, Some(TokenState::Valid(_))));
}

#[test]
fn ready_work_yields_to_other_tasks() {
    // The clock stands still, so the flow never ends: if the driver did not yield, a single poll
    // would never return.
    let fetch = |outgoing: Outgoing| ready(cut_off(&outgoing));
    let drive = Driver::new(check(), fetch, |_| ready(()), start);
    let mut drive = drive;
    assert!(poll_once(drive.run()).is_none());
}

#[test]
fn any_clock_of_the_program_works() {
    let tv = Now::without_wall_clock(Duration::ZERO);
    let state = flow::drive(&mut check(), |_| valid(), |_| {}, || tv);
    assert!(matches!(state, Some(TokenState::Valid(_))));
}
