//! What a login by a PIN meets with on its way, over every carrier that takes its time, all at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::ResponseError;
use plex_auth_proto::flow::{
    DeviceLoginError, DeviceLoginProgress, LinkedPin, PinLoginError, PinProgress,
};
use plex_auth_proto::jwt::{DeviceKey, Ed25519Key, Jwk, SignError};
use plex_auth_proto::pin::{Pin, ShortPin};

use crate::harness::{Harness, over_every_client};

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn json(body: &str) -> Misbehaviour {
    Misbehaviour::answer(200, "application/json", body)
}

fn link(harness: &Harness, pin: &Pin) {
    harness.fake(|fake| fake.link_pin(pin.code.expose(), Who::Free, now()));
}

/// Drives a login to its end; `shown` is told of the PIN once, as soon as it is there.
fn log_in(harness: &Harness, mut shown: impl FnMut(&Pin)) -> Result<LinkedPin, PinLoginError> {
    let mut is_new = true;
    let watch = |progress: PinProgress<ShortPin>| {
        if let PinProgress::Waiting { pin, .. } = progress
            && std::mem::take(&mut is_new)
        {
            shown(pin.pin());
        }
        ControlFlow::Continue(())
    };
    harness.drive(&mut harness.plex_tv().short_pin_login(), watch).expect("nobody has stopped it")
}

fn polls(harness: &Harness) -> usize {
    harness
        .fake(|fake| fake.requests().iter().filter(|seen| seen.path().contains("/pins/")).count())
}

#[test]
fn a_page_and_a_gateway_in_trouble_end_no_login() {
    over_every_client(|harness| {
        let linked = log_in(harness, |pin| {
            let path = format!("/pins/{}", pin.id.expose());
            let page =
                Misbehaviour::answer(200, "text/html", "<html>Sign in to the network</html>");
            let gateway = Misbehaviour::answer(502, "text/html", "<html>Bad Gateway</html>");
            harness.fake(|fake| fake.misbehave(&path, page.times(1)));
            harness.fake(|fake| fake.misbehave(&path, gateway.times(1)));
            link(harness, pin);
        });
        let token = linked.unwrap().auth_token;
        assert_eq!(polls(harness), 3);
        let account = harness.send(harness.plex_tv().token_details(&token)).unwrap();
        assert_eq!(account.username.as_deref(), Some("tariq"));
    });
}

#[test]
fn a_pin_that_is_linked_in_its_last_second_brings_its_token() {
    over_every_client(|harness| {
        let answer = |path: &str, body: &str| {
            harness.fake(|fake| fake.misbehave(path, json(body).times(1)));
        };
        answer("/pins", r#"{"id":7,"code":"G7KX","expiresIn":1}"#);
        answer("/pins/7", r#"{"id":7,"authToken":"t0ken-of-the-last-second"}"#);
        let linked = log_in(harness, |_| ()).unwrap();
        assert_eq!(linked.auth_token.expose(), "t0ken-of-the-last-second");

        answer("/pins", r#"{"id":7,"code":"G7KX","expiresIn":1}"#);
        answer("/pins/7", r#"{"id":7,"authToken":null}"#);
        assert!(matches!(log_in(harness, |_| ()), Err(PinLoginError::Expired)));
        assert_eq!(polls(harness), 2, "once each");
    });
}

#[test]
fn a_login_ends_where_plex_does_not_know_its_pin_any_more() {
    over_every_client(|harness| {
        let age = |pin: &Pin| harness.fake(|fake| fake.pin_mut(pin.id.expose()).unwrap().age(901));
        assert!(matches!(log_in(harness, age), Err(PinLoginError::Expired)));
        assert_eq!(polls(harness), 1);
    });
}

#[test]
fn a_pin_without_number_or_code_ends_a_login_at_its_making() {
    over_every_client(|harness| {
        for (body, path) in [(r#"{"code":"G7KX"}"#, "id"), (r#"{"id":7}"#, "code")] {
            harness.fake(|fake| fake.misbehave("/pins", json(body).times(2)));
            let Err(PinLoginError::Failed(error)) = log_in(harness, |_| ()) else {
                panic!("{body}")
            };
            let mut login = harness.plex_tv().short_device_login(Ed25519Key::from_seed(&[3; 32]));
            let outcome = harness.drive(&mut login, |_| ControlFlow::Continue(())).unwrap();
            let Err(DeviceLoginError::Failed(of_device)) = outcome else { panic!("{outcome:?}") };
            for error in [error, of_device] {
                let Some(ResponseError::UnexpectedShape { path: found, .. }) = error.as_response()
                else {
                    panic!("{body}: {error}")
                };
                assert_eq!((found.as_str(), error.operation()), (path, "createOAuthPin"));
            }
        }
        assert_eq!(harness.fake(|fake| fake.requests().len()), 4, "nothing is asked with it");
    });
}

/// A key that somebody has to unlock.
struct Locked {
    key: Ed25519Key,
    locked: AtomicBool,
}

impl DeviceKey for Locked {
    fn jwk(&self) -> &Jwk {
        self.key.jwk()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        match self.locked.load(Ordering::Relaxed) {
            true => Err(SignError::new("the TPM is locked")),
            false => self.key.sign(message),
        }
    }
}

#[test]
fn a_key_that_cannot_sign_is_shown_to_whoever_can_unlock_it_and_ends_nothing() {
    over_every_client(|harness| {
        let key = Locked { key: Ed25519Key::from_seed(&[3; 32]), locked: AtomicBool::new(true) };
        let mut why = None;
        let watch = |progress| {
            if let DeviceLoginProgress::Waiting { pin, sign_error: Some(error), .. } = progress {
                why = Some(error.reason());
                key.locked.store(false, Ordering::Relaxed);
                link(harness, pin.short().unwrap().pin());
            }
            ControlFlow::Continue(())
        };
        let outcome = harness.drive(&mut harness.plex_tv().short_device_login(&key), watch);
        let token = outcome.unwrap().unwrap().auth_token;
        assert_eq!((why, polls(harness)), (Some("the TPM is locked"), 1));
        harness.send(harness.plex_tv().token_details(&token)).unwrap();
    });
}
