use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Pending, Ready, pending, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use plex_auth_proto::{Account, ClientIdentity, PlexTv, Token};
use smol_hyper::rt::SmolTimer;

use super::*;

type Frames = VecDeque<Result<Bytes, io::Error>>;

/// A body that is always ready: its frames, then empty ones for ever or the end.
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

/// Answers with what it is given, if it is ready where it is called.
struct Mock<F> {
    answer: F,
    ready: bool,
}

impl<F: Clone> Clone for Mock<F> {
    fn clone(&self) -> Self {
        Self { answer: self.answer.clone(), ready: false }
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
        assert!(self.ready, "called without being asked whether it is ready");
        ready(Ok((self.answer)()))
    }
}

fn over<F, B>(answer: F) -> Transport<Mock<F>>
where
    F: Fn() -> Response<B> + Clone,
{
    let ready = false;
    Transport::over(Mock { answer, ready }, SmolTimer::new())
}

fn answer(
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
    let mut answer = Response::new(Script { frames, endless });
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

fn call() -> Call<Account> {
    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58");
    let plex_tv = PlexTv::new(me.build().unwrap());
    plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab").unwrap())
}

fn no_answer<T>(result: Result<T, SendError>) -> (NoAnswerReason, bool) {
    let Err(SendError::NoAnswer(error)) = result else {
        panic!("an answer came");
    };
    (error.reason(), error.may_have_been_sent())
}

#[test]
fn an_answer_in_pieces_is_put_together() {
    let transport = over(|| answer(200, false, [r#"{"username""#, "", r#": "rosa"}"#]));
    let answer = smol::block_on(transport.exchange(call())).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body().username.as_deref(), Some("rosa"));
}

#[test]
fn a_success_that_is_cut_off_is_no_answer() {
    let transport = over(|| answer(200, false, [r#"{"username": "rosa"}"#, "!"]));
    let error = no_answer(smol::block_on(transport.send(call())));
    assert_eq!(error, (NoAnswerReason::CutOff, true));
}

#[test]
fn of_a_refusal_that_is_cut_off_the_status_decides() {
    let transport = over(|| answer(401, false, [r#"{"errors": [{"code": 1001}]}"#, "!"]));
    let error = smol::block_on(transport.send(call())).unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert!(error.is_token_dead());
}

#[test]
fn a_redirect_is_an_error() {
    let transport = over(|| {
        let mut answer = answer(302, false, []);
        let there = "http://10.0.0.7/?X-Plex-Token=abc".parse().unwrap();
        answer.headers_mut().insert("location", there);
        answer
    });
    let error = smol::block_on(transport.send(call())).unwrap_err();
    assert!(matches!(error.answered(), Some(plex_auth_proto::Error::Redirected { .. })));
}

#[test]
fn no_more_is_read_than_the_limit() {
    let transport = over(|| answer(200, true, ["0123456789", "abc", "!"])).max_body_size(12);
    let error = smol::block_on(transport.send(call())).unwrap_err();
    let error = error.answered().unwrap();
    assert!(matches!(error, plex_auth_proto::Error::BodyTooLarge { limit: 12, .. }));
}

#[test]
fn no_frame_makes_a_body_larger_than_the_limit() {
    let script = answer(200, false, ["0123456789", "abc"]).into_body();
    let mut clock = Clock::new(Arc::new(SmolTimer::new()), Duration::from_secs(9));
    let body = smol::block_on(AnswerBody::read(script, 4, &mut clock));
    assert_eq!(body.bytes.as_ref(), b"0123");
}

/// Fails where a lost limit would wait for ever.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    outcome.recv_timeout(Duration::from_secs(9)).expect("an outcome in time")
}

#[test]
fn a_body_of_empty_frames_without_end_runs_out_of_time() {
    let limit = Duration::from_millis(50);
    let transport = over(|| answer(200, true, [])).timeout(limit);
    let error = in_time(move || no_answer(smol::block_on(transport.send(call()))));
    assert_eq!(error, (NoAnswerReason::TimedOut(limit), true));
}

/// Never ready, or never done.
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
fn what_a_silent_service_was_given_may_have_been_sent() {
    let limit = Duration::from_millis(20);
    for ready in [false, true] {
        let transport = Transport::over(Silent { ready }, SmolTimer::new()).timeout(limit);
        let error = in_time(move || no_answer(smol::block_on(transport.send(call()))));
        assert_eq!(error, (NoAnswerReason::TimedOut(limit), ready));
    }
}

#[test]
fn the_deadline_of_a_call_goes_before_the_timeout() {
    let limit = Duration::from_millis(20);
    let transport = Transport::over(Silent { ready: true }, SmolTimer::new());
    let call = call().deadline(limit);
    let error = in_time(move || no_answer(smol::block_on(transport.send(call))));
    assert_eq!(error.0, NoAnswerReason::TimedOut(limit));
}

#[test]
fn a_longest_timeout_is_none() {
    let transport = over(|| answer(200, false, ["{}"])).timeout(Duration::MAX);
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
    fn without_a_runtime_nothing_is_started() {
        let error = no_answer(smol::block_on(Transport::new().send(call())));
        let why = "no tokio runtime is running here";
        assert_eq!(error, (NoAnswerReason::NotStarted(why), false));
    }

    #[test]
    fn a_runtime_that_lacks_something_is_an_error() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let call = || {
            Call::status_only("getNothing", Request::get("http://127.0.0.1:9").body(()).unwrap())
        };
        for _ in ["timer", "I/O"] {
            let runtime = builder.build().unwrap();
            let error = no_answer(runtime.block_on(Transport::new().send(call())));
            assert!(matches!(error, (NoAnswerReason::NotStarted(_), false)), "{error:?}");
            builder.enable_time();
        }
        let runtime = builder.enable_io().build().unwrap();
        let error = no_answer(runtime.block_on(Transport::new().send(call())));
        assert!(!matches!(error.0, NoAnswerReason::NotStarted(_)), "{error:?}");
    }

    #[test]
    fn a_url_without_a_host_is_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for url in ["/pins/1", "ftp://plex.tv/pins/1"] {
            let call = Call::status_only("getNothing", Request::get(url).body(()).unwrap());
            let error = no_answer(runtime.block_on(Transport::new().send(call)));
            assert!(matches!(error, (NoAnswerReason::NotStarted(_), false)), "{error:?}");
        }
    }
}
