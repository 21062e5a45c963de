//! Choosing a connection to a server when other hosts stall, refuse connections, or are the wrong
//! server.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use plex_auth_fake::{Authority, Delivery, FakePlex, Misbehavior, Server, Which, Who};
use plex_auth_proto::Token;
use plex_auth_proto::flow::{
    CandidateState, ChosenConnection, ConnectionChoice, ConnectionChoiceError, ConnectionKind,
    ConnectionProgress,
};
use plex_auth_proto::server::{Resource, ResourceConnection, Scope, TokenType};
use plex_auth_tests::BlackHole;
use plex_auth_tests::carrier::Carrier;

use crate::harness::{
    Harness, TIMEOUT, bad_gateway, identity, over_both_transports, plex_tv_at, unused_url,
};

/// The timeout for a choice that should take about [`TIMEOUT`]. It is long enough for a loaded
/// machine.
const UPPER_BOUND: Duration = Duration::from_secs(30);

type Outcome = Result<ChosenConnection, ConnectionChoiceError>;

/// Drives a choice to its end. Also returns the largest number of requests that were in flight at
/// the same time.
fn drive(harness: &Harness, mut choice: ConnectionChoice) -> (Outcome, usize) {
    let mut most = 0;
    let outcome = harness.drive(&mut choice, |choice, now| {
        if let ConnectionProgress::Probing { candidates, .. } = choice.progress(now) {
            let states = candidates.iter().map(|candidate| &candidate.state);
            most = most.max(states.filter(|it| matches!(it, CandidateState::InFlight)).count());
        }
        ControlFlow::Continue(())
    });
    (outcome.expect("the choice was not stopped"), most)
}

/// Returns the server as plex.tv lists it for its owner.
fn boathouse(harness: &Harness) -> Resource {
    let token = harness.token(Who::PlexPass);
    let resources = harness.send(harness.plex_tv().resources(&token)).unwrap();
    harness.fake(FakePlex::forget_requests);
    resources.server(&harness.machine_identifier()).unwrap().clone()
}

