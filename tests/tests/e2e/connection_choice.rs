//! Choosing a connection: driven by both transports, among hosts that keep silent, refuse, and are another's.

use std::net::TcpListener;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use plex_auth_fake::{Authority, Delivery, FakePlex, Misbehaviour, Server, Which, Who};
use plex_auth_proto::flow::{
    CandidateState, ChosenConnection, ConnectionChoice, ConnectionChoiceError, ConnectionKind,
    ConnectionProgress,
};
use plex_auth_proto::server::{Resource, ResourceConnection, Scope, TokenType};
use plex_auth_proto::{ClientIdentity, PlexTv, Token};
use plex_auth_tests::BlackHole;

use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::IDENTIFIER;

/// Long enough for a loaded machine to answer in, short enough to wait for.
const SOON: Duration = Duration::from_millis(400);

/// What a loaded machine takes at most for what is over after that.
const IN_TIME: Duration = Duration::from_secs(5);

type Outcome = Result<ChosenConnection, ConnectionChoiceError>;

fn me() -> ClientIdentity {
    ClientIdentity::builder(IDENTIFIER).build().unwrap()
}

/// Drives it to its end, and counts how many were seen under way at once.
fn drive(carrier: &Carrier, mut choice: ConnectionChoice) -> (Outcome, usize) {
    let mut most = 0;
    let watch = |progress| {
        if let ConnectionProgress::Probing { candidates, .. } = progress {
            let is_asked = |state: &CandidateState| matches!(state, CandidateState::InFlight);
            most = most.max(candidates.iter().filter(|one| is_asked(&one.state)).count());
        }
        ControlFlow::<()>::Continue(())
    };
    let outcome = match carrier {
        Carrier::Ureq(transport) => transport.drive_with(&mut choice, watch),
        Carrier::Hyper(transport, runtime) => {
            runtime.block_on(transport.drive_with(&mut choice, watch))
        }
        carrier => panic!("{} drives nothing", carrier.name()),
    };
    (outcome.expect("nobody has stopped it"), most)
}

/// The boathouse, as plex.tv lists it for its owner.
fn boathouse(carrier: &Carrier, server: &Server) -> Resource {
    let plex_tv = PlexTv::at(me(), format!("{}/api/v2", server.url()).parse().unwrap());
    let (token, identifier) = server.with(|fake| {
        let identifier = fake.server(Which::Claimed).machine_identifier().to_owned();
        (fake.account(Who::PlexPass).token().to_owned(), identifier)
    });
    let resources = carrier.send(plex_tv.resources(&Token::new(token).unwrap())).unwrap();
    server.with(FakePlex::forget_requests);
    resources.server(&identifier).unwrap().clone()
}

