//! A clock and a plex.tv that are made up, and what a login meets with there.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{LinkedPin, PinAnswer, PinLogin, PinLoginError, PinProgress};
use plex_auth_proto::http::Response;
use plex_auth_proto::pin::ShortPin;
use plex_auth_proto::{Call, ClientIdentity, Error, Flow, PlexTv, Step};

pub(crate) const MADE: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
pub(crate) const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
pub(crate) const LINKED: &str = r#"{"id":2147483650,"authToken":"xyz-Abc_0123456789ab"}"#;
pub(crate) const OVER: &str = r#"{"id":2147483650,"expiresIn":0}"#;
pub(crate) const GONE: &str = r#"{"errors":[{"code":1020,"message":"Code not found or expired"}]}"#;

/// What becomes of one call.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Silence(TransportErrorKind),
}

pub(crate) use Fate::{Answer, RetryAfter, Silence};

impl Fate {
    pub(crate) fn of<T>(&self, call: &Call<T>) -> Result<Response<T>, Error> {
        let reply = call.reply();
        let builder = Response::builder();
        let response = match self {
            Answer(status, body) => builder.status(*status).body(*body),
            RetryAfter(wait) => builder.status(429).header("retry-after", *wait).body(""),
            Silence(reason) => return Err(reply.transport_error(*reason, true)),
        };
        Ok(reply.read(response.unwrap())?)
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Answer(status, _) => Some(*status),
            RetryAfter(_) => Some(429),
            Silence(_) => None,
        }
    }
}

pub(crate) type Outcome = Result<LinkedPin, PinLoginError>;

/// A login with a clock.
pub(crate) struct Play {
    pub(crate) login: PinLogin<ShortPin>,
    pub(crate) now: SystemTime,
    /// When each call was sent, by that clock.
    pub(crate) sent: Vec<SystemTime>,
    pub(crate) outcome: Option<Outcome>,
}

pub(crate) fn plex_tv(identifier: &str) -> PlexTv {
    PlexTv::new(ClientIdentity::builder(identifier).build().unwrap())
}

pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

impl Play {
    pub(crate) fn new() -> Self {
        Self::with(plex_tv("id").short_pin_login())
    }

    pub(crate) fn with(login: PinLogin<ShortPin>) -> Self {
        Self { login, now: start(), sent: Vec::new(), outcome: None }
    }

    /// Waits until something is sent, which it returns, or it is over.
    pub(crate) fn sends(
        &mut self,
    ) -> Option<(plex_auth_proto::flow::RequestId, Call<PinAnswer<ShortPin>>)> {
        loop {
            match self.login.poll(self.now) {
                Step::Send(id, call) => {
                    self.sent.push(self.now);
                    return Some((id, call));
                }
                Step::Wait(time) => {
                    assert!(!time.is_zero(), "a busy loop");
                    self.now += time;
                }
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
    }

    /// The next call meets this fate.
    pub(crate) fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.login.complete(self.now, id, fate.of(&call));
        self
    }

    pub(crate) fn ends(&mut self) -> Outcome {
        assert!(self.sends().is_none(), "it goes on");
        self.outcome.take().unwrap()
    }

    pub(crate) fn gaps(&self) -> Vec<u64> {
        self.sent
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]).unwrap().as_secs())
            .collect()
    }

    pub(crate) fn left(&self) -> u64 {
        match self.login.progress(self.now) {
            PinProgress::Waiting { left, .. } => left.as_secs(),
            progress => panic!("{progress:?}"),
        }
    }
}
