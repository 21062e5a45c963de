//! A host that never responds must not noticeably delay the choice of another one.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;

use super::{LOCAL, REMOTE, RIGHT, at, me, ms, own, three};
use crate::flows::harness::{Driven, TransportError};

#[test]
fn hanging_addresses_do_not_delay_others() {
    for hanging in [8, 9, 40, 63] {
        for (working, relay) in [("203-0-113-9", false), ("198-51-100-7", true)] {
            let mut connections: Vec<_> = (1..=hanging)
                .map(|host| {
                    at(&format!("https://10-0-2-{host}.feed.plex.direct:32400"), true, false)
                })
                .collect();
            connections.push(at(&format!("https://{working}.feed.plex.direct:8443"), false, relay));
            let mut driven = Driven::new(own(&connections.join(",")).choose_connection(me()));
            let mut passed = ms(0);
            // The working address responds within 20 ms; the others never do.
            while let Some(wait) = driven.settle() {
                if driven.in_flight.iter().any(|request| request.url().contains(working)) {
                    driven.advance(ms(20)).respond_to(working, RIGHT);
                    passed += ms(20);
                } else {
                    driven.now += wait;
                    passed += wait;
                }
            }
            assert!(passed <= ms(1_500), "{hanging}: {passed:?}");
            assert!(driven.chosen().contains(working));
        }
    }
}

#[test]
fn slow_server_is_found_in_a_long_list() {
    let slow = "203-0-113-9";
    let hanging = (1..=40).map(|host| format!("https://10-0-2-{host}.feed.plex.direct:32400"));
    let uris = hanging.chain([format!("https://{slow}.feed.plex.direct:8443")]);
    let connections: Vec<_> = uris.map(|uri| at(&uri, false, false)).collect();
    let mut driven = Driven::new(own(&connections.join(",")).choose_connection(me()));
    let request = driven.take(slow);
    // The transport ends a request at its deadline, so the deadline must leave time for a slow
    // server.
    assert!(request.outgoing.deadline() >= Some(ms(2_500)));
    driven.advance(ms(2_500)).complete(&request, &RIGHT);
    driven.advance(ms(500));
    assert!(driven.chosen().contains(slow));

    // The same holds if only a few requests may be in flight.
    let mut driven = Driven::new(three().choose_connection(me()).max_in_flight(2));
    assert!(driven.take(LOCAL).outgoing.deadline() >= Some(ms(2_500)));
}

#[test]
fn full_limit_delays_the_next_by_one_second() {
    let server = own(&[at(LOCAL, true, false), at(REMOTE, false, false)].join(","));
    let mut driven = Driven::new(server.choose_connection(me()).max_in_flight(1));
    assert_eq!(driven.urls(), [LOCAL]);
    assert_eq!(driven.settle(), Some(ms(1_000)));
    driven.advance(ms(1_000));
    assert_eq!(driven.urls(), [LOCAL, REMOTE]);
    // The requests share the total time, and the last one gets all that is left.
    let limits: Vec<_> = driven.sent.iter().filter_map(|sent| sent.deadline).collect();
    assert_eq!(limits, [ms(5_000), ms(9_000)]);
    driven.advance(ms(20)).respond_to(REMOTE, RIGHT).advance(ms(500));
    assert_eq!(driven.chosen(), REMOTE);
}

#[test]
fn hanging_requests_leave_time_for_others() {
    let connections: Vec<_> =
        (1..=5).map(|port| at(&format!("https://10.0.2.1:{port}"), true, false)).collect();
    let server = own(&connections.join(","));
    let choice = || server.choose_connection(me()).max_in_flight(2).timeout(ms(1_500));
    let mut driven = Driven::new(choice());
    // No host responds, and the transport enforces each deadline.
    while driven.settle().is_some() {
        assert!(driven.in_flight.len() <= 2, "{:?}", driven.in_flight.len());
        let limits = driven.in_flight.iter().filter_map(|request| request.outgoing.deadline());
        let soonest = limits.min().unwrap();
        driven.now += soonest;
        for request in std::mem::take(&mut driven.in_flight) {
            let limit = request.outgoing.deadline().unwrap();
            let timed_out = TransportError(TransportErrorKind::TimedOut(limit), true);
            driven.complete(&request, &timed_out);
        }
    }
    assert_eq!(driven.sent.len(), 5, "some candidates got no request");
    let limits: Vec<_> = driven.sent.iter().filter_map(|sent| sent.deadline).collect();
    assert!(limits.iter().all(|limit| *limit >= ms(500)), "{limits:?}");
    assert!(driven.failures().iter().all(|lost| lost.contains("timed out after")));

    // If the transport ignores the deadlines, hanging requests stop counting as in flight, and the
    // choice ends.
    let mut driven = Driven::new(choice());
    let mut passed = Duration::ZERO;
    while let Some(wait) = driven.settle() {
        passed += wait;
        driven.now += wait;
    }
    assert_eq!((driven.sent.len(), passed), (5, ms(1_500)));
    assert!(driven.failures().iter().all(|lost| lost.contains("timed out after")));
}
