//! Property: the outcome is correct for any order of responses, errors and clock changes.

use std::time::Duration;

use plex_auth_proto::flow::{PinLogin, PinLoginError, PinProgress};
use proptest::prelude::{
    Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::{CREATED, GONE, LINKED, OVER, WAITING};
use crate::config;
use crate::flows::chaos::{Bounds, Chaos, chaos, events};
use crate::flows::harness::{Answer, RetryAfter, Scripted, cut_off, plex_tv};

fn response() -> impl Strategy<Value = Scripted> + Clone {
    prop_oneof![
        6 => Just(Answer(200, WAITING)),
        1 => (any::<bool>()).prop_map(|made| Answer(201, if made { CREATED } else { "{}" })),
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
            .prop_filter("not a success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        1 => (0_usize..5).prop_map(|which| RetryAfter(
            429,
            ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"][which]
        )),
        1 => Just(cut_off(true)),
        1 => Just(Answer(404, GONE)),
    ]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn ends_in_time_with_the_right_outcome(
        events in events(Answer(201, CREATED), response()),
    ) {
        let left = |login: &PinLogin, now| match login.progress(now) {
            PinProgress::Waiting { left, .. } => Some(left),
            _ => None,
        };
        let login = plex_tv("id").link_code_login();
        // A poll counts as lost after 15 seconds, and a failed last poll is retried for 30 seconds,
        // so the login ends well within this grace. A clock that is set back adds some time.
        let grace = Duration::from_secs(140);
        let bounds = Bounds {
            interval: Duration::from_secs(1), timeout: Duration::from_secs(180), grace, rounds: 200_000,
        };
        let chaos = chaos(login, &events, bounds, left);
        let Chaos { outcome, received, is_steady, in_time, was_over, .. } = chaos.map_err(TestCaseError::fail)?;
        let outcome = outcome.expect("an outcome");
        let was_received = |wanted: &dyn Fn(&Scripted) -> bool| {
            received.iter().any(|(_, response)| wanted(response))
        };
        match &outcome {
            Ok(linked) => {
                prop_assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
                prop_assert!(was_received(&|response| matches!(response, Answer(200, LINKED))));
            }
            Err(PinLoginError::Expired) => {
                let is_end = |response: &Scripted| matches!(response, Answer(404, GONE) | Answer(410, _) | Answer(200, OVER));
                // The responses have no date, so a wall clock that is set forward ends the login.
                prop_assert!(was_over || !is_steady || was_received(&is_end), "{:?}", received.last());
            }
            Err(PinLoginError::Failed(error)) => {
                let status = error.status().map(|status| status.as_u16());
                prop_assert!(status.is_none() || was_received(&|response| response.status() == status), "{error}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        // A received token is never lost, however late it arrives.
        let polled: Vec<_> =
            received.iter().filter(|(path, _)| path.ends_with("/pins/2147483650")).collect();
        let is_linked = polled.iter().any(|(_, response)| matches!(response, Answer(200, LINKED)));
        prop_assert!(!is_linked || outcome.is_ok(), "{outcome:?}");
        if let Some((_, Answer(404, GONE))) = polled.last().filter(|_| in_time) {
            prop_assert!(matches!(outcome, Err(PinLoginError::Expired)));
        }
    }
}
