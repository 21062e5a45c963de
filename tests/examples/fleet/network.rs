//! Simulates the network and the service's limited capacity: outages, lost requests, late or lost
//! responses, and refusals under load.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::Now;
use plex_auth_proto::http::header::{DATE, HeaderValue, RETRY_AFTER};
use plex_auth_proto::http::{Request, Response, StatusCode};
use plex_auth_proto::{Body, Outgoing, TransportError};

use crate::chance::Chance;
use crate::traffic::Traffic;

/// A service: the full fake, or a simplified replacement.
pub(crate) trait Service {
    fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>>;
}

impl Service for plex_auth_fake::FakePlex {
    fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        self.forget_requests();
        Self::answer(self, request, now)
    }
}

/// A period in which the service is down.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    pub(crate) name: &'static str,
    pub(crate) when: Range<u64>,
    /// Whether the service answers 503, instead of being unreachable.
    pub(crate) answers_503: bool,
}

/// The network between clients and a service.
#[derive(Debug)]
pub(crate) struct Network {
    chance: Chance,
    pub(crate) outages: Vec<Outage>,
    /// The maximum number of requests per second. Requests beyond this number are refused.
    most: u64,
    second: u64,
    taken: u64,
    /// The requests that arrived outside outages, refused or not.
    pub(crate) traffic: Traffic,
    /// The number of requests during outages.
    pub(crate) during_outage: u64,
    pub(crate) refused: u64,
    pub(crate) lost: u64,
}

/// The response or transport error that the client gets.
pub(crate) type Answer = Result<Response<Body>, TransportError>;

/// Returns whether the request succeeded.
pub(crate) fn is_success(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|response| response.status().is_success())
}

/// The result of a request.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// The number of seconds until the client receives the answer.
    pub(crate) after: u64,
    /// The status that [`Service::answer`] returned, even if the response was lost; `None` if the
    /// request was lost, refused because of load, or sent during an outage.
    pub(crate) done: Option<StatusCode>,
}

impl Network {
    pub(crate) fn new(seed: u64, outages: Vec<Outage>, most: u64, time: Range<u64>) -> Self {
        Self {
            chance: Chance::new(seed, 0x77_65_61),
            outages,
            most,
            second: 0,
            taken: 0,
            traffic: Traffic::over(time),
            during_outage: 0,
            refused: 0,
            lost: 0,
        }
    }

    /// Sends a client's request to the service, and returns the outcome.
    pub(crate) fn carry(
        &mut self,
        outgoing: Outgoing,
        service: &mut impl Service,
        now: u64,
    ) -> Outcome {
        if let Some(outage) = self.outages.iter().find(|outage| outage.when.contains(&now)) {
            let answers_503 = outage.answers_503;
            return self.during_outage(&outgoing, answers_503);
        }
        if self.chance.happens(5) {
            self.lost += 1;
            let limit = outgoing.deadline().unwrap_or(TIME_LIMIT);
            let answer = Err(outgoing.transport_error(TransportErrorKind::TimedOut(limit), true));
            return Outcome { answer, after: limit.as_secs(), done: None };
        }
        self.traffic.count(now);
        if self.is_too_much(now) {
            self.refused += 1;
            let mut answer = plain(StatusCode::TOO_MANY_REQUESTS, Vec::new());
            // Half of the refusals say when to retry, with the same delay for all clients.
            if self.chance.happens(500) {
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("90"));
            }
            return Outcome { answer: Ok(answer.map(Body::from)), after: 0, done: None };
        }
        let request = outgoing.request().clone().map(Vec::from);
        let mut answer = service.answer(&request, now);
        let done = Some(answer.status());
        self.refused += u64::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
        if self.chance.happens(5) {
            self.lost += 1;
            let answer = Err(outgoing.transport_error(TransportErrorKind::CutOff, true));
            return Outcome { answer, after: 1, done };
        }
        let date = httpdate::fmt_http_date(at(now)).parse().expect("a date");
        answer.headers_mut().insert(DATE, date);
        // Half of the responses arrive immediately, the others late.
        let after = if self.chance.happens(500) { 0 } else { 1 + self.chance.below(3) };
        Outcome { answer: Ok(answer.map(Body::from)), after, done }
    }

    /// Returns the outcome of a request during an outage: a 503 response, or an error because the
    /// service is unreachable.
    pub(crate) fn during_outage(&mut self, outgoing: &Outgoing, answers_503: bool) -> Outcome {
        self.during_outage += 1;
        let answer = if answers_503 {
            let page = plain(StatusCode::SERVICE_UNAVAILABLE, b"<html>503</html>".to_vec());
            Ok(page.map(Body::from))
        } else {
            Err(outgoing.transport_error(TransportErrorKind::Unreachable, false))
        };
        Outcome { answer, after: 0, done: None }
    }

    fn is_too_much(&mut self, now: u64) -> bool {
        if self.second != now {
            (self.second, self.taken) = (now, 0);
        }
        if self.taken >= self.most || self.chance.happens(5) {
            return true;
        }
        self.taken += 1;
        false
    }
}

const TIME_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn plain(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}

/// Returns the current time of a client with a correct clock.
pub(crate) fn clock(now: u64) -> Now {
    clock_at(now, at(now))
}

/// Returns the current time of a client whose wall clock shows `wall`.
pub(crate) fn clock_at(now: u64, wall: SystemTime) -> Now {
    Now::new(Duration::from_secs(now), wall)
}

/// Returns the wall-clock time at this many seconds since the Unix epoch.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Returns the first whole second at or after the end of a wait that starts now.
pub(crate) fn after(now: u64, wait: Duration) -> u64 {
    now.saturating_add(wait.as_secs()).saturating_add(u64::from(wait.subsec_nanos() > 0))
}