fn connection(uri: &str, local: bool) -> ResourceConnection {
    serde_json::from_str(&format!(r#"{{"uri":"{uri}","local":{local}}}"#)).unwrap()
}

/// A port at which nothing listens.
fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// How many requests came with a token.
fn with_token(server: &Server) -> usize {
    let has_token = |fake: &mut FakePlex| {
        fake.requests().iter().filter(|seen| seen.header("x-plex-token").is_some()).count()
    };
    server.with(has_token)
}

#[test]
#[cfg(target_os = "linux")]
fn the_right_one_is_found_among_those_that_are_none() {
    for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
        println!("over {}", carrier.name());
        let server = Server::http(FakePlex::new());
        let hole = BlackHole::open().unwrap();
        let shed = format!("{}/unclaimed", server.url());
        let right = format!("{}/pms", server.url());
        let mut boathouse = boathouse(&carrier, &server);
        boathouse.connections = vec![
            connection(&right, false),
            connection(&shed, true),
            connection(&refused(), true),
            connection("https://10-0-0-7.feed.plex.direct.invalid:32400", true),
            connection(&hole.url(), true),
        ];
        let started = Instant::now();
        let choice = boathouse.choose_connection(me()).grace(SOON);
        let (outcome, at_once) = drive(&carrier, choice);
        let chosen = outcome.unwrap_or_else(|error| panic!("{error}"));
        assert!(started.elapsed() >= SOON, "the black hole could have been better");
        assert!(started.elapsed() < IN_TIME, "and was not waited for: {:?}", started.elapsed());
        assert!(chosen.took < IN_TIME && at_once == 5, "{:?} {at_once}", chosen.took);
        assert_eq!((chosen.url().to_string(), chosen.kind), (right, ConnectionKind::Remote));
        let what: Vec<_> = chosen.candidates.iter().map(ToString::to_string).collect();
        for (of, says) in [
            (".invalid", "the name of the host was not found"),
            ("/unclaimed", "another server answers there"),
            (hole.url().as_str(), "asked"),
            ("/pms", "answered within"),
        ] {
            let found = what.iter().find(|what| what.contains(of)).unwrap();
            assert!(found.contains(&format!("): {says}")), "{found}");
        }
        assert!(what.iter().any(|what| what.ends_with("the connection was refused")), "{what:?}");

        assert_eq!(with_token(&server), 0);
        let server_itself = chosen.with_token(boathouse.access_token.unwrap());
        carrier.send(server_itself.transient_token(TokenType::Delegation, Scope::All)).unwrap();
        assert_eq!(with_token(&server), 1);
        assert_eq!(server.with(|fake| fake.seen("POST", "/pms/security/token")), 1);
    }
}

#[test]
fn where_none_is_right_it_is_over_in_time_and_each_says_why() {
    for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
        println!("over {}", carrier.name());
        let server = Server::http(FakePlex::new());
        let mut boathouse = boathouse(&carrier, &server);
        server.with(|fake| {
            fake.misbehave("/pms/identity", Misbehaviour::answer(502, "text/html", "<html>"));
            fake.misbehave("/identity", Misbehaviour::deliver(Delivery::Never));
        });
        boathouse.connections.push(connection(&format!("{}/unclaimed", server.url()), true));
        boathouse.connections.push(connection(&refused(), false));
        let started = Instant::now();
        // Two at once have half of the time each; those that hang leave the other half.
        let choice = boathouse.choose_connection(me()).timeout(SOON).max_in_flight(2);
        let (outcome, at_once) = drive(&carrier, choice);
        assert!(started.elapsed() < IN_TIME && at_once == 2, "{at_once}");
        let error = outcome.unwrap_err().to_string();
        let of = |part: &str| {
            let (_, lines) = error.split_once(": ").unwrap();
            let found = lines.split("; ").find(|line| line.contains(part));
            found.unwrap_or_else(|| panic!("{part}: {error}")).to_owned()
        };
        assert!(of("/pms").ends_with("trouble at the server (502)"), "{error}");
        assert!(of("/unclaimed").ends_with("another server answers there"), "{error}");
        assert!(of("(remote): the connection").ends_with("was refused"), "{error}");
        assert!(error.contains(&format!("{} (remote): no whole answer", server.url())), "{error}");
        assert_eq!(with_token(&server), 0);
    }
}

#[test]
fn what_is_listed_is_chosen_over_tls_too_and_an_untrusted_certificate_is_none() {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let root = || Some(authority.root_der());
    for (carrier, stranger) in [
        (Carrier::ureq(root()), Carrier::ureq(None)),
        (Carrier::hyper(root()), Carrier::hyper(None)),
    ] {
        let boathouse = boathouse(&carrier, &server);
        let (outcome, _) = drive(&carrier, boathouse.choose_connection(me()));
        let chosen = outcome.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chosen.kind, ConnectionKind::Local);
        assert_eq!(chosen.url().to_string(), format!("{}/pms", server.url()));
        assert_eq!(chosen.server.claimed, Some(true));

        let (outcome, _) = drive(&stranger, boathouse.choose_connection(me()));
        let error = outcome.unwrap_err().to_string();
        assert_eq!(
            error.matches("the issuer of the certificate is not trusted").count(),
            2,
            "{error}"
        );
    }
}

#[test]
fn one_that_is_stopped_and_driven_on_is_over_in_time() {
    for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
        println!("over {}", carrier.name());
        let server = Server::http(FakePlex::new());
        let mut boathouse = boathouse(&carrier, &server);
        boathouse.connections.truncate(1);
        boathouse.connections.push(connection(&format!("{}/pms/", server.url()), false));
        boathouse.connections.push(connection(server.url(), false));
        let mut choice = boathouse.choose_connection(me()).timeout(SOON).max_in_flight(1);
        // Once the first is asked.
        let watch = |progress| match progress {
            ConnectionProgress::Probing { candidates, .. }
                if matches!(candidates[0].state, CandidateState::Waiting) =>
            {
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        };
        let stopped = match &carrier {
            Carrier::Ureq(transport) => transport.drive_with(&mut choice, watch),
            Carrier::Hyper(transport, runtime) => {
                runtime.block_on(transport.drive_with(&mut choice, watch))
            }
            carrier => panic!("{} drives nothing", carrier.name()),
        };
        assert!(stopped.is_none());
        let started = Instant::now();
        let chosen = drive(&carrier, choice).0.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chosen.url().to_string(), server.url(), "what was asked goes unheard");
        assert!(started.elapsed() < IN_TIME);
    }
}
