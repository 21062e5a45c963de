//! Properties: in whatever order answers, failures and steps of the clock come.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    CandidateError, CandidateState, ChosenConnection, ConnectionChoiceError,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Error, Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::harness::{ANOTHER, RIGHT, me, ms, own};

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    Right,
    Another,
    Page,
    Fails(TransportErrorKind),
    Hangs,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        any::<bool>().prop_map(|_| Fate::Right),
        any::<bool>().prop_map(|_| Fate::Another),
        any::<bool>().prop_map(|_| Fate::Page),
        any::<bool>().prop_map(|_| Fate::Fails(TransportErrorKind::NameNotFound)),
        any::<bool>().prop_map(|_| Fate::Fails(TransportErrorKind::Refused)),
        any::<bool>().prop_map(|_| Fate::Hangs),
    ]
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_in_whatever_order_the_end_is_true_and_in_time(
        // How long each takes, what it is, and where its host leads.
        hosts in vec((fate(), 0_u64..12_000, any::<bool>(), any::<bool>(), any::<bool>()), 0..14),
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
        let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        // By a clock that does not jump.
        let mut passed = Duration::ZERO;
        let mut under_way = Vec::new();
        let mut asked = Vec::new();
        let mut right = Vec::new();
        for round in 0..1_000 {
            for (_, jump) in jumps.iter().filter(|(when, _)| *when == round) {
                let by = ms(jump.unsigned_abs());
                now = if *jump < 0 { now - by } else { now + by };
            }
            match choice.poll(now) {
                Step::Send(id, call) => {
                    let (request, reply) = call.into_parts();
                    let url = request.uri().to_string();
                    prop_assert!(!asked.contains(&url), "{url} is asked twice");
                    let port = request.uri().port_u16().unwrap();
                    let (fate, takes, ..) = &hosts[usize::from(port) - 1];
                    let limit = reply.deadline().unwrap();
                    let due = match fate {
                        Fate::Hangs => None,
                        _ if ms(*takes) > limit => None,
                        _ => Some(passed + ms(*takes)),
                    };
                    under_way.push((due.unwrap_or(passed + limit), due.is_some(), id, url.clone(), fate, reply));
                    asked.push(url);
                    let jumped = jumps.iter().any(|(_, jump)| *jump > 0);
                    // Those whose time is over now are about to say so.
                    let going = under_way.iter().filter(|call| call.0 > passed).count();
                    prop_assert!(going <= at_once.max(1) || jumped);
                }
                Step::Wait(time) => {
                    prop_assert!(time >= ms(1), "a busy loop");
                    let first = (0..under_way.len()).min_by_key(|index| under_way[*index].0);
                    match first.filter(|first| under_way[*first].0 <= passed + time) {
                        None => {
                            passed += time;
                            now += time;
                        }
                        Some(first) => {
                            let (when, answers, id, url, fate, reply) = under_way.remove(first);
                            let step = when.saturating_sub(passed);
                            passed += step;
                            now += step;
                            let read = |body| reply.read(Response::new(body)).map_err(Error::from);
                            let answer = match fate {
                                _ if !answers => Err(reply.transport_error(TransportErrorKind::TimedOut(ms(1)), true)),
                                Fate::Right => read(RIGHT),
                                Fate::Another => read(ANOTHER),
                                Fate::Page => read("<html>"),
                                Fate::Fails(reason) => Err(reply.transport_error(*reason, false)),
                                Fate::Hangs => unreachable!(),
                            };
                            if answer.is_ok() && matches!(fate, Fate::Right) {
                                right.push(url);
                            }
                            choice.complete(now, id, answer);
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
                    // The chosen one is the best of those that were right.
                    let mut of_right = candidates.iter().filter_map(|one| {
                        let url = one.url.as_ref()?;
                        right.contains(&format!("{url}/identity")).then_some(url)
                    });
                    prop_assert_eq!(outcome.as_ref().ok().map(ChosenConnection::url), of_right.next());
                    if outcome.is_err() {
                        for candidate in candidates {
                            prop_assert!(matches!(candidate.state, CandidateState::Failed(_)), "{candidate}");
                            let url = format!("{}/identity", candidate.url.as_ref().unwrap());
                            let was_asked = matches!(
                                candidate.state,
                                CandidateState::Failed(CandidateError::Request(_) | CandidateError::OtherServer)
                            );
                            prop_assert_eq!(was_asked, asked.contains(&url), "{}", candidate);
                        }
                    }
                    let is_over = matches!(choice.poll(now), Step::Wait(Duration::MAX));
                    prop_assert!(is_over);
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "it has not ended");
    }
}
