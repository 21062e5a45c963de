//! A clock and servers that are made up, and how a choice goes on there.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    ChosenConnection, ConnectionCandidate, ConnectionChoice, ConnectionChoiceError,
    ConnectionProgress, RequestId,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::server::Resource;
use plex_auth_proto::{ClientIdentity, Error, Flow, Step};

pub(crate) const RIGHT: &str =
    r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#;
pub(crate) const ANOTHER: &str = r#"{"MediaContainer":{"machineIdentifier":"e71e77e7"}}"#;

pub(crate) type Outcome = Result<ChosenConnection, ConnectionChoiceError>;

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

/// One's own server that takes plain HTTP, with these connections.
pub(crate) fn own(connections: &str) -> Resource {
    resource(r#""owned":true,"httpsRequired":false"#, connections)
}

pub(crate) fn resource(facts: &str, connections: &str) -> Resource {
    let json = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r-t0ken",{facts},"connections":[{connections}]}}"#
    );
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

pub(crate) fn at(uri: &str, local: bool, relay: bool) -> String {
    format!(r#"{{"uri":"{uri}","local":{local},"relay":{relay}}}"#)
}

/// A local one, a remote one, and the relay.
pub(crate) fn three() -> Resource {
    own(&[
        at("https://relay.plex.direct:8443", false, true),
        at("https://remote.plex.direct:32400", false, false),
        at("https://local.plex.direct:32400", true, false),
    ]
    .join(","))
}

/// A choice with a clock.
pub(crate) struct Play {
    pub(crate) choice: ConnectionChoice,
    pub(crate) now: SystemTime,
    /// What is under way: the number, the URL, and how the answer is read.
    pub(crate) asked:
        Vec<(RequestId, String, plex_auth_proto::Reply<plex_auth_proto::server::ServerIdentity>)>,
    /// Every URL that was asked, and the time that it has.
    pub(crate) all: Vec<(String, Duration)>,
    pub(crate) outcome: Option<Outcome>,
}

impl Play {
    pub(crate) fn new(choice: ConnectionChoice) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Self { choice, now, asked: Vec::new(), all: Vec::new(), outcome: None }
    }

    /// Goes on until it waits, and for how long, or is over.
    pub(crate) fn goes_on(&mut self) -> Option<Duration> {
        loop {
            match self.choice.poll(self.now) {
                Step::Send(id, call) => {
                    let (request, reply) = call.into_parts();
                    assert!(!request.headers().contains_key("x-plex-token"), "a token is sent");
                    assert_eq!(request.method(), "GET");
                    let uri = request.uri().to_string();
                    let url = uri.strip_suffix("/identity").expect("an identity").to_owned();
                    self.all.push((url.clone(), reply.deadline().expect("a deadline")));
                    self.asked.push((id, url, reply));
                }
                Step::Wait(time) => {
                    assert!(time >= ms(1), "a busy loop");
                    return Some(time);
                }
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
    }

    pub(crate) fn passes(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self.goes_on();
        self
    }

    pub(crate) fn take(
        &mut self,
        part: &str,
    ) -> (RequestId, plex_auth_proto::Reply<plex_auth_proto::server::ServerIdentity>) {
        self.goes_on();
        let index = self.asked.iter().position(|(_, url, _)| url.contains(part));
        let (id, _, reply) =
            self.asked.remove(index.unwrap_or_else(|| panic!("{part} is not asked")));
        (id, reply)
    }

    /// The server at this URL answers so.
    pub(crate) fn answers(&mut self, part: &str, body: &'static str) -> &mut Self {
        let (id, reply) = self.take(part);
        let answer = reply.read(Response::new(body)).map_err(Error::from);
        self.choice.complete(self.now, id, answer);
        self.goes_on();
        self
    }

    pub(crate) fn fails(&mut self, part: &str, reason: TransportErrorKind) -> &mut Self {
        let (id, reply) = self.take(part);
        self.choice.complete(self.now, id, Err(reply.transport_error(reason, false)));
        self.goes_on();
        self
    }

    pub(crate) fn urls(&mut self) -> Vec<&str> {
        self.goes_on();
        self.all.iter().map(|(url, _)| url.as_str()).collect()
    }

    pub(crate) fn outcome(&mut self) -> Outcome {
        self.goes_on();
        self.outcome.take().expect("it goes on")
    }

    pub(crate) fn chosen(&mut self) -> String {
        self.outcome().unwrap().url().to_string()
    }

    pub(crate) fn lost(&mut self) -> Vec<String> {
        match self.outcome() {
            Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => {
                candidates.iter().map(ToString::to_string).collect()
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

pub(crate) fn candidates(choice: &ConnectionChoice) -> Vec<ConnectionCandidate> {
    match choice.progress(SystemTime::UNIX_EPOCH) {
        ConnectionProgress::Probing { candidates, .. } => candidates,
        progress => panic!("{progress:?}"),
    }
}

/// What is asked, and what not and why.
pub(crate) fn plan(choice: &ConnectionChoice) -> Vec<String> {
    candidates(choice).iter().map(ToString::to_string).collect()
}
