//! Property tests: the flows behave correctly for any order of responses, errors and clock changes.

use std::time::Duration;

use plex_auth_proto::flow::{
    DeviceLogin, DeviceLoginError, DeviceLoginProgress, DeviceTokenEnd, DeviceTokenRefresher,
    LinkedDevice,
};
use proptest::collection::vec;
use proptest::prelude::{
    Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::{
    CREATED, DAY, GONE, Key, LINKED, NONCE, REMOVED, WAITING, exchanged, jwt, nonce_at, refresher,
};
use crate::config;
use crate::flows::chaos::{Bounds, Chaos, chaos, events};
use crate::flows::harness::{Answer, Built, Dated, RetryAfter, Scripted, cut_off, plex_tv};

/// The path of a request that polls the PIN.
const POLL: &str = "/pins/2147483650";

/// Returns the token in the response to a poll, if any.
fn polled(response: &Scripted) -> Option<&'static str> {
    matches!(response, Answer(200, LINKED)).then_some("eyJh.eyJp.c2ln")
}

/// Returns the token in the response to an exchange, if any.
fn token_of(response: &Scripted) -> Option<String> {
    match response {
        Built(body) => body.split('"').nth(3).map(str::to_owned),
        Answer(200, LINKED) => polled(response).map(str::to_owned),
        Answer(200, r#"{"auth_token":"x"}"#) => Some("x".to_owned()),
        _ => None,
    }
}

fn response() -> impl Strategy<Value = Scripted> + Clone {
    const BODIES: [&str; 10] = [
        CREATED,
        WAITING,
        NONCE,
        "",
        "<html>",
        "{",
        LINKED,
        "[]",
        r#"{"auth_token":"x"}"#,
        REMOVED,
    ];
    const WAITS: [&str; 5] = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    const DATES: [&str; 4] = [
        "Tue, 14 Nov 2023 22:23:21 GMT",
        "soon",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    prop_oneof![
        4 => Just(Answer(200, WAITING)),
        2 => (0_usize..10).prop_map(|which| Answer(200, BODIES[which])),
        1 => (100_u16..600)
            .prop_filter("not a success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        1 => (0_usize..5).prop_map(|which| RetryAfter(429, WAITS[which])),
        2 => (0_usize..4).prop_map(|which| nonce_at(DATES[which])),
        1 => (0_u64..400).prop_map(|days| exchanged(days * DAY)),
        1 => any::<bool>().prop_map(cut_off),
        1 => any::<bool>().prop_map(|removed| Answer(404, if removed { REMOVED } else { GONE })),
    ]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn refresher_ends_only_if_plex_refuses(
        events in events(Answer(200, NONCE), response()),
        locked in vec(any::<bool>(), 1..20),
    ) {
        let key = Key::new();
        let (mut rounds, mut renewals, mut token) = (0, 0, jwt(0));
        let look = |refresher: &DeviceTokenRefresher<&Key>, _| {
            rounds += 1;
            key.locked.set(locked[rounds % locked.len()]);
            // The current token changes only with a renewal.
            let held = refresher.token().expect("the token is never lost").expose();
            let is_new = refresher.renewals() > renewals;
            assert!(is_new || held == token, "{held}");
            (renewals, token) = (refresher.renewals(), held.to_owned());
            None
        };
        let bounds = Bounds {
            interval: Duration::from_secs(15), timeout: Duration::MAX, grace: Duration::MAX, rounds: 3_000,
        };
        let refresher = refresher(&key).flow.max_wait(Duration::from_secs(3600));
        let chaos = chaos(refresher, &events, bounds, look);
        let Chaos { outcome, received, calls, .. } = chaos.map_err(TestCaseError::fail)?;
        let was_received = |wanted: &[Scripted]| {
            received.iter().any(|(_, response)| wanted.contains(response))
        };
        match outcome {
            None => prop_assert!(calls > 0, "no request"),
            Some(DeviceTokenEnd::DeviceRemoved(_)) => {
                prop_assert!(was_received(&[Answer(404, REMOVED), Answer(200, REMOVED)]));
            }
            Some(DeviceTokenEnd::KeyRefused(_)) => {
                prop_assert!(was_received(&[Answer(400, ""), Answer(422, "")]));
            }
            Some(end) => prop_assert!(false, "{end}"),
        }
        let has_token = |response: &Scripted| token_of(response).as_deref() == Some(&*token);
        prop_assert!(token == jwt(0) || received.iter().any(|(_, response)| has_token(response)), "{token}");
    }

    #[test]
    fn login_ends_in_time_with_the_right_outcome(events in events(Answer(201, CREATED), response())) {
        let key = Key::new();
        let left = |login: &DeviceLogin<&Key>, now| match login.progress(now) {
            DeviceLoginProgress::Waiting { left, .. } => Some(left),
            _ => None,
        };
        let login = plex_tv("id").device_link_code_login(&key);
        // The grace is that of a login without a key, plus an exchange: two minutes, two last
        // requests of a minute each, and five seconds to spare.
        let grace = Duration::from_secs(140 + 245);
        let bounds = Bounds {
            interval: Duration::from_secs(1), timeout: Duration::from_secs(180), grace, rounds: 200_000,
        };
        let chaos = chaos(login, &events, bounds, left);
        let Chaos { outcome, received, is_steady, in_time, was_over, .. } = chaos.map_err(TestCaseError::fail)?;
        let outcome = outcome.expect("an outcome");
        let was_received = |wanted: &dyn Fn(&str, &Scripted) -> bool| {
            received.iter().any(|(path, response)| wanted(path.trim_start_matches("/api/v2"), response))
        };
        match &outcome {
            Ok(device @ (LinkedDevice::Registered(linked) | LinkedDevice::NotRegistered(linked))) => {
                let token = linked.auth_token.expose();
                let is_registered = matches!(device, LinkedDevice::Registered(_));
                prop_assert_eq!(is_registered, token.starts_with("eyJ"), "{}", token);
                let of_poll = was_received(&|path, response| path == POLL && polled(response) == Some(token));
                let of_exchange = was_received(&|path, response| {
                    path == "/auth/token" && token_of(response).as_deref() == Some(token)
                });
                prop_assert!(of_poll || of_exchange, "{}", token);
            }
            Err(DeviceLoginError::Expired) => {
                let is_gone = |path: &str, response: &Scripted| {
                    path == POLL && matches!(response, Answer(404, GONE) | Answer(410, _))
                };
                // A response with a later date can also end the login.
                let is_dated = |_: &str, response: &Scripted| matches!(response, Dated(..));
                let is_over = was_over || !is_steady || was_received(&is_dated);
                prop_assert!(is_over || was_received(&is_gone), "{:?}", received.last());
            }
            Err(DeviceLoginError::Failed(error)) => {
                let status = error.status().map(|status| status.as_u16());
                let is_it = |_: &str, response: &Scripted| response.status() == status;
                prop_assert!(status.is_none() || was_received(&is_it), "{error}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        // A received token is never lost, however late it arrives.
        let is_linked = was_received(&|path, response| path == POLL && polled(response).is_some());
        prop_assert!(!is_linked || outcome.is_ok(), "{outcome:?}");
        if let Some((path, Answer(404, GONE))) = received.last().filter(|_| in_time) {
            let is_expired = matches!(outcome, Err(DeviceLoginError::Expired));
            prop_assert!(is_expired || !path.ends_with(POLL), "{outcome:?}");
        }
    }
}
