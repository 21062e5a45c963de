//! Choosing a connection to a server.

mod candidates;
mod chosen;
mod pace;
mod plain_http;
mod properties;

use std::time::Duration;

use plex_auth_proto::ClientIdentity;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    ChosenConnection, ConnectionCandidate, ConnectionChoice, ConnectionChoiceError,
    ConnectionProgress,
};
use plex_auth_proto::server::Resource;

use super::harness::{Answer, Driven, Scripted, TransportError, epoch};

const RIGHT: Scripted =
    Answer(200, r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#);
const OTHER: Scripted = Answer(200, r#"{"MediaContainer":{"machineIdentifier":"e71e77e7"}}"#);

/// Returns a transport error that occurred before anything was sent.
fn not_sent(kind: TransportErrorKind) -> Scripted {
    TransportError(kind, false)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

/// Returns a server with these connections. The account owns the server, which is on the caller's
/// network and accepts plain HTTP.
fn own(connections: &str) -> Resource {
    resource(r#""owned":true,"publicAddressMatches":true,"httpsRequired":false"#, connections)
}

fn resource(facts: &str, connections: &str) -> Resource {
    let json = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r-t0ken",{facts},"connections":[{connections}]}}"#
    );
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn at(uri: &str, local: bool, relay: bool) -> String {
    format!(r#"{{"uri":"{uri}","local":{local},"relay":{relay}}}"#)
}

const LOCAL: &str = "https://10-0-2-1.feed.plex.direct:32400";
const REMOTE: &str = "https://203-0-113-9.feed.plex.direct:32400";
const RELAY: &str = "https://198-51-100-7.feed.plex.direct:8443";

/// Returns a server with a local connection, a remote one and a relay.
fn three() -> Resource {
    own(&[at(RELAY, false, true), at(REMOTE, false, false), at(LOCAL, true, false)].join(","))
}

impl Driven<ConnectionChoice> {
    /// Returns the URLs of all requests, without `/identity`, and checks that no request carries a
    /// token.
    fn urls(&mut self) -> Vec<&str> {
        self.settle();
        self.sent
            .iter()
            .map(|sent| {
                assert!(!sent.has_token, "a token is sent");
                assert_eq!(sent.method, "GET");
                sent.url.strip_suffix("/identity").expect("a request for the identity")
            })
            .collect()
    }

    fn outcome(&mut self) -> Result<ChosenConnection, ConnectionChoiceError> {
        self.urls();
        self.outcome.take().expect("an outcome")
    }

    fn chosen(&mut self) -> String {
        self.outcome().unwrap().url().to_string()
    }

    fn failures(&mut self) -> Vec<String> {
        match self.outcome() {
            Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => {
                candidates.iter().map(ToString::to_string).collect()
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

fn candidates(choice: &ConnectionChoice) -> Vec<ConnectionCandidate> {
    match choice.progress(epoch()) {
        ConnectionProgress::Probing { candidates, .. } => candidates,
        progress => panic!("{progress:?}"),
    }
}

/// Returns the candidates as text, with their states.
fn plan(choice: &ConnectionChoice) -> Vec<String> {
    candidates(choice).iter().map(ToString::to_string).collect()
}
