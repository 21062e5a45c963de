//! Driving PIN logins: errors along the way, stopping, and the ways they end.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plex_auth_fake::Who;
use plex_auth_proto::ResponseError;
use plex_auth_proto::flow::{
    DeviceLoginError, DeviceLoginProgress, LinkedDevice, LinkedPin, PinLogin, PinLoginError,
};
use plex_auth_proto::jwt::{DeviceKey, Ed25519Key, Jwk, SignError};
use plex_auth_proto::pin::Pin;

use crate::harness::{
    Harness, bad_gateway, json, over_every_carrier, over_every_client, portal_page,
};

type Outcome = Result<LinkedPin, PinLoginError>;

/// Drives a login to its end; `created` is called once, as soon as there is a PIN.
fn drive(harness: &Harness, login: &mut PinLogin, mut created: impl FnMut(&Pin)) -> Outcome {
    let mut is_new = true;
    let outcome = harness.drive(login, |login, _| {
        if let Some(pin) = login.pin()
            && std::mem::take(&mut is_new)
        {
            created(pin.pin());
        }
        ControlFlow::Continue(())
    });
    outcome.expect("the login was not stopped")
}

fn log_in(harness: &Harness, created: impl FnMut(&Pin)) -> Outcome {
    drive(harness, &mut harness.plex_tv().link_code_login(), created)
}

fn polls(harness: &Harness) -> usize {
    harness
        .fake(|fake| fake.requests().iter().filter(|seen| seen.path().contains("/pins/")).count())
}

#[test]
fn failed_creation_is_reported_and_renewed() {
    over_every_client(|harness| {
        harness.respond_once("/pins", bad_gateway());
        let login = harness.plex_tv().link_code_login();
        let link = |pin: &Pin| harness.link_pin(&pin.code, Who::Free);
        // This timeout leaves time for only one request.
        let mut login = login.create_timeout(Duration::ZERO);
        let outcome = drive(harness, &mut login, link);
        let Err(PinLoginError::Failed(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.status().unwrap(), 502);
        login.renew();
        drive(harness, &mut login, link).unwrap();
    });
}

#[test]
fn stopped_login_is_saved_and_restored() {
    over_every_carrier(|harness| {
        let mut login = harness.plex_tv().link_code_login();
        let stopped = harness.drive(&mut login, |login, _| match login.pin() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        });
        assert!(stopped.is_none());
        let now = harness.now();
        let saved = login.save(now).unwrap();
        let mut login = PinLogin::restore(harness.plex_tv(), saved.expose(), now).unwrap();
        drive(harness, &mut login, |pin| harness.link_pin(&pin.code, Who::Free)).unwrap();
    });
}

#[test]
fn failed_polls_do_not_end_a_login() {
    over_every_client(|harness| {
        let linked = log_in(harness, |pin| {
            let path = format!("/pins/{}", pin.id.expose());
            harness.respond_once(&path, portal_page());
            harness.respond_once(&path, bad_gateway());
            harness.link_pin(&pin.code, Who::Free);
        });
        let token = linked.unwrap().auth_token;
        assert_eq!(polls(harness), 3);
        assert_eq!(harness.token_details(&token).unwrap().username.as_deref(), Some("tariq"));
    });
}

#[test]
fn expiring_pin_is_polled_once_more() {
    over_every_client(|harness| {
        harness.respond_once("/pins", json(r#"{"id":7,"code":"G7KX","expiresIn":1}"#));
        harness.respond_once("/pins/7", json(r#"{"id":7,"authToken":"t0ken-of-the-last-second"}"#));
        let linked = log_in(harness, |_| ()).unwrap();
        assert_eq!(linked.auth_token.expose(), "t0ken-of-the-last-second");

        harness.respond_once("/pins", json(r#"{"id":7,"code":"G7KX","expiresIn":1}"#));
        harness.respond_once("/pins/7", json(r#"{"id":7,"authToken":null}"#));
        assert!(matches!(log_in(harness, |_| ()), Err(PinLoginError::Expired)));
        assert_eq!(polls(harness), 2, "one poll for each PIN");
    });
}

#[test]
fn pin_that_is_gone_ends_the_login() {
    over_every_client(|harness| {
        let age = |pin: &Pin| harness.fake(|fake| fake.pin_mut(pin.id.expose()).unwrap().age(901));
        assert!(matches!(log_in(harness, age), Err(PinLoginError::Expired)));
        assert_eq!(polls(harness), 1);
    });
}

#[test]
fn pin_without_id_or_code_ends_a_device_login() {
    over_every_client(|harness| {
        for (body, path) in [(r#"{"code":"G7KX"}"#, "id"), (r#"{"id":7}"#, "code")] {
            harness.respond_once("/pins", json(body));
            let key = Ed25519Key::from_seed(&[3; 32]);
            let outcome = harness.finish(harness.plex_tv().device_link_code_login(key));
            let Err(DeviceLoginError::Failed(error)) = outcome else { panic!("{outcome:?}") };
            let Some(ResponseError::UnexpectedShape { path: found, .. }) = error.as_response()
            else {
                panic!("{body}: {error}")
            };
            assert_eq!((found.as_str(), error.operation()), (path, "createOAuthPin"));
        }
        assert_eq!(harness.fake(|fake| fake.requests().len()), 2, "there are no polls");
    });
}

/// A key in a TPM that can be locked.
struct LockableKey {
    key: Ed25519Key,
    locked: AtomicBool,
}

impl DeviceKey for LockableKey {
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
fn locked_key_does_not_end_a_device_login() {
    over_every_client(|harness| {
        let key =
            LockableKey { key: Ed25519Key::from_seed(&[3; 32]), locked: AtomicBool::new(true) };
        let mut reason = None;
        let mut login = harness.plex_tv().device_link_code_login(&key);
        let outcome = harness.drive(&mut login, |login, now| {
            let progress = login.progress(now);
            if let DeviceLoginProgress::Waiting { pin, sign_error: Some(error), .. } = progress {
                reason = Some(error.reason());
                key.locked.store(false, Ordering::Relaxed);
                harness.link_pin(&pin.pin().code, Who::Free);
            }
            ControlFlow::Continue(())
        });
        let LinkedDevice::Registered(linked) = outcome.unwrap().unwrap() else {
            panic!("the key was not registered")
        };
        assert_eq!((reason, polls(harness)), (Some("the TPM is locked"), 1));
        harness.token_details(&linked.auth_token).unwrap();
    });
}
