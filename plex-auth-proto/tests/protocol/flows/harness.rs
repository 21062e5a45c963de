//! Scripted responses, and a driver for flows whose clock the test advances.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::RequestId;
use plex_auth_proto::http::{Method, Response};
use plex_auth_proto::{Call, ClientIdentity, Error, Flow, PlexTv, Reply, Secret, Step};

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
    pub(crate) fn read<T>(&self, reply: &Reply<T>) -> Result<Response<T>, Error> {
        let builder = Response::builder();
        let response = match self {
            Answer(status, body) => builder.status(*status).body(*body),
            Built(body) => builder.body(body.as_str()),
            Dated(date, body) => builder.header("date", *date).body(*body),
            RetryAfter(status, wait) => {
                builder.status(*status).header("retry-after", *wait).body("")
            }
            TransportError(kind, sent) => return Err(reply.transport_error(*kind, *sent)),
        };
        Ok(reply.read(response.unwrap())?)
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

/// A saved state after an editor has added a byte order mark and a line end.
pub(crate) fn edited(saved: &Secret) -> String {
    format!("\u{feff}{}\r\n", saved.expose())
}

/// Tue, 14 Nov 2023 22:13:20 GMT
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// The clock after it was set forward or back.
pub(crate) fn shifted(now: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { now - by } else { now + by }
}

/// A request without a response yet.
pub(crate) struct InFlight<T> {
    pub(crate) id: RequestId,
    pub(crate) call: Call<T>,
}

impl<T> InFlight<T> {
    pub(crate) fn url(&self) -> String {
        self.call.request().uri().to_string()
    }
}

/// A request that a flow has sent.
pub(crate) struct Sent {
    /// The time, in seconds since the start.
    pub(crate) at: u64,
    pub(crate) method: Method,
    pub(crate) url: String,
    /// The path, without the prefix of the API.
    pub(crate) path: String,
    pub(crate) has_token: bool,
    pub(crate) body: String,
    pub(crate) deadline: Option<Duration>,
}

/// A flow with a clock.
pub(crate) struct Driven<F: Flow> {
    pub(crate) flow: F,
    pub(crate) now: SystemTime,
    pub(crate) sent: Vec<Sent>,
    /// The requests that [`Self::settle`] has sent.
    pub(crate) in_flight: Vec<InFlight<F::Response>>,
    pub(crate) outcome: Option<F::Output>,
}

impl<F: Flow> Driven<F> {
    pub(crate) fn new(flow: F) -> Self {
        Self::at(start(), flow)
    }

    pub(crate) fn at(now: SystemTime, flow: F) -> Self {
        Self { flow, now, sent: Vec::new(), in_flight: Vec::new(), outcome: None }
    }

    /// Polls once: records a request, or the outcome.
    fn step(&mut self) -> Step<F> {
        let step = self.flow.poll(self.now);
        match &step {
            Step::Send(_, call) => {
                let request = call.request();
                self.sent.push(Sent {
                    at: self.elapsed(),
                    method: request.method().clone(),
                    url: request.uri().to_string(),
                    path: request.uri().path().replace("/api/v2", ""),
                    has_token: request.headers().contains_key("x-plex-token"),
                    body: String::from_utf8(request.body().as_ref().to_vec()).unwrap(),
                    deadline: call.reply().deadline(),
                });
            }
            Step::Wait(time) => assert!(*time >= Duration::from_millis(1), "a busy loop"),
            Step::Done(_) => {}
        }
        step
    }

    /// Advances the clock until the flow sends a request, which is returned, or has nothing left to do.
    pub(crate) fn send(&mut self) -> Option<InFlight<F::Response>> {
        for _ in 0..10_000 {
            match self.step() {
                Step::Send(id, call) => return Some(InFlight { id, call }),
                Step::Wait(Duration::MAX) => return None,
                Step::Wait(time) => self.now += time,
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
        panic!("the flow waits indefinitely");
    }

    /// Sends all requests that the flow has now; returns how long it waits, unless it is finished.
    pub(crate) fn settle(&mut self) -> Option<Duration> {
        loop {
            match self.step() {
                Step::Send(id, call) => self.in_flight.push(InFlight { id, call }),
                Step::Wait(time) => return Some(time),
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
    }

    /// Takes the request in flight whose URL contains this.
    pub(crate) fn take(&mut self, part: &str) -> InFlight<F::Response> {
        self.settle();
        let index = self.in_flight.iter().position(|request| request.url().contains(part));
        self.in_flight.remove(index.unwrap_or_else(|| panic!("no request to {part} is in flight")))
    }

    pub(crate) fn complete(&mut self, request: &InFlight<F::Response>, response: &Scripted) {
        self.flow.complete(self.now, request.id, response.read(request.call.reply()));
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

    /// Responds to the request in flight whose URL contains this.
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

    /// Advances the clock to the outcome, which the flow reports once.
    pub(crate) fn finish(&mut self) -> F::Output {
        assert!(self.send().is_none(), "the flow has not finished");
        assert!(matches!(self.flow.poll(self.now), Step::Wait(Duration::MAX)), "reported twice");
        self.outcome.take().expect("an outcome")
    }

    pub(crate) fn elapsed(&self) -> u64 {
        self.now.duration_since(start()).unwrap_or_default().as_secs()
    }

    pub(crate) fn progress(&self) -> F::Progress {
        self.flow.progress(self.now)
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
