//! Property: the refresher stops only after a refusal, and returns only tokens from the server.

use std::time::Duration;

use plex_auth_proto::flow::{Action, TransientTokenProgress as Progress};
use plex_auth_proto::{Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};

use super::{HOUR, UNREACHABLE, refresher, transient};
use crate::config;
use crate::flows::harness::{Answer, RetryAfter, Scripted, shifted, start};

fn response() -> impl Strategy<Value = (Scripted, Option<u32>)> {
    let waits = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    let bodies = ["", "<html>", "{}", "<MediaContainer size='0'/>"];
    prop_oneof![
        4 => any::<u32>().prop_map(|number| (transient(number), Some(number))),
        1 => (100_u16..600).prop_map(|status| (Answer(status, ""), None)),
        1 => (0..bodies.len()).prop_map(move |which| (Answer(200, bodies[which]), None)),
        1 => (0..waits.len()).prop_map(move |which| (RetryAfter(503, waits[which]), None)),
        1 => Just((UNREACHABLE, None)),
    ]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn token_is_the_last_valid_one_from_the_server(
        rounds in vec((response(), 0_u64..100, any::<bool>(), prop_oneof![
            4 => any::<bool>().prop_map(|_| 0), 1 => -400_000_i64..400_000
        ]), 1..40),
        jitter in 0_u64..10_000,
    ) {
        let mut refresher =
            refresher().jitter(Duration::from_secs(jitter)).max_wait(Duration::from_secs(HOUR));
        let (mut now, mut passed) = (start(), Duration::ZERO);
        let (mut last_sent, mut given) = (None::<Duration>, None::<(String, Duration)>);
        let (mut round, mut sent) = (0, 0);
        for _ in 0..400 {
            let ((response, number), takes, refuses, jump) = &rounds[round % rounds.len()];
            match refresher.poll(now) {
                Step::Do(id, Action::Send(outgoing)) => {
                    if let Some(last) = last_sent {
                        prop_assert!(passed - last >= Duration::from_secs(1));
                    }
                    (round, sent) = (round + 1, sent + 1);
                    last_sent = Some(passed);
                    let sent_at = passed;
                    // Some responses never arrive.
                    if *takes < 90 {
                        let takes = Duration::from_secs(*takes % 50);
                        (now, passed) = (now + takes, passed + takes);
                        now = shifted(now, *jump);
                        refresher.complete(now, id, response.completion(&outgoing));
                        if let Some(number) = number {
                            given = Some((format!("transient-5ea1-{number}"), sent_at));
                        }
                        if matches!(response, Answer(401 | 403 | 498, _)) {
                            let refused = matches!(refresher.progress(now), Progress::Refused { .. });
                            prop_assert!(refused);
                            prop_assert!(matches!(refresher.poll(now), Step::Wait(_)));
                            refresher.retry();
                        }
                        if let (true, Some(token)) = (refuses, refresher.token().cloned()) {
                            refresher.rejected(now, &token);
                            given = None;
                        }
                    }
                }
                Step::Wait(Some(time)) => {
                    prop_assert!(time >= Duration::from_millis(1), "a busy loop");
                    prop_assert!(time <= Duration::from_secs(24 * HOUR), "the flow has stopped");
                    (now, passed) = (now + time, passed + time);
                }
                step => prop_assert!(false, "{step:?}"),
            }
            if let Some(token) = refresher.token() {
                let (expected, since) = given.as_ref().expect("a token from the server");
                prop_assert!(token.expose() == expected);
                let age = passed - *since;
                prop_assert!(age <= Duration::from_secs(48 * HOUR), "{age:?}");
            }
        }
        prop_assert!(sent > 1, "the flow has stopped");
    }
}
