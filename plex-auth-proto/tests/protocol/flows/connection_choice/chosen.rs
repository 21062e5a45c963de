//! The chosen connection, and the reasons against the others.

use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::{
    CandidateState, ConnectionChoiceError, ConnectionKind, ConnectionProgress,
};
use plex_auth_proto::{Flow, Step};

use super::{OTHER, RIGHT, at, me, ms, not_sent, own, plan, three};
use crate::flows::harness::{Answer, Driven, TransportError, cut_off};

#[test]
fn best_verified_connection_is_chosen_at_once() {
    let attic = three();
    let mut driven = Driven::new(attic.choose_connection(me()));
    assert_eq!(driven.urls().len(), 3, "all at once");
    driven.advance(ms(40)).respond_to("local", RIGHT);
    let chosen = driven.outcome().unwrap();
    assert_eq!((chosen.kind, chosen.took), (ConnectionKind::Local, ms(40)));
    assert_eq!(chosen.server.version.as_deref(), Some("1.40.0"));
    assert!(!chosen.ipv6 && !chosen.bare_address);
    assert_eq!(chosen.candidates.len(), 3);
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(Duration::MAX)), "reported twice");
    assert!(matches!(driven.progress(), ConnectionProgress::Finished));
    let shown = format!("{:?} {chosen:?}", driven.flow);
    assert!(!shown.contains("s3rv3r-t0ken"), "{shown}");

    let server = chosen.with_token(attic.access_token.unwrap());
    let call = server.root();
    assert_eq!(call.request().uri(), "https://local.plex.direct:32400/");
    assert_eq!(call.request().headers()["x-plex-token"], "s3rv3r-t0ken");
}

#[test]
fn better_candidate_has_500_ms_of_grace() {
    let start = |grace| {
        let mut driven = Driven::new(three().choose_connection(me()));
        if let Some(grace) = grace {
            driven = Driven::new(three().choose_connection(me()).grace(grace));
        }
        driven.settle();
        driven.advance(ms(100)).respond_to("relay", RIGHT);
        driven
    };
    // The better one responds in time.
    let mut driven = start(None);
    assert_eq!(driven.settle(), Some(ms(500)));
    driven.advance(ms(499)).respond_to("local", RIGHT);
    assert_eq!(driven.chosen(), "https://local.plex.direct:32400");

    // It does not; a second response does not extend the grace.
    let mut driven = start(None);
    driven.advance(ms(300)).respond_to("remote", RIGHT);
    assert_eq!(driven.settle(), Some(ms(200)));
    driven.advance(ms(200));
    assert_eq!(driven.chosen(), "https://remote.plex.direct:32400");

    // No better one is left.
    let mut driven = start(None);
    driven.respond_to("local", not_sent(TransportErrorKind::Refused)).respond_to("remote", OTHER);
    let chosen = driven.outcome().unwrap();
    assert_eq!(chosen.kind, ConnectionKind::Relay);
    let why: Vec<_> = chosen.candidates.iter().map(ToString::to_string).collect();
    assert_eq!(
        why,
        [
            "https://local.plex.direct:32400 (local): the connection was refused",
            "https://remote.plex.direct:32400 (remote): another server answers there",
            "https://relay.plex.direct:8443 (relay): answered within 100ms",
        ]
    );

    let mut driven = start(Some(Duration::ZERO));
    assert_eq!(driven.chosen(), "https://relay.plex.direct:8443");
    let mut driven = start(Some(Duration::MAX));
    assert_eq!(driven.settle(), Some(ms(9_900)), "the timeout ends the choice");
    driven.advance(ms(9_900));
    assert_eq!(driven.chosen(), "https://relay.plex.direct:8443");
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
        "no connection leads to the server: \
         https://host.plex.direct:1 (remote): another server answers there; \
         https://host.plex.direct:2 (remote): the name of the host was not found; \
         https://host.plex.direct:3 (remote): TLS failed: the certificate is for another name; \
         https://host.plex.direct:4 (remote): getIdentity at https://host.plex.direct:4: answered 200 with an HTML page; \
         https://host.plex.direct:5 (remote): getIdentity at https://host.plex.direct:5: \
         `MediaContainer.machineIdentifier` is missing; this is no media server; \
         https://host.plex.direct:6 (remote): no whole answer within 10s; \
         https://host.plex.direct:7 (remote): no whole answer within 10s; \
         https://host.plex.direct:8 (remote): no whole answer within 10s; and 1 more"
    );
    let ConnectionChoiceError::NoneReachable { candidates, .. } = error else { panic!() };
    assert_eq!(candidates.len(), 9);

    let mut driven = Driven::new(own("").choose_connection(me()));
    let error = driven.outcome().unwrap_err().to_string();
    assert_eq!(error, "no connection leads to the server: it lists none");
}

