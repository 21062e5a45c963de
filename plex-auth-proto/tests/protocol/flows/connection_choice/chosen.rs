//! Which connection is chosen when, and why each other one has lost.

use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::{
    CandidateState, ConnectionChoiceError, ConnectionKind, ConnectionProgress,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Error, Flow, Step, Token};

use super::harness::{ANOTHER, Play, RIGHT, at, me, ms, own, plan, three};

#[test]
fn the_best_one_that_answers_is_chosen_at_once_and_only_then_a_token_goes_along() {
    let attic = three();
    let mut play = Play::new(attic.choose_connection(me()));
    assert_eq!(play.urls().len(), 3, "all at once");
    play.passes(ms(40)).answers("local", RIGHT);
    let chosen = play.outcome().unwrap();
    assert_eq!((chosen.kind, chosen.took), (ConnectionKind::Local, ms(40)));
    assert_eq!(chosen.server.version.as_deref(), Some("1.40.0"));
    assert!(!chosen.ipv6 && !chosen.bare_address);
    assert_eq!(chosen.candidates.len(), 3);
    assert!(matches!(play.choice.poll(play.now), Step::Wait(Duration::MAX)), "that is said once");
    assert!(matches!(play.choice.progress(play.now), ConnectionProgress::Finished));
    let shown = format!("{:?} {chosen:?}", play.choice);
    assert!(!shown.contains("s3rv3r-t0ken"), "{shown}");

    let server = chosen.with_token(attic.access_token.unwrap());
    let call = server.root();
    assert_eq!(call.request().uri(), "https://local.plex.direct:32400/");
    assert_eq!(call.request().headers()["x-plex-token"], "s3rv3r-t0ken");
}

#[test]
fn a_better_one_has_half_a_second_more() {
    let start = |grace| {
        let mut play = Play::new(three().choose_connection(me()));
        if let Some(grace) = grace {
            play = Play::new(three().choose_connection(me()).grace(grace));
        }
        play.goes_on();
        play.passes(ms(100)).answers("relay", RIGHT);
        play
    };
    // It uses it.
    let mut play = start(None);
    assert_eq!(play.goes_on(), Some(ms(500)));
    play.passes(ms(499)).answers("local", RIGHT);
    assert_eq!(play.chosen(), "https://local.plex.direct:32400");

    // It does not; a second answer does not make it longer.
    let mut play = start(None);
    play.passes(ms(300)).answers("remote", RIGHT);
    assert_eq!(play.goes_on(), Some(ms(200)));
    play.passes(ms(200));
    assert_eq!(play.chosen(), "https://remote.plex.direct:32400");

    // There is none any more.
    let mut play = start(None);
    play.fails("local", TransportErrorKind::Refused).answers("remote", ANOTHER);
    let chosen = play.outcome().unwrap();
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

    let mut play = start(Some(Duration::ZERO));
    assert_eq!(play.chosen(), "https://relay.plex.direct:8443");
    let mut play = start(Some(Duration::MAX));
    assert_eq!(play.goes_on(), Some(ms(9_900)), "the deadline ends all");
    play.passes(ms(9_900));
    assert_eq!(play.chosen(), "https://relay.plex.direct:8443");
}

#[test]
fn where_none_is_right_each_says_why() {
    let connections: Vec<_> =
        (1..=9).map(|port| at(&format!("https://host.plex.direct:{port}"), false, false)).collect();
    let mut play = Play::new(own(&connections.join(",")).choose_connection(me()).max_in_flight(20));
    play.answers(":1", ANOTHER)
        .fails(":2", TransportErrorKind::NameNotFound)
        .fails(":3", TransportErrorKind::Tls(TlsErrorKind::WrongName))
        .answers(":4", "<html>Sign in to the network</html>")
        .answers(":5", "{}");
    play.passes(Duration::from_secs(20));
    let error = play.outcome().unwrap_err();
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

    let mut play = Play::new(own("").choose_connection(me()));
    let error = play.outcome().unwrap_err().to_string();
    assert_eq!(error, "no connection leads to the server: it lists none");
}

