//! Properties: in whatever order answers, failures and steps of the clock come.

use std::time::Duration;

use plex_auth_proto::{Conversation, DeviceTokenEnd, Step};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_oneof, proptest,
};

use super::stage::{
    Answer, DAY, Exchanged, Fate, GONE, Key, LINKED, MADE, NONCE, NonceAt, REMOVED, RetryAfter,
    Silence, WAITING, answer, keeper, login, start,
};

fn fate() -> impl Strategy<Value = Fate> {
    const BODIES: [&str; 10] =
        [MADE, WAITING, NONCE, "", "<html>", "{", LINKED, "[]", r#"{"auth_token":"x"}"#, REMOVED];
    const WAITS: [&str; 5] = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    const DATES: [&str; 4] = [
        "Tue, 14 Nov 2023 22:23:21 GMT",
        "soon",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    prop_oneof![
        (0_usize..10).prop_map(|which| Answer(200, BODIES[which])),
        (100_u16..600)
            .prop_filter("no success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        (0_usize..5).prop_map(|which| RetryAfter(WAITS[which])),
        (0_usize..4).prop_map(|which| NonceAt(DATES[which])),
        (0_u64..400).prop_map(|days| Exchanged(days * DAY)),
        any::<bool>().prop_map(Silence),
        any::<bool>().prop_map(|removed| Answer(404, if removed { REMOVED } else { GONE })),
    ]
}

/// Drives a conversation through whatever comes, and returns what it ended in, or nothing after so many rounds.
fn rush<C: Conversation>(
    mut talk: C,
    key: &Key,
    fates: &[(Fate, i64, bool)],
    mut look: impl FnMut(&C, &Fate),
) -> Option<C::Outcome> {
    let mut now = start();
    let mut sends_in_a_row = 0;
    for round in 0..6_000 {
        let (fate, jump, odd) = &fates[round % fates.len()];
        key.locked.set(*odd && round % 3 == 0);
        match talk.next(now) {
            Step::Send(id, call) => {
                sends_in_a_row += 1;
                assert!(
                    sends_in_a_row <= 3 || fates.iter().any(|(_, jump, odd)| *odd && *jump > 0)
                );
                if *odd {
                    let by = Duration::from_secs(jump.unsigned_abs());
                    now = if *jump < 0 { now - by } else { now + by };
                }
                talk.receive(now, id, answer(&call, fate));
                look(&talk, fate);
            }
            Step::Wait(time) => {
                sends_in_a_row = 0;
                assert!(time >= Duration::from_millis(1), "a busy loop");
                now += time.min(Duration::from_secs(100_000_000_000));
            }
            Step::Done(outcome) => return Some(outcome),
        }
        let _ = talk.progress(now);
    }
    None
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_a_keeper_never_hurries_and_ends_only_where_plex_said_so(
        fates in vec((fate(), -100_000_i64..100_000, any::<bool>()), 1..40),
    ) {
        let key = Key::new();
        let mut renewals = 0;
        let end = rush(keeper(&key).talk, &key, &fates, |talk, fate| {
            assert!(talk.token().is_some(), "it is never lost");
            let is_new = talk.renewals() > renewals;
            assert!(!is_new || matches!(fate, Exchanged(_) | Answer(200, _)));
            renewals = talk.renewals();
        });
        let said = |wanted: &[u16]| fates.iter().any(|(fate, ..)| matches!(fate, Answer(status, _) if wanted.contains(status)));
        match end {
            None => {}
            Some(DeviceTokenEnd::DeviceRemoved(_)) => prop_assert!(said(&[404])),
            Some(DeviceTokenEnd::KeyRefused(_)) => prop_assert!(said(&[400, 422])),
            Some(end) => prop_assert!(false, "{end}"),
        }
    }

    #[test]
    fn whatever_comes_a_login_ends_and_never_hurries(
        fates in vec((fate(), -100_000_i64..100_000, any::<bool>()), 1..40),
    ) {
        let key = Key::new();
        let end = rush(login(&key).talk, &key, &fates, |_, _| {});
        match end {
            Some(Ok(linked)) => prop_assert!(!linked.auth_token.expose().is_empty()),
            Some(Err(_)) => {}
            None => prop_assert!(false, "it has not ended"),
        }
    }
}