fn connection(uri: &str, local: bool) -> ResourceConnection {
    serde_json::from_str(&format!(r#"{{"uri":"{uri}","local":{local}}}"#)).unwrap()
}

fn requests_with_token(harness: &Harness) -> usize {
    let seen = harness.fake(|fake| fake.requests().to_vec());
    seen.iter().filter(|seen| seen.header("x-plex-token").is_some()).count()
}

#[test]
#[cfg(target_os = "linux")]
fn chooses_the_server_among_other_hosts() {
    over_both_transports(|harness| {
        let hole = BlackHole::open().unwrap();
        let shed = format!("{}/unclaimed", harness.url());
        let right = format!("{}/pms", harness.url());
        let mut boathouse = boathouse(harness);
        boathouse.connections = vec![
            connection(&shed, true),
            connection(&unused_url(), true),
            connection("https://10-0-0-7.feed.plex.direct.invalid:32400", true),
            connection(&hole.url(), true),
            connection(&right, true),
        ];
        // During this time, the other hosts respond, but the black hole does not.
        let late = Misbehavior::deliver(Delivery::After(TIMEOUT));
        harness.fake(|fake| fake.misbehave("/pms/identity", late));
        let choice = boathouse.choose_connection(identity()).allow_plain_http(true);
        let started = Instant::now();
        let (outcome, in_flight) = drive(harness, choice.timeout(UPPER_BOUND));
        let chosen = outcome.unwrap_or_else(|error| panic!("{error}"));
        assert!(started.elapsed() < UPPER_BOUND / 2, "{:?}", started.elapsed());
        assert_eq!(in_flight, 4, "plain HTTP only after HTTPS");
        assert_eq!((chosen.url().to_string(), chosen.kind), (right, ConnectionKind::Local));
        assert!(chosen.is_plain_http());
        let candidates: Vec<_> = chosen.candidates.iter().map(ToString::to_string).collect();
        for (url, state) in [
            (".invalid", "the host name was not found"),
            ("/unclaimed", "a different server responded"),
            (hole.url().as_str(), "in flight"),
            ("/pms", "verified in"),
        ] {
            let found = candidates.iter().find(|candidate| candidate.contains(url)).unwrap();
            assert!(found.contains(&format!("): {state}")), "{found}");
        }
        let refused = candidates.iter().any(|it| it.ends_with("the connection was refused"));
        assert!(refused, "{candidates:?}");

        assert_eq!(requests_with_token(harness), 0);
        let server = chosen.with_token(boathouse.access_token.unwrap());
        harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap();
        assert_eq!(requests_with_token(harness), 1);
        assert_eq!(harness.fake(|fake| fake.seen("POST", "/pms/security/token")), 1);
    });
}

#[test]
fn failure_has_the_error_of_each_candidate() {
    over_both_transports(|harness| {
        let mut boathouse = boathouse(harness);
        harness.fake(|fake| {
            fake.misbehave("/pms/identity", bad_gateway());
            fake.misbehave("/identity", Misbehavior::deliver(Delivery::Never));
        });
        let shed = format!("{}/unclaimed", harness.url());
        boathouse.connections.push(connection(&shed, true));
        boathouse.connections.push(connection(&unused_url(), false));
        // While other candidates wait for their turn, the stalling one must not use up all of the
        // time.
        let choice = boathouse.choose_connection(identity()).timeout(2 * TIMEOUT).max_in_flight(2);
        let (outcome, in_flight) = drive(harness, choice);
        assert_eq!(in_flight, 2);
        let error = outcome.unwrap_err().to_string();
        let of = |part: &str| {
            let (_, lines) = error.split_once(": ").unwrap();
            let found = lines.split("; ").find(|line| line.contains(part));
            found.unwrap_or_else(|| panic!("{part}: {error}")).to_owned()
        };
        assert!(of("/pms").ends_with("answered 502"), "{error}");
        assert!(of("/unclaimed").ends_with("a different server responded"), "{error}");
        assert!(of("(local): the connection").ends_with("was refused"), "{error}");
        let stalling = format!("{} (local): timed out after", harness.url());
        assert!(error.contains(&stalling), "{error}");
        assert_eq!(requests_with_token(harness), 0);
    });
}

#[test]
fn certificate_must_be_trusted() {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let root = authority.root_der();
    let (token, identifier) = server.with(|fake| {
        let identifier = fake.server(Which::Claimed).machine_identifier().to_owned();
        (Token::new(fake.account(Who::PlexPass).token()).unwrap(), identifier)
    });
    for (carrier, untrusting) in [
        (Carrier::ureq(Some(root.clone())), Carrier::ureq(None)),
        (Carrier::hyper(Some(root.clone())), Carrier::hyper(None)),
    ] {
        let plex_tv = plex_tv_at(&format!("{}/api/v2", server.url()));
        let resources = carrier.send(plex_tv.resources(&token)).unwrap();
        let boathouse = resources.server(&identifier).unwrap();
        let choose = |carrier: &Carrier| {
            let mut choice = boathouse.choose_connection(identity());
            carrier.drive(&mut choice, |_, _| ControlFlow::Continue(())).unwrap()
        };
        let chosen = choose(&carrier).unwrap_or_else(|error| panic!("{error}"));
        assert!(!chosen.is_plain_http());
        assert_eq!(chosen.url().to_string(), format!("{}/pms", server.url()));
        assert_eq!(chosen.server.claimed, Some(true));

        let error = choose(&untrusting).unwrap_err().to_string();
        let untrusted = error.matches("the certificate's issuer is not trusted").count();
        assert_eq!(untrusted, 2, "{error}");
    }
}

#[test]
fn stopped_choice_can_be_driven_on() {
    over_both_transports(|harness| {
        let mut boathouse = boathouse(harness);
        boathouse.connections.truncate(1);
        boathouse.connections.push(connection(harness.url(), false));
        // The requests are sent one after the other, and share the timeout.
        let choice = boathouse.choose_connection(identity());
        let mut choice = choice.timeout(3 * TIMEOUT).max_in_flight(1);
        let stopped = harness.drive(&mut choice, |choice, now| match choice.progress(now) {
            ConnectionProgress::Probing { candidates, .. }
                if matches!(candidates[0].state, CandidateState::Waiting) =>
            {
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        });
        assert!(stopped.is_none());
        let chosen = drive(harness, choice).0.unwrap_or_else(|error| panic!("{error}"));
        let first = format!("{}/pms", harness.url());
        assert_eq!(chosen.url().to_string(), first, "the cancelled request was not repeated");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn hanging_hosts_do_not_delay_a_relay() {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let identifier =
        server.with(|fake| fake.server(Which::Claimed).machine_identifier().to_owned());
    let hole = BlackHole::open().unwrap();
    let hanging = (0..40).map(|path| {
        let uri = format!("{}/{path}", hole.url().replace("http:", "https:"));
        format!(r#"{{"uri":"{uri}","local":true}}"#)
    });
    let right = format!(r#"{{"uri":"{}/pms","relay":true}}"#, server.url());
    let connections = hanging.chain([right]).collect::<Vec<_>>().join(",");
    let list = format!(r#"{{"clientIdentifier":"{identifier}","connections":[{connections}]}}"#);
    let boathouse: Resource = serde_json::from_str(&list).unwrap();
    let root = authority.root_der();
    for carrier in [Carrier::ureq(Some(root.clone())), Carrier::hyper(Some(root.clone()))] {
        let started = Instant::now();
        let mut choice = boathouse.choose_connection(identity());
        let outcome = carrier.drive(&mut choice, |_, _| ControlFlow::Continue(())).unwrap();
        let chosen = outcome.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chosen.kind, ConnectionKind::Relay);
        // This takes half a second on a machine that is not busy.
        assert!(started.elapsed() < TIMEOUT, "{:?}", started.elapsed());
    }
}