#[test]
fn hanging_requests_leave_time_for_others() {
    let connections: Vec<_> =
        (1..=5).map(|port| at(&format!("http://10.0.2.1:{port}"), true, false)).collect();
    let server = own(&connections.join(","));
    let choice = server.choose_connection(me()).max_in_flight(2).timeout(Duration::from_secs(9));
    let mut driven = Driven::new(choice.clone());
    // No host responds, and the transport keeps each deadline.
    while driven.settle().is_some() {
        assert!(driven.in_flight.len() <= 2, "{:?}", driven.in_flight.len());
        let limits = driven.in_flight.iter().filter_map(|request| request.call.reply().deadline());
        let soonest = limits.min().unwrap();
        driven.now += soonest;
        for request in std::mem::take(&mut driven.in_flight) {
            let limit = request.call.reply().deadline().unwrap();
            let timed_out = TransportError(TransportErrorKind::TimedOut(limit), true);
            driven.complete(&request, &timed_out);
        }
    }
    assert_eq!(driven.sent.len(), 5, "each gets a request");
    let limits: Vec<_> = driven.sent.iter().filter_map(|sent| sent.deadline).collect();
    assert_eq!((limits.len(), limits[0]), (5, Duration::from_secs(3)));
    assert!(limits.iter().all(|limit| *limit >= Duration::from_secs(3)), "{limits:?}");
    assert!(driven.failures().iter().all(|lost| lost.contains("no whole answer within")));

    // If the transport keeps no deadline, hanging requests free their places, and the choice ends.
    let mut driven = Driven::new(choice);
    let mut waits = Vec::new();
    while let Some(wait) = driven.settle() {
        waits.push(wait);
        driven.now += wait;
    }
    assert_eq!(waits, [ms(3_000), ms(1_500), ms(1_500), ms(3_000)]);
    let lost = driven.failures();
    let limits = ["3s", "4.5s", "3s", "4.5s", "3s"];
    for (lost, limit) in lost.iter().zip(limits) {
        assert!(lost.ends_with(&format!("no whole answer within {limit}")), "{lost}");
    }
    assert_eq!(driven.sent.len(), 5, "{lost:?}");
}

#[test]
fn progress_lists_each_candidate() {
    let mut driven = Driven::new(three().choose_connection(me()).max_in_flight(2));
    assert_eq!(plan(&driven.flow).iter().filter(|it| it.ends_with(": not asked")).count(), 3);
    driven.settle();
    let states = plan(&driven.flow);
    assert_eq!(
        states,
        [
            "https://local.plex.direct:32400 (local): asked",
            "https://remote.plex.direct:32400 (remote): asked",
            "https://relay.plex.direct:8443 (relay): not asked",
        ]
    );
    driven.now += Duration::from_secs(3);
    let ConnectionProgress::Probing { left, .. } = driven.progress() else { panic!() };
    assert_eq!(left, Duration::from_secs(7));
    driven.respond_to("remote", RIGHT);
    let ConnectionProgress::Probing { left, candidates, .. } = driven.progress() else { panic!() };
    assert_eq!(left, ms(500));
    assert!(matches!(candidates[1].state, CandidateState::Verified { .. }));
    assert_eq!(driven.sent.len(), 2, "no request to the relay");
}

#[test]
fn late_and_repeated_responses_are_harmless() {
    let attic = three();
    let mut driven = Driven::new(attic.choose_connection(me()));
    let request = driven.take("remote");
    driven.complete(&request, &cut_off(true));
    driven.complete(&request, &RIGHT);
    driven
        .respond_to("relay", not_sent(TransportErrorKind::CutOff))
        .respond_to("local", not_sent(TransportErrorKind::CutOff));
    assert_eq!(driven.failures().len(), 3);
    driven.complete(&request, &RIGHT);
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(Duration::MAX)));

    // A response is accepted after another request took its place.
    let mut driven = Driven::new(attic.choose_connection(me()).max_in_flight(1));
    let request = driven.take("local");
    let wait = driven.settle().unwrap();
    driven.advance(wait);
    assert_eq!(driven.sent.len(), 2);
    driven.complete(&request, &RIGHT);
    assert_eq!(driven.chosen(), "https://local.plex.direct:32400");

    // A response after the timeout is accepted if the flow was not polled since.
    let mut driven = Driven::new(attic.choose_connection(me()));
    let request = driven.take("remote");
    driven.now += Duration::from_secs(60);
    driven.complete(&request, &RIGHT);
    assert_eq!(driven.chosen(), "https://remote.plex.direct:32400");
}
