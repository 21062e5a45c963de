//! Scripted responses, and a driver with a clock that the test advances.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    Action, Completion, ConnectionChoice, ConnectionProgress, DeviceLogin, DeviceLoginProgress,
    DeviceTokenProgress, DeviceTokenRefresher, Now, PinLogin, PinProgress, RequestId,
    RetryProgress, ServerAccess, SignRequest, TokenCheck, TransientTokenProgress,
    TransientTokenRefresher,
};
use plex_auth_proto::http::{Method, Response};
use plex_auth_proto::jwt::DeviceKey;
use plex_auth_proto::{Body, ClientIdentity, Flow, Outgoing, PlexTv, Secret, Step};

/// The result of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scripted {
    /// A response with this status and body.
    Answer(u16, &'static str),
    /// A response with status 200 and a body that the test has built.
    Built(String),
    /// A response with status 200, this `Date` header and this body.
    Dated(&'static str, &'static str),
    /// A response with this status and `Retry-After` header.
    RetryAfter(u16, &'static str),
    /// A transport error, and whether the request may have been sent.
    TransportError(TransportErrorKind, bool),
}

pub(crate) use Scripted::{Answer, Built, Dated, RetryAfter, TransportError};

impl Scripted {
    pub(crate) fn completion(&self, outgoing: &Outgoing) -> Completion {
        let builder = Response::builder();
        let response = match self {
            Answer(status, body) => builder.status(*status).body(Body::from(*body)),
            Built(body) => builder.body(Body::from(body.as_str())),
            Dated(date, body) => builder.header("date", *date).body(Body::from(*body)),
            RetryAfter(status, wait) => {
                builder.status(*status).header("retry-after", *wait).body(Body::empty())
            }
            TransportError(kind, sent) => {
                return Completion::Failed(outgoing.transport_error(*kind, *sent));
            }
        };
        Completion::Response(response.unwrap())
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Answer(status, _) | RetryAfter(status, _) => Some(*status),
            Built(_) | Dated(..) => Some(200),
            TransportError(..) => None,
        }
    }
}

pub(crate) fn cut_off(sent: bool) -> Scripted {
    TransportError(TransportErrorKind::CutOff, sent)
}

pub(crate) fn plex_tv(identifier: &str) -> PlexTv {
    PlexTv::new(ClientIdentity::builder(identifier).build().unwrap())
}

/// Returns a saved state as an editor may leave it: with a byte order mark and a line ending.
pub(crate) fn edited(saved: &Secret) -> String {
    format!("\u{feff}{}\r\n", saved.expose())
}

/// Returns Tue, 14 Nov 2023 22:13:20 GMT, with an elapsed time of 1,000 seconds.
pub(crate) fn start() -> Now {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Now::new(Duration::from_secs(1_000), wall)
}

/// Returns the Unix epoch, with an elapsed time of zero.
pub(crate) fn epoch() -> Now {
    Now::new(Duration::ZERO, SystemTime::UNIX_EPOCH)
}

/// Returns the clock readings after the wall clock is set forward or back by this many seconds.
pub(crate) fn shifted(now: Now, seconds: i64) -> Now {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let wall = now.wall().unwrap();
    Now::new(now.elapsed(), if seconds < 0 { wall - by } else { wall + by })
}

/// A request that has no response yet.
pub(crate) struct InFlight {
    pub(crate) id: RequestId,
    pub(crate) outgoing: Outgoing,
}

impl InFlight {
    pub(crate) fn url(&self) -> String {
        self.outgoing.request().uri().to_string()
    }
}

/// A flow that reports its progress.
pub(crate) trait Progress: Flow {
    type Progress;

    fn progress_at(&self, now: Now) -> Self::Progress;
}

macro_rules! progress {
    ($($flow:ty, $progress:ty $(, $key:ident)?;)*) => {$(
        impl$(<$key: DeviceKey>)? Progress for $flow {
            type Progress = $progress;

            fn progress_at(&self, now: Now) -> $progress {
                self.progress(now)
            }
        }
    )*};
}
progress! {
    PinLogin, PinProgress;
    DeviceLogin<K>, DeviceLoginProgress, K;
    DeviceTokenRefresher<K>, DeviceTokenProgress, K;
    TransientTokenRefresher, TransientTokenProgress;
    ConnectionChoice, ConnectionProgress;
    TokenCheck, RetryProgress;
    ServerAccess, RetryProgress;
}

/// A request that a flow has sent.
pub(crate) struct Sent {
    /// The time, in seconds since the start.
    pub(crate) at: u64,
    pub(crate) method: Method,
    pub(crate) url: String,
    /// The path, without the API's prefix.
    pub(crate) path: String,
    pub(crate) has_token: bool,
    pub(crate) body: String,
    pub(crate) deadline: Option<Duration>,
}

/// A flow with a clock.
pub(crate) struct Driven<F: Flow> {
    pub(crate) flow: F,
    pub(crate) now: Now,
    pub(crate) sent: Vec<Sent>,
    /// The requests that [`Self::settle`] has sent and that the test has not taken.
    pub(crate) in_flight: Vec<InFlight>,
    /// The signatures that the flow has requested.
    pub(crate) signatures: Vec<(RequestId, SignRequest)>,
    pub(crate) outcome: Option<F::Output>,
}

impl<F: Flow> Driven<F> {
    pub(crate) fn new(flow: F) -> Self {
        Self::at(start(), flow)
    }

    pub(crate) fn at(now: Now, flow: F) -> Self {
        Self {
            flow,
            now,
            sent: Vec::new(),
            in_flight: Vec::new(),
            signatures: Vec::new(),
            outcome: None,
        }
    }

