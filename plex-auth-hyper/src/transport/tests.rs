use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Pending, Ready, pending, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::{Account, ClientIdentity, PlexTv, Token};
use smol_hyper::rt::SmolTimer;

use super::*;

type Frames = VecDeque<Result<Bytes, io::Error>>;

/// A body that is always ready. After its frames, it ends or yields empty frames endlessly.
struct Script {
    frames: Frames,
    endless: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = self.frames.pop_front();
        let next = next.or(self.endless.then(|| Ok(Bytes::new())));
        Poll::Ready(next.map(|frame| frame.map(Frame::data)))
    }
}

/// A service that returns a given response. It panics if it is called before it is ready.
struct Mock<F> {
    response: F,
    ready: bool,
}

impl<F: Clone> Clone for Mock<F> {
    fn clone(&self) -> Self {
        Self { response: self.response.clone(), ready: false }
    }
}

impl<F, B> Service<Request<RequestBody>> for Mock<F>
where
    F: Fn() -> Response<B>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        assert!(self.ready, "called before it was ready");
        ready(Ok((self.response)()))
    }
}

fn over<F, B>(response: F) -> Transport<Mock<F>>
where
    F: Fn() -> Response<B> + Clone,
{
    let ready = false;
    Transport::over(Mock { response, ready }, SmolTimer::new())
}

fn response(
    status: u16,
    endless: bool,
    frames: impl IntoIterator<Item = &'static str>,
) -> Response<Script> {
    let frames = frames
        .into_iter()
        .map(|text| match text {
            "!" => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(Bytes::from(text)),
        })
        .collect();
    let mut response = Response::new(Script { frames, endless });
    *response.status_mut() = status.try_into().unwrap();
    response
}

fn call() -> Call<Account> {
    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58");
    let plex_tv = PlexTv::new(me.build().unwrap());
    plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab").unwrap())
}

fn transport_error<T>(result: Result<T, Error>) -> (TransportErrorKind, bool) {
    let Err(Error::Transport(error)) = result else {
        panic!("the exchange succeeded");
    };
    (error.kind(), error.may_have_been_sent())
}

