//! Hosts that do not respond delay the others little.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;

use super::{at, me, ms, own};
use crate::flows::harness::{Driven, TransportError};

#[test]
fn hanging_requests_leave_time_for_others() {
    let connections: Vec<_> =
        (1..=5).map(|port| at(&format!("https://10.0.2.1:{port}"), true, false)).collect();
    let server = own(&connections.join(","));
    let choice = server.choose_connection(me()).max_in_flight(2).timeout(ms(1_500));
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
    assert!(limits.iter().all(|limit| *limit >= ms(500)), "{limits:?}");
    assert!(driven.failures().iter().all(|lost| lost.contains("no whole answer within")));

    // If the transport keeps no deadline, hanging requests stop counting as in flight, and the choice ends.
    let mut driven = Driven::new(choice);
    let mut passed = Duration::ZERO;
    while let Some(wait) = driven.settle() {
        passed += wait;
        driven.now += wait;
    }
    assert_eq!((driven.sent.len(), passed), (5, ms(1_500)));
    assert!(driven.failures().iter().all(|lost| lost.contains("no whole answer within")));
}
