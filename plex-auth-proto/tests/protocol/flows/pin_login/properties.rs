//! The property: in whatever order answers, failures and steps of the clock come.

use std::time::Duration;

use plex_auth_proto::Flow;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{PinLogin, PinLoginError, PinProgress};
use plex_auth_proto::pin::ShortPin;
use proptest::prelude::{
    Just, ProptestConfig as Config, Strategy, TestCaseError, any, prop_assert, prop_assert_eq,
    prop_oneof, proptest,
};

use super::harness::{
    Answer, Fate, GONE, LINKED, MADE, OVER, RetryAfter, Silence, WAITING, plex_tv,
};
use crate::flows::chaos::{Bounds, Chaos, chaos, lots};

fn fate() -> impl Strategy<Value = Fate> + Clone {
    let reason = TransportErrorKind::CutOff;
    prop_oneof![
        6 => Just(Answer(200, WAITING)),
        1 => (any::<bool>()).prop_map(|made| Answer(201, if made { MADE } else { "{}" })),
        1 => (0_usize..9).prop_map(|which| Answer(
            200,
            [
                WAITING,
                "",
                "<html>",
                "{",
                LINKED,
                r#"{"id":1}"#,
                "[]",
                r#"{"id":2147483650,"expiresIn":900}"#,
                OVER,
            ][which]
        )),
        1 => (100_u16..600)
            .prop_filter("no success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        1 => (0_usize..5).prop_map(|which| RetryAfter(
            ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"][which]
        )),
        1 => Just(Silence(reason)),
        1 => Just(Answer(404, GONE)),
    ]
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_and_whatever_the_clock_does_it_ends_in_time_in_what_is_true(
        lots in lots(Answer(201, MADE), fate()),
    ) {
        let left = |login: &PinLogin<ShortPin>, now| match login.progress(now) {
            PinProgress::Waiting { left, .. } => Some(left),
            _ => None,
        };
        let login = plex_tv("id").short_pin_login();
        // The poll that is under way at its end is lost a minute later, and so is the last one, 16 s after that; a clock
        // that goes back takes some.
        let grace = Duration::from_secs(140);
        let bounds = Bounds { pace: Duration::from_secs(1), grace, rounds: 200_000 };
        let chaos = chaos(login, &lots, bounds, |call, fate| fate.of(call), left);
        let Chaos { outcome, met, calls, was_heard, was_over } = chaos.map_err(TestCaseError::fail)?;
        let outcome = outcome.expect("an end");
        let came = |wanted: &dyn Fn(&Fate) -> bool| met.iter().any(|(_, fate)| wanted(fate));
        match &outcome {
            Ok(linked) => {
                prop_assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
                prop_assert!(came(&|fate| matches!(fate, Answer(200, LINKED))));
            }
            Err(PinLoginError::Expired) => {
                let is_end = |fate: &Fate| matches!(fate, Answer(404, GONE) | Answer(410, _) | Answer(200, OVER));
                // Answers that lengthen its life again and again do so for twice as long as it was to be.
                prop_assert!(was_over || calls > 1800 || came(&is_end), "{:?}", met.last());
            }
            Err(PinLoginError::Failed(error)) => {
                let said = error.status().map(|status| status.as_u16());
                prop_assert!(said.is_none() || came(&|fate| fate.status() == said), "{error}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        // A token that came is never lost, however late it was.
        let polled: Vec<_> =
            met.iter().filter(|(path, _)| path.ends_with("/pins/2147483650")).collect();
        let is_linked = polled.iter().any(|(_, fate)| matches!(fate, Answer(200, LINKED)));
        prop_assert!(!is_linked || outcome.is_ok(), "{outcome:?}");
        if let Some((_, Answer(404, GONE))) = polled.last().filter(|_| was_heard) {
            prop_assert!(matches!(outcome, Err(PinLoginError::Expired)));
        }
    }
}
