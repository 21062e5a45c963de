//! What a login by a PIN meets with on its way, over every carrier that takes its time, all at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::{
    DeviceKey, DeviceLoginError, DeviceLoginProgress, Ed25519Key, Error, Jwk, LinkedPin, Pin,
    PinLoginError, PinProgress, ShortPin, SignError,
};

use crate::stage::{Stage, over_every_client_at_once};

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn json(body: &str) -> Misbehaviour {
    Misbehaviour::answer(200, "application/json", body)
}

fn link(stage: &Stage, pin: &Pin) {
    stage.fake(|fake| fake.link_pin(pin.code.expose(), Who::Free, now()));
}

/// Drives a login to its end; `shown` is told of the PIN once, as soon as it is there.
fn log_in(stage: &Stage, mut shown: impl FnMut(&Pin)) -> Result<LinkedPin, PinLoginError> {
    let mut is_new = true;
    let watch = |progress: PinProgress<ShortPin>| {
        if let PinProgress::Waiting { pin, .. } = progress
            && std::mem::take(&mut is_new)
        {
            shown(pin.pin());
        }
        ControlFlow::Continue(())
    };
    stage.drive(&mut stage.plex_tv().short_pin_login(), watch).expect("nobody has stopped it")
}

fn polls(stage: &Stage) -> usize {
    stage.fake(|fake| fake.requests().iter().filter(|seen| seen.path().contains("/pins/")).count())
}

#[test]
fn a_page_and_a_gateway_in_trouble_end_no_login() {
    over_every_client_at_once(|stage| {
        let linked = log_in(stage, |pin| {
            let path = format!("/pins/{}", pin.id.expose());
            let page =
                Misbehaviour::answer(200, "text/html", "<html>Sign in to the network</html>");
            let gateway = Misbehaviour::answer(502, "text/html", "<html>Bad Gateway</html>");
            stage.fake(|fake| fake.misbehave(&path, page.times(1)));
            stage.fake(|fake| fake.misbehave(&path, gateway.times(1)));
            link(stage, pin);
        });
        let token = linked.unwrap().auth_token;
        assert_eq!(polls(stage), 3);
        let account = stage.send(stage.plex_tv().token_details(&token)).unwrap();
        assert_eq!(account.username.as_deref(), Some("tariq"));
    });
}

#[test]
fn a_pin_that_is_linked_in_its_last_second_brings_its_token() {
    over_every_client_at_once(|stage| {
        let answer = |path: &str, body: &str| {
            stage.fake(|fake| fake.misbehave(path, json(body).times(1)));
        };
        answer("/pins", r#"{"id":7,"code":"G7KX","expiresIn":1}"#);
        answer("/pins/7", r#"{"id":7,"authToken":"t0ken-of-the-last-second"}"#);
        let linked = log_in(stage, |_| ()).unwrap();
        assert_eq!(linked.auth_token.expose(), "t0ken-of-the-last-second");

        answer("/pins", r#"{"id":7,"code":"G7KX","expiresIn":1}"#);
        answer("/pins/7", r#"{"id":7,"authToken":null}"#);
        assert!(matches!(log_in(stage, |_| ()), Err(PinLoginError::Expired)));
        assert_eq!(polls(stage), 2, "once each");
    });
}

#[test]
fn a_login_ends_where_plex_does_not_know_its_pin_any_more() {
    over_every_client_at_once(|stage| {
        let age = |pin: &Pin| stage.fake(|fake| fake.pin_mut(pin.id.expose()).unwrap().age(901));
        assert!(matches!(log_in(stage, age), Err(PinLoginError::Expired)));
        assert_eq!(polls(stage), 1);
    });
}

#[test]
fn a_pin_without_number_or_code_ends_a_login_at_its_making() {
    over_every_client_at_once(|stage| {
        for (body, path) in [(r#"{"code":"G7KX"}"#, "id"), (r#"{"id":7}"#, "code")] {
            stage.fake(|fake| fake.misbehave("/pins", json(body).times(2)));
            let Err(PinLoginError::Failed(error)) = log_in(stage, |_| ()) else { panic!("{body}") };
            let mut login = stage.plex_tv().short_device_login(Ed25519Key::from_seed(&[3; 32]));
            let outcome = stage.drive(&mut login, |_| ControlFlow::Continue(())).unwrap();
            let Err(DeviceLoginError::Failed(of_device)) = outcome else { panic!("{outcome:?}") };
            for error in [error, of_device] {
                let Some(Error::UnexpectedShape { path: found, .. }) = error.answered() else {
                    panic!("{body}: {error}")
                };
                assert_eq!((found.as_str(), error.operation()), (path, "createOAuthPin"));
            }
        }
        assert_eq!(stage.fake(|fake| fake.requests().len()), 4, "nothing is asked with it");
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
    over_every_client_at_once(|stage| {
        let key = Locked { key: Ed25519Key::from_seed(&[3; 32]), locked: AtomicBool::new(true) };
        let mut why = None;
        let watch = |progress| {
            if let DeviceLoginProgress::Waiting { pin, sign_error: Some(error), .. } = progress {
                why = Some(error.reason());
                key.locked.store(false, Ordering::Relaxed);
                link(stage, pin.short().unwrap().pin());
            }
            ControlFlow::Continue(())
        };
        let outcome = stage.drive(&mut stage.plex_tv().short_device_login(&key), watch);
        let token = outcome.unwrap().unwrap().auth_token;
        assert_eq!((why, polls(stage)), (Some("the TPM is locked"), 1));
        stage.send(stage.plex_tv().token_details(&token)).unwrap();
    });
}