#[test]
fn those_that_hang_leave_time_for_the_others() {
    let connections: Vec<_> =
        (1..=5).map(|port| at(&format!("http://10.0.2.1:{port}"), true, false)).collect();
    let server = own(&connections.join(","));
    let choice = server.choose_connection(me()).max_in_flight(2).timeout(Duration::from_secs(9));
    let mut play = Play::new(choice.clone());
    // Nobody answers, and the carrier keeps each deadline.
    while play.goes_on().is_some() {
        assert!(play.asked.len() <= 2, "{:?}", play.asked.len());
        let limits = play.all.iter().rev().take(play.asked.len());
        let soonest = limits.map(|(_, limit)| *limit).min().unwrap();
        play.now += soonest;
        for (id, _, reply) in std::mem::take(&mut play.asked) {
            let limit = reply.deadline().unwrap();
            play.choice.complete(
                play.now,
                id,
                Err(reply.transport_error(TransportErrorKind::TimedOut(limit), true)),
            );
        }
    }
    assert_eq!(play.all.len(), 5, "each is asked");
    assert_eq!(play.all[0].1, Duration::from_secs(3));
    assert!(play.all.iter().all(|(_, limit)| *limit >= Duration::from_secs(3)), "{:?}", play.all);
    assert!(play.lost().iter().all(|lost| lost.contains("no whole answer within")));

    // And where the carrier keeps none: they take no place for ever, and the whole ends.
    let mut play = Play::new(choice);
    let mut waits = Vec::new();
    while let Some(wait) = play.goes_on() {
        waits.push(wait);
        play.now += wait;
    }
    assert_eq!(waits, [ms(3_000), ms(1_500), ms(1_500), ms(3_000)]);
    let lost = play.lost();
    let limits = ["3s", "4.5s", "3s", "4.5s", "3s"];
    for (lost, limit) in lost.iter().zip(limits) {
        assert!(lost.ends_with(&format!("no whole answer within {limit}")), "{lost}");
    }
    assert_eq!(play.all.len(), 5, "{lost:?}");
}

#[test]
fn progress_shows_each_candidate() {
    let mut play = Play::new(three().choose_connection(me()).max_in_flight(2));
    assert_eq!(plan(&play.choice).iter().filter(|it| it.ends_with(": not asked")).count(), 3);
    play.goes_on();
    let states = plan(&play.choice);
    assert_eq!(
        states,
        [
            "https://local.plex.direct:32400 (local): asked",
            "https://remote.plex.direct:32400 (remote): asked",
            "https://relay.plex.direct:8443 (relay): not asked",
        ]
    );
    play.now += Duration::from_secs(3);
    let ConnectionProgress::Probing { left, .. } = play.choice.progress(play.now) else { panic!() };
    assert_eq!(left, Duration::from_secs(7));
    play.answers("remote", RIGHT);
    let ConnectionProgress::Probing { left, candidates, .. } = play.choice.progress(play.now)
    else {
        panic!()
    };
    assert_eq!(left, ms(500));
    assert!(matches!(candidates[1].state, CandidateState::Verified { .. }));
    assert_eq!(play.all.len(), 2, "the relay is not needed any more");
}

#[test]
fn what_comes_late_or_twice_or_of_nothing_changes_nothing() {
    let attic = three();
    let mut play = Play::new(attic.choose_connection(me()));
    let (id, reply) = play.take("remote");
    let right = || reply.read(Response::new(RIGHT)).map_err(Error::from);
    play.choice.complete(
        play.now,
        id,
        Err(reply.transport_error(TransportErrorKind::CutOff, true)),
    );
    play.choice.complete(play.now, id, right());
    play.fails("relay", TransportErrorKind::CutOff).fails("local", TransportErrorKind::CutOff);
    assert_eq!(play.lost().len(), 3);
    play.choice.complete(play.now, id, right());
    assert!(matches!(play.choice.poll(play.now), Step::Wait(Duration::MAX)));

    // One whose place another has got is heard all the same.
    let mut play = Play::new(attic.choose_connection(me()).max_in_flight(1));
    let (id, reply) = play.take("local");
    let wait = play.goes_on().unwrap();
    play.passes(wait);
    assert_eq!(play.all.len(), 2);
    play.choice.complete(play.now, id, reply.read(Response::new(RIGHT)).map_err(Error::from));
    assert_eq!(play.chosen(), "https://local.plex.direct:32400");

    // One that comes after the deadline, before anybody has asked what is next, is right all the same.
    let mut play = Play::new(attic.choose_connection(me()));
    let (id, reply) = play.take("remote");
    play.now += Duration::from_secs(60);
    play.choice.complete(play.now, id, reply.read(Response::new(RIGHT)).map_err(Error::from));
    assert_eq!(play.chosen(), "https://remote.plex.direct:32400");
}

#[test]
fn a_choice_can_be_sent_to_another_thread() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    check(&three().choose_connection(me()));
    check(&Token::new("abc").unwrap());
}
