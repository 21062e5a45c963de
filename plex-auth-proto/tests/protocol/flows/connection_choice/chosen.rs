//! The chosen connection, and the reasons for not choosing the others.

use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::{
    CandidateState, ConnectionChoiceError, ConnectionKind, ConnectionProgress,
};
use plex_auth_proto::{Flow, Step};

use super::{LOCAL, OTHER, RELAY, REMOTE, RIGHT, at, me, ms, not_sent, own, plan, three};
use crate::flows::harness::{Answer, Driven, cut_off};

#[test]
fn best_verified_connection_is_chosen_at_once() {
    let attic = three();
    let mut driven = Driven::new(attic.choose_connection(me()));
    assert_eq!(driven.urls().len(), 3, "not all requests were sent at once");
    driven.advance(ms(40)).respond_to(LOCAL, RIGHT);
    let chosen = driven.outcome().unwrap();
    assert_eq!((chosen.kind, chosen.took), (ConnectionKind::Local, ms(40)));
    assert_eq!(chosen.server.version.as_deref(), Some("1.40.0"));
    assert!(!chosen.ipv6 && !chosen.is_plain_http());
    assert_eq!(chosen.candidates.len(), 3);
    assert!(matches!(driven.flow.poll(driven.now), Step::Finished), "reported twice");
    assert!(matches!(driven.progress(), ConnectionProgress::Finished));
    let shown = format!("{:?} {chosen:?}", driven.flow);
    assert!(!shown.contains("s3rv3r-t0ken"), "{shown}");

    let server = chosen.with_token(attic.access_token.unwrap());
    let call = server.root();
    assert_eq!(call.request().uri(), format!("{LOCAL}/").as_str());
    assert_eq!(call.request().headers()["x-plex-token"], "s3rv3r-t0ken");
}

#[test]
fn better_candidate_has_500_ms_of_grace() {
    let start = || {
        let mut driven = Driven::new(three().choose_connection(me()));
        driven.settle();
        driven.advance(ms(100)).respond_to(RELAY, RIGHT);
        driven
    };
    // The best candidate responds in time.
    let mut driven = start();
    assert_eq!(driven.settle(), Some(ms(500)));
    driven.advance(ms(499)).respond_to(LOCAL, RIGHT);
    assert_eq!(driven.chosen(), LOCAL);

    // The best candidate does not respond. The response of another candidate does not extend the
    // grace period.
    let mut driven = start();
    driven.advance(ms(300)).respond_to(REMOTE, RIGHT);
    assert_eq!(driven.settle(), Some(ms(200)));
    driven.advance(ms(200));
    assert_eq!(driven.chosen(), REMOTE);

    // No better candidate is left.
    let mut driven = start();
    driven.respond_to(LOCAL, not_sent(TransportErrorKind::Refused)).respond_to(REMOTE, OTHER);
    let chosen = driven.outcome().unwrap();
    assert_eq!(chosen.kind, ConnectionKind::Relay);
    let why: Vec<_> = chosen.candidates.iter().map(ToString::to_string).collect();
    assert_eq!(
        why,
        [
            format!("{LOCAL} (local): the connection was refused"),
            format!("{REMOTE} (remote): a different server responded"),
            format!("{RELAY} (relay): verified in 100ms"),
        ]
    );
}

#[test]
fn failure_lists_the_reason_of_each_candidate() {
    let connections: Vec<_> =
        (1..=9).map(|port| at(&format!("https://host.plex.direct:{port}"), false, false)).collect();
    let mut driven =
        Driven::new(own(&connections.join(",")).choose_connection(me()).max_in_flight(20));
    driven
        .respond_to(":1", OTHER)
        .respond_to(":2", not_sent(TransportErrorKind::NameNotFound))
        .respond_to(":3", not_sent(TransportErrorKind::Tls(TlsErrorKind::WrongName)))
        .respond_to(":4", Answer(200, "<html>Sign in to the network</html>"))
        .respond_to(":5", Answer(200, "{}"));
    driven.advance(Duration::from_secs(20));
    let error = driven.outcome().unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not connect to the server: \
         https://host.plex.direct:1 (remote): a different server responded; \
         https://host.plex.direct:2 (remote): the host name was not found; \
         https://host.plex.direct:3 (remote): TLS error: the certificate is for a different host name; \
         https://host.plex.direct:4 (remote): unexpected response: https://host.plex.direct:4 answered 200 with an HTML page; \
         https://host.plex.direct:5 (remote): unexpected response from https://host.plex.direct:5: \
         `MediaContainer.machineIdentifier` is missing or invalid, so this is probably \
         not a media server; \
         https://host.plex.direct:6 (remote): timed out after 10s; \
         https://host.plex.direct:7 (remote): timed out after 10s; \
         https://host.plex.direct:8 (remote): timed out after 10s; and 1 more"
    );
    let ConnectionChoiceError::NoneReachable { candidates, .. } = error else { panic!() };
    assert_eq!(candidates.len(), 9);

    let mut driven = Driven::new(own("").choose_connection(me()));
    let error = driven.outcome().unwrap_err().to_string();
    assert_eq!(
        error,
        "could not connect to the server: no connections are listed for it; list the servers again"
    );
}

#[test]
fn progress_lists_each_candidate() {
    let mut driven = Driven::new(three().choose_connection(me()).max_in_flight(2));
    assert_eq!(plan(&driven.flow).iter().filter(|it| it.ends_with(": not tried")).count(), 3);
    driven.settle();
    let states = plan(&driven.flow);
    assert_eq!(
        states,
        [
            format!("{LOCAL} (local): in flight"),
            format!("{REMOTE} (remote): in flight"),
            format!("{RELAY} (relay): not tried"),
        ]
    );
    driven.now += ms(900);
    let ConnectionProgress::Probing { left, .. } = driven.progress() else { panic!() };
    assert_eq!(left, ms(9_100));
    driven.respond_to(REMOTE, RIGHT);
    let ConnectionProgress::Probing { left, candidates, .. } = driven.progress() else { panic!() };
    assert_eq!(left, ms(500));
    assert!(matches!(candidates[1].state, CandidateState::Verified { .. }));
    assert_eq!(driven.sent.len(), 2, "a request was sent to the relay");
}

#[test]
fn late_and_repeated_responses_are_harmless() {
    let attic = three();
    let mut driven = Driven::new(attic.choose_connection(me()));
    let request = driven.take(REMOTE);
    driven.complete(&request, &cut_off(true));
    driven.complete(&request, &RIGHT);
    driven
        .respond_to(RELAY, not_sent(TransportErrorKind::CutOff))
        .respond_to(LOCAL, not_sent(TransportErrorKind::CutOff));
    assert_eq!(driven.failures().len(), 3);
    driven.complete(&request, &RIGHT);
    assert!(matches!(driven.flow.poll(driven.now), Step::Finished));

    // A response is accepted even after its request has stopped counting as in flight.
    let mut driven = Driven::new(attic.choose_connection(me()).max_in_flight(1));
    let request = driven.take(LOCAL);
    let wait = driven.settle().unwrap();
    driven.advance(wait);
    assert_eq!(driven.sent.len(), 2);
    driven.complete(&request, &RIGHT);
    assert_eq!(driven.chosen(), LOCAL);

    // A response after the timeout is accepted if the flow has not been polled since.
    let mut driven = Driven::new(attic.choose_connection(me()));
    let request = driven.take(REMOTE);
    driven.now += Duration::from_secs(60);
    driven.complete(&request, &RIGHT);
    assert_eq!(driven.chosen(), REMOTE);
}
