//! A refresher with a clock, and what becomes of its calls.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    RequestId, TransientTokenProgress as Progress, TransientTokenReason as Reason,
    TransientTokenRefresher,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Call, ClientIdentity, Error, Flow, MediaServer, Step, Token, TransientToken,
};

pub(crate) const HOUR: u64 = 3600;

/// What becomes of one call.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// A token with this number.
    Token(u32),
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Silence,
}

pub(crate) use Fate::{Answer, RetryAfter, Silence};

impl Fate {
    pub(crate) fn of(
        &self,
        call: &Call<TransientToken>,
    ) -> Result<Response<TransientToken>, Error> {
        let reply = call.reply();
        let builder = Response::builder();
        let response = match self {
            Self::Token(number) => {
                let body = format!(r#"<MediaContainer size="0" token="transient-5ea1-{number}"/>"#);
                return Ok(reply.read(Response::new(body))?);
            }
            Answer(status, body) => builder.status(*status).body(*body),
            RetryAfter(wait) => builder.status(503).header("retry-after", *wait).body(""),
            Silence => return Err(reply.transport_error(TransportErrorKind::Unreachable, false)),
        };
        Ok(reply.read(response.unwrap())?)
    }
}

pub(crate) fn server_at(url: &str, identifier: &str) -> MediaServer {
    let me = ClientIdentity::builder(identifier).build().unwrap();
    MediaServer::new(me, url.parse().unwrap(), Token::new("s3rv3r").unwrap())
}

pub(crate) fn refresher() -> TransientTokenRefresher {
    server_at("http://10.0.0.7:32400", "id").transient_token_refresher()
}

pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A refresher with a clock.
pub(crate) struct Play {
    pub(crate) refresher: TransientTokenRefresher,
    pub(crate) now: SystemTime,
    /// After how many seconds each call was sent.
    pub(crate) sent: Vec<u64>,
}

impl Play {
    pub(crate) fn new(refresher: TransientTokenRefresher) -> Self {
        Self { refresher, now: start(), sent: Vec::new() }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.now.duration_since(start()).unwrap().as_secs()
    }

    /// Waits until something is sent, for three days at most.
    pub(crate) fn sends(&mut self) -> Option<(RequestId, Call<TransientToken>)> {
        let until = self.now + Duration::from_secs(72 * HOUR);
        loop {
            match self.refresher.poll(self.now) {
                Step::Send(id, call) => {
                    self.sent.push(self.passed());
                    return Some((id, call));
                }
                Step::Wait(time) => {
                    assert!(!time.is_zero(), "a busy loop");
                    if time > until.duration_since(self.now).unwrap() {
                        self.now = until;
                        return None;
                    }
                    self.now += time;
                }
                Step::Done(never) => match never {},
            }
        }
    }

    pub(crate) fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.refresher.complete(self.now, id, fate.of(&call));
        self
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.refresher.token().map(Token::expose)
    }

    pub(crate) fn is_refused(&mut self) -> &mut Self {
        let token = self.refresher.token().expect("a token").clone();
        self.refresher.rejected(self.now, &token);
        self
    }

    pub(crate) fn reason(&self) -> Reason {
        match self.refresher.progress(self.now) {
            Progress::Active { reason, .. } => reason,
            progress => panic!("{progress:?}"),
        }
    }
}