    /// Changes a setting of the flow.
    pub(crate) fn with(self, set: impl FnOnce(F) -> F) -> Self {
        Self { flow: set(self.flow), ..self }
    }

    /// Polls once, and records the request if there is one.
    fn step(&mut self) -> Step<F::Output> {
        let step = self.flow.poll(self.now);
        match &step {
            Step::Do(_, Action::Send(outgoing)) => {
                let request = outgoing.request();
                self.sent.push(Sent {
                    at: self.elapsed(),
                    method: request.method().clone(),
                    url: request.uri().to_string(),
                    path: request.uri().path().replace("/api/v2", ""),
                    has_token: request.headers().contains_key("x-plex-token"),
                    body: String::from_utf8(request.body().as_ref().to_vec()).unwrap(),
                    deadline: outgoing.deadline(),
                });
            }
            Step::Wait(time) => {
                assert!(time.is_none_or(|time| time >= Duration::from_millis(1)), "a busy loop");
            }
            _ => {}
        }
        step
    }

    /// Advances the clock until the flow sends a request, and returns the request. Returns `None`
    /// if the flow ends first or waits indefinitely.
    pub(crate) fn send(&mut self) -> Option<InFlight> {
        for _ in 0..20_000 {
            match self.step() {
                Step::Do(id, Action::Send(outgoing)) => return Some(InFlight { id, outgoing }),
                Step::Do(id, Action::Sign(request)) => self.signatures.push((id, request)),
                Step::Do(_, action) => panic!("{action:?}"),
                Step::Wait(None) | Step::Finished => return None,
                Step::Wait(Some(time)) => self.now += time,
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
        panic!("the flow neither sends a request nor ends");
    }

    /// Polls the flow until it waits or ends, and collects the requests and signatures that it asks
    /// for. Returns how long it waits, or `None` if it has ended or waits indefinitely.
    pub(crate) fn settle(&mut self) -> Option<Duration> {
        loop {
            match self.step() {
                Step::Do(id, Action::Send(outgoing)) => {
                    self.in_flight.push(InFlight { id, outgoing });
                }
                Step::Do(id, Action::Sign(request)) => self.signatures.push((id, request)),
                Step::Do(_, action) => panic!("{action:?}"),
                Step::Wait(time) => return time,
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
                Step::Finished => return None,
            }
        }
    }

    /// Returns how long the flow currently has to wait.
    pub(crate) fn wait(&mut self) -> Duration {
        match self.flow.poll(self.now) {
            Step::Wait(Some(time)) => time,
            _ => panic!("the flow does not wait"),
        }
    }

    pub(crate) fn is_waiting(&mut self) -> bool {
        matches!(self.flow.poll(self.now), Step::Wait(_))
    }

    /// Sets the wall clock forward or back.
    pub(crate) fn set_wall(&mut self, seconds: i64) {
        self.now = shifted(self.now, seconds);
    }

    /// Takes the in-flight request whose URL contains `part`.
    pub(crate) fn take(&mut self, part: &str) -> InFlight {
        self.settle();
        let index = self.in_flight.iter().position(|request| request.url().contains(part));
        self.in_flight.remove(index.unwrap_or_else(|| panic!("no request to {part} is in flight")))
    }

    pub(crate) fn complete(&mut self, request: &InFlight, response: &Scripted) {
        self.flow.complete(self.now, request.id, response.completion(&request.outgoing));
    }

    /// Cancels the request, as a dropped driver does.
    pub(crate) fn cancel(&mut self, request: &InFlight) {
        self.flow.complete(self.now, request.id, Completion::Cancelled);
    }

    /// Responds to the next request.
    pub(crate) fn respond(&mut self, response: Scripted) -> &mut Self {
        let request = self.send().expect("a request");
        self.complete(&request, &response);
        self
    }

    pub(crate) fn respond_all(
        &mut self,
        responses: impl IntoIterator<Item = Scripted>,
    ) -> &mut Self {
        for response in responses {
            self.respond(response);
        }
        self
    }

    /// Responds to the in-flight request whose URL contains `part`.
    pub(crate) fn respond_to(&mut self, part: &str, response: Scripted) -> &mut Self {
        let request = self.take(part);
        self.complete(&request, &response);
        self.settle();
        self
    }

    pub(crate) fn advance(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self.settle();
        self
    }

    /// Advances the clock until the flow ends, asserts that the outcome is reported only once, and
    /// returns it.
    pub(crate) fn finish(&mut self) -> F::Output {
        assert!(self.send().is_none(), "the flow has not finished");
        assert!(
            matches!(self.flow.poll(self.now), Step::Finished),
            "the outcome was reported twice"
        );
        self.outcome.take().expect("an outcome")
    }

    pub(crate) fn elapsed(&self) -> u64 {
        self.now.elapsed().saturating_sub(start().elapsed()).as_secs()
    }

    pub(crate) fn progress(&self) -> F::Progress
    where
        F: Progress,
    {
        self.flow.progress_at(self.now)
    }

    pub(crate) fn times(&self) -> Vec<u64> {
        self.sent.iter().map(|sent| sent.at).collect()
    }

    pub(crate) fn gaps(&self) -> Vec<u64> {
        gaps(&self.times())
    }

    pub(crate) fn times_of(&self, path: &str) -> Vec<u64> {
        self.sent.iter().filter(|sent| sent.path == path).map(|sent| sent.at).collect()
    }

    pub(crate) fn gaps_of(&self, path: &str) -> Vec<u64> {
        gaps(&self.times_of(path))
    }

    pub(crate) fn last(&self) -> &Sent {
        self.sent.last().expect("a request")
    }
}

fn gaps(times: &[u64]) -> Vec<u64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
