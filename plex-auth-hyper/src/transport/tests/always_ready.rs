//! Services and bodies that never wait, on a tokio runtime with one thread. Unless the transport
//! yields, the runtime does not process its timers.

#![cfg(feature = "client")]

use std::ops::ControlFlow;

use hyper_util::rt::TokioTimer;
use plex_auth_proto::flow::{Action, Completion, Now, RequestId};
use plex_auth_proto::{Flow, Step};

use super::*;

/// A body whose frames never end and are always ready.
struct Endless(fn() -> Frame<Bytes>);

impl Body for Endless {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Ok((self.0)())))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Creates a transport with a mock service whose response is always ready.
fn over_tokio<F, B>(response: F) -> Transport<Mock<F>>
where
    F: Fn() -> Response<B> + Clone,
{
    Transport::over(Mock { response, ready: false }, TokioTimer::new())
}

#[test]
fn a_body_that_never_waits_times_out() {
    let frames: [fn() -> Frame<Bytes>; 3] = [
        || Frame::data(Bytes::new()),
        || Frame::data(Bytes::from_static(b" ")),
        || Frame::trailers(plex_auth_proto::http::HeaderMap::new()),
    ];
    let limit = Duration::from_millis(50);
    for frame in frames {
        let error = in_time(move || {
            let transport = over_tokio(move || Response::new(Endless(frame)));
            let transport = transport.timeout(limit).max_body_size(usize::MAX);
            transport_error(block_on(transport.send(call())))
        });
        assert_eq!(error, (TransportErrorKind::TimedOut(limit), true));
    }
}

#[test]
fn other_tasks_run_while_a_body_is_read() {
    in_time(|| {
        let transport = over_tokio(|| Response::new(Endless(|| Frame::data(Bytes::new()))));
        block_on(async move {
            tokio::select! {
                _ = transport.timeout(Duration::MAX).send(call()) => panic!("the body ended"),
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        });
    });
}

/// A flow that sends the next request as soon as the previous one is complete.
struct Restless {
    id: RequestId,
    sent: bool,
}

impl Flow for Restless {
    type Output = ();

    fn poll(&mut self, _: Now) -> Step<()> {
        self.sent = !self.sent;
        match self.sent {
            true => Step::Do(self.id, Action::Send(call().into_outgoing().0)),
            false => Step::Wait(Some(Duration::from_secs(1))),
        }
    }

    fn complete(&mut self, _: Now, _: RequestId, _: Completion) {}
}

#[test]
fn a_flow_that_never_waits_can_be_stopped() {
    in_time(|| {
        let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap();
        let token = Token::new("xyz-Abc_0123456789ab").unwrap();
        let now = Now::without_wall_clock(Duration::ZERO);
        let Step::Do(id, _) = PlexTv::new(me).token_check(&token).poll(now) else {
            panic!("the check does not start with a request");
        };
        let transport = over_tokio(|| response(200, false, [r#"{"id": 1}"#]));
        let outcome = block_on(async {
            let mut flow = Restless { id, sent: false };
            let driven = transport.drive_with(&mut flow, |_, _| ControlFlow::Continue(()));
            tokio::time::timeout(Duration::from_millis(50), driven).await
        });
        assert!(outcome.is_err());
    });
}

#[test]
fn a_timer_without_a_runtime_is_an_error() {
    let transport = over_tokio(|| response(200, false, [r#"{"id": 1}"#]));
    let error = transport_error(smol::block_on(transport.send(call())));
    assert!(matches!(error, (TransportErrorKind::NotStarted(_), true)), "{error:?}");
}