#[test]
fn frames_are_joined() {
    let transport = over(|| response(200, false, [r#"{"username""#, "", r#": "rosa"}"#]));
    let response = smol::block_on(transport.exchange(call())).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.body().username.as_deref(), Some("rosa"));
}

#[test]
fn truncated_success_is_an_error() {
    let transport = over(|| response(200, false, [r#"{"username": "rosa"}"#, "!"]));
    let error = transport_error(smol::block_on(transport.send(call())));
    assert_eq!(error, (TransportErrorKind::CutOff, true));
}

#[test]
fn a_truncated_refusal_keeps_its_status() {
    let transport = over(|| response(401, false, [r#"{"errors": [{"code": 1001}]}"#, "!"]));
    let error = smol::block_on(transport.send(call())).unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert!(error.is_token_invalid());
}

#[test]
fn a_redirect_is_an_error() {
    let transport = over(|| {
        let mut response = response(302, false, []);
        let there = "http://10.0.0.7/?X-Plex-Token=abc".parse().unwrap();
        response.headers_mut().insert("location", there);
        response
    });
    let error = smol::block_on(transport.send(call())).unwrap_err();
    assert!(matches!(error.as_response(), Some(plex_auth_proto::ResponseError::Redirected { .. })));
}

#[test]
fn reading_stops_at_the_limit() {
    let transport = over(|| response(200, true, ["0123456789", "abc", "!"])).max_body_size(12);
    let error = smol::block_on(transport.send(call())).unwrap_err();
    let error = error.as_response().unwrap();
    assert!(matches!(error, plex_auth_proto::ResponseError::BodyTooLarge { limit: 12, .. }));
}

#[test]
fn a_frame_is_cut_at_the_limit() {
    let script = response(200, false, ["0123456789", "abc"]).into_body();
    let mut deadline = Deadline::new(Arc::new(SmolTimer::new()), Duration::from_secs(9));
    let (body, error) = smol::block_on(crate::response_body::read(script, 4, &mut deadline));
    assert_eq!((body.as_ref(), error), (b"0123".as_slice(), None));
}

/// Runs `work`, and fails instead of hanging if a limit is not enforced.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    outcome.recv_timeout(Duration::from_secs(60)).expect("an outcome in time")
}

#[test]
fn an_endless_body_times_out() {
    let limit = Duration::from_millis(50);
    let transport = over(|| response(200, true, [])).timeout(limit);
    let error = in_time(move || transport_error(smol::block_on(transport.send(call()))));
    assert_eq!(error, (TransportErrorKind::TimedOut(limit), true));
}

/// A service that is never ready, or never responds.
#[derive(Clone)]
struct Silent {
    ready: bool,
}

impl Service<Request<RequestBody>> for Silent {
    type Response = Response<Script>;
    type Error = Infallible;
    type Future = Pending<Result<Response<Script>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self.ready {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        pending()
    }
}

#[test]
fn a_timeout_after_ready_may_have_sent() {
    let limit = Duration::from_millis(20);
    for ready in [false, true] {
        let transport = Transport::over(Silent { ready }, SmolTimer::new()).timeout(limit);
        let error = in_time(move || transport_error(smol::block_on(transport.send(call()))));
        assert_eq!(error, (TransportErrorKind::TimedOut(limit), ready));
    }
}

#[test]
fn deadline_of_a_call_takes_precedence() {
    let limit = Duration::from_millis(20);
    let transport = Transport::over(Silent { ready: true }, SmolTimer::new());
    let call = call().deadline(limit);
    let error = in_time(move || transport_error(smol::block_on(transport.send(call))));
    assert_eq!(error.0, TransportErrorKind::TimedOut(limit));
}

#[test]
fn the_maximum_timeout_does_not_overflow() {
    let transport = over(|| response(200, false, ["{\"id\":7}"])).timeout(Duration::MAX);
    assert!(smol::block_on(transport.send(call())).is_ok());
}

#[test]
fn futures_can_be_sent_and_spawned() {
    fn check(_: impl Future + Send + 'static) {}
    fn shared(_: &(impl Send + Sync)) {}
    let transport = Transport::over(Silent { ready: true }, SmolTimer::new());
    check(transport.send(call()));
    check(transport.exchange(call()));
    shared(&transport);
}

#[test]
fn an_invalid_port_is_not_replaced_by_the_default() {
    let transport = over(|| response(200, false, []));
    for url in ["http://127.0.0.1:65536/", "http://[::1]:324000/", "http://a:b@127.0.0.1:99999/"] {
        let call = Call::status_only("getNothing", Request::get(url).body(()).unwrap());
        let error = transport_error(smol::block_on(transport.send(call)));
        let reason = "the port in the URL is invalid";
        assert_eq!(error, (TransportErrorKind::NotStarted(reason), false), "{url}");
    }
    let call =
        Call::status_only("getNothing", Request::get("http://127.0.0.1:/").body(()).unwrap());
    smol::block_on(transport.send(call)).unwrap();
}

#[cfg(feature = "client")]
mod with_the_client {
    use super::*;

    #[test]
    fn futures_can_be_sent_and_spawned() {
        fn check(_: impl Future + Send + 'static) {}
        fn shared(_: &(impl Send + Sync)) {}
        let transport = Transport::new();
        check(transport.send(call()));
        check(transport.exchange(call()));
        shared(&transport);
    }

    #[test]
    fn a_missing_runtime_is_an_error() {
        let error = transport_error(smol::block_on(Transport::new().send(call())));
        let reason = "the request must be sent from within a tokio runtime";
        assert_eq!(error, (TransportErrorKind::NotStarted(reason), false));
    }

    #[test]
    fn a_runtime_without_timer_or_io_is_an_error() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let call = || {
            Call::status_only("getNothing", Request::get("http://127.0.0.1:9").body(()).unwrap())
        };
        for _ in ["timer", "I/O"] {
            let runtime = builder.build().unwrap();
            let error = transport_error(runtime.block_on(Transport::new().send(call())));
            assert!(matches!(error, (TransportErrorKind::NotStarted(_), false)), "{error:?}");
            builder.enable_time();
        }
        let runtime = builder.enable_io().build().unwrap();
        let error = transport_error(runtime.block_on(Transport::new().send(call())));
        assert!(!matches!(error.0, TransportErrorKind::NotStarted(_)), "{error:?}");
    }

    #[test]
    fn a_url_without_a_host_is_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for url in ["/pins/1", "ftp://plex.tv/pins/1"] {
            let call = Call::status_only("getNothing", Request::get(url).body(()).unwrap());
            let error = transport_error(runtime.block_on(Transport::new().send(call)));
            assert!(matches!(error, (TransportErrorKind::NotStarted(_), false)), "{error:?}");
        }
    }
}

mod always_ready;
mod broken_timer;
mod observer;
mod second_attempt;
