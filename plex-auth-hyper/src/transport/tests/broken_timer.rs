//! A timer that panics, as tokio's does if there is no runtime or the runtime has been shut down.

use std::time::Instant;

use hyper::rt::{Sleep, Timer};
use plex_auth_proto::flow::{Completion, Now, RequestId};
use plex_auth_proto::{Flow, Step};

use super::*;

/// A timer whose sleeps can be polled `polls` times before they panic.
#[derive(Clone, Copy)]
struct BrokenTimer {
    polls: u32,
}

impl Timer for BrokenTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(*self)
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(*self)
    }
}

impl Future for BrokenTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.polls = self.polls.checked_sub(1).expect("a timer that works");
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Sleep for BrokenTimer {}

#[test]
fn a_panicking_timer_ends_the_exchange() {
    for polls in [0, 1] {
        for ready in [false, true] {
            let transport = Transport::over(Silent { ready }, BrokenTimer { polls });
            let error = in_time(move || transport_error(smol::block_on(transport.send(call()))));
            assert!(matches!(error, (TransportErrorKind::NotStarted(_), sent) if sent == ready));
        }
    }
}

#[test]
fn a_panicking_timer_ends_a_body() {
    let response = || response(200, true, []);
    let transport = Transport::over(Mock { response, ready: false }, BrokenTimer { polls: 9 });
    let error = in_time(move || transport_error(smol::block_on(transport.send(call()))));
    assert!(matches!(error, (TransportErrorKind::NotStarted(_), true)), "{error:?}");
}

/// A flow that waits the given number of times, for the given duration each time.
struct Waits(u32, Duration);

impl Flow for Waits {
    type Output = ();

    fn poll(&mut self, _: Now) -> Step<()> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Step::Wait(Some(self.1))
            }
            None => Step::Done(()),
        }
    }

    fn complete(&mut self, _: Now, _: RequestId, _: Completion) {}
}

#[test]
fn a_flow_survives_a_panicking_timer() {
    let transport = Transport::over(Silent { ready: true }, BrokenTimer { polls: 0 });
    let mut flow = Waits(2, Duration::from_millis(1));
    assert_eq!(in_time(move || smol::block_on(transport.drive(&mut flow))), Some(()));
}

#[test]
fn a_flow_without_a_timer_does_not_block() {
    in_time(|| {
        let transport = Transport::over(Silent { ready: true }, BrokenTimer { polls: 0 });
        let mut flow = Waits(1, Duration::from_secs(3600));
        let driven = std::pin::pin!(transport.drive(&mut flow));
        assert!(driven.poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
    });
}
