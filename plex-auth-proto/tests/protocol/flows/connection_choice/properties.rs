//! Property: the choice is right for any order of responses, errors and clock changes.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    CandidateError, CandidateState, ChosenConnection, ConnectionChoiceError,
};
use plex_auth_proto::{Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use super::{OTHER, RIGHT, me, ms, not_sent, own};
use crate::config;
use crate::flows::harness::{Answer, InFlight, Scripted, TransportError, start};

/// The response, unless there is none.
fn response() -> impl Strategy<Value = Option<Scripted>> {
    prop::sample::select(vec![
        Some(RIGHT),
        Some(OTHER),
        Some(Answer(200, "<html>")),
        Some(not_sent(TransportErrorKind::NameNotFound)),
        Some(not_sent(TransportErrorKind::Refused)),
        None,
    ])
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn best_verified_candidate_wins_in_time(
        // The response of each host, its duration in ms, and the kind of the connection.
        hosts in vec((response(), 0_u64..12_000, any::<bool>(), any::<bool>(), any::<bool>()), 0..14),
        at_once in 0_usize..10,
        grace in 0_u64..2_000,
        bare in any::<bool>(),
        jumps in vec((0_usize..30, -100_000_i64..100_000), 0..3),
    ) {
        let connections: Vec<_> = hosts.iter().enumerate().map(|(index, (_, _, local, relay, https))| {
            let (scheme, name) = if *https { ("https", ".plex.direct") } else { ("http", ".lan") };
            let port = index + 1;
            format!(
                r#"{{"uri":"{scheme}://host{name}:{port}","address":"10.0.2.1","port":{port},"local":{local},"relay":{relay}}}"#
            )
        }).collect();
        let choice = own(&connections.join(",")).choose_connection(me());
        let mut choice = choice.max_in_flight(at_once).grace(ms(grace)).bare_addresses(bare);
        let mut now = start();
        // By a clock that does not jump.
        let mut passed = Duration::ZERO;
        let mut in_flight = Vec::new();
        let mut requested = Vec::new();
        let mut right = Vec::new();
        for round in 0..1_000 {
            for (_, jump) in jumps.iter().filter(|(when, _)| *when == round) {
                let by = ms(jump.unsigned_abs());
                now = if *jump < 0 { now - by } else { now + by };
            }
            match choice.poll(now) {
                Step::Send(id, call) => {
                    let request = InFlight { id, call };
                    let url = request.url();
                    prop_assert!(!requested.contains(&url), "{url} is requested twice");
                    let port = request.call.request().uri().port_u16().unwrap();
                    let (response, takes, ..) = &hosts[usize::from(port) - 1];
                    let limit = request.call.reply().deadline().unwrap();
                    let (due, response) = match response {
                        Some(response) if ms(*takes) <= limit => (passed + ms(*takes), response.clone()),
                        _ => (passed + limit, TransportError(TransportErrorKind::TimedOut(ms(1)), true)),
                    };
                    in_flight.push((due, request, response));
                    requested.push(url);
                    let jumped = jumps.iter().any(|(_, jump)| *jump > 0);
                    // Those that are due now are about to end.
                    let going = in_flight.iter().filter(|call| call.0 > passed).count();
                    prop_assert!(going <= at_once.max(1) || jumped);
                }
                Step::Wait(time) => {
                    prop_assert!(time >= ms(1), "a busy loop");
                    let first = (0..in_flight.len()).min_by_key(|index| in_flight[*index].0);
                    match first.filter(|first| in_flight[*first].0 <= passed + time) {
                        None => {
                            passed += time;
                            now += time;
                        }
                        Some(first) => {
                            let (due, request, response) = in_flight.remove(first);
                            let step = due.saturating_sub(passed);
                            passed += step;
                            now += step;
                            choice.complete(now, request.id, response.read(request.call.reply()));
                            if response == RIGHT {
                                right.push(request.url());
                            }
                        }
                    }
                }
                Step::Done(outcome) => {
                    let limit = if jumps.iter().any(|(_, jump)| *jump < 0) { ms(500_000) } else { ms(10_010) };
                    prop_assert!(passed <= limit, "{passed:?}");
                    let candidates = match &outcome {
                        Ok(chosen) => &chosen.candidates,
                        Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => candidates,
                        Err(error) => panic!("{error}"),
                    };
                    // The chosen connection is the best of the verified ones.
                    let mut of_right = candidates.iter().filter_map(|one| {
                        let url = one.url.as_ref()?;
                        right.contains(&format!("{url}/identity")).then_some(url)
                    });
                    prop_assert_eq!(outcome.as_ref().ok().map(ChosenConnection::url), of_right.next());
                    if outcome.is_err() {
                        for candidate in candidates {
                            prop_assert!(matches!(candidate.state, CandidateState::Failed(_)), "{candidate}");
                            let url = format!("{}/identity", candidate.url.as_ref().unwrap());
                            let was_requested = matches!(
                                candidate.state,
                                CandidateState::Failed(CandidateError::Request(_) | CandidateError::OtherServer)
                            );
                            prop_assert_eq!(was_requested, requested.contains(&url), "{}", candidate);
                        }
                    }
                    let is_over = matches!(choice.poll(now), Step::Wait(Duration::MAX));
                    prop_assert!(is_over);
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "the choice has not ended");
    }
}
