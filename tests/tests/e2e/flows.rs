//! Flows, driven by both transports and by hand.

use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{LinkedPin, PinLogin, PinLoginError, PinProgress};
use plex_auth_proto::pin::ShortPin;
use plex_auth_proto::{ClientIdentity, PlexTv};

use crate::harness::{Harness, over_every_carrier};

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Drives a login to its end; somebody links the PIN as soon as it is shown.
fn drive(harness: &Harness, login: &mut PinLogin<ShortPin>) -> Result<LinkedPin, PinLoginError> {
    let link = |progress| {
        if let PinProgress::Waiting { pin, .. } = progress {
            let pin: ShortPin = pin;
            harness.fake(|fake| fake.link_pin(pin.pin().code.expose(), Who::Free, now()));
        }
        ControlFlow::Continue(())
    };
    harness.drive(login, link).unwrap()
}

#[test]
fn a_login_brings_a_token_that_works_also_through_trouble() {
    over_every_carrier(|harness| {
        let last_error = Misbehaviour::answer(502, "text/html", "<html>Bad Gateway</html>");
        harness.fake(|fake| fake.misbehave("/pins", last_error.times(1)));
        let mut login = harness.plex_tv().short_pin_login();
        let linked = drive(harness, &mut login);
        match linked {
            Ok(linked) => {
                let account =
                    harness.send(harness.plex_tv().token_details(&linked.auth_token)).unwrap();
                assert_eq!(account.username.as_deref(), Some("tariq"));
            }
            // Whether a gateway has made the PIN is not known, and another one is the caller's to want.
            Err(PinLoginError::Failed(error)) => {
                assert_eq!(error.status().unwrap(), 502);
                login.renew();
                drive(harness, &mut login).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn a_login_is_stopped_from_outside_and_gone_on_with() {
    over_every_carrier(|harness| {
        let mut login = harness.plex_tv().short_pin_login();
        let stop = |progress| match progress {
            PinProgress::Waiting { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        assert!(harness.drive(&mut login, stop).is_none());
        let saved = login.save(SystemTime::now()).unwrap();
        let mut login =
            PinLogin::restore(harness.plex_tv(), saved.expose(), SystemTime::now()).unwrap();
        drive(harness, &mut login).unwrap();
    });
}

#[test]
fn without_a_runtime_a_flow_ends_in_an_error_and_no_panic() {
    let me = ClientIdentity::builder("id").build().unwrap();
    let mut login = PlexTv::at(me, "http://127.0.0.1:1".parse().unwrap()).short_pin_login();
    let transport = plex_auth_hyper::Transport::new();
    let mut driven = pin!(transport.drive(&mut login));
    let Poll::Ready(outcome) = driven.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    let Err(PinLoginError::Failed(error)) = outcome else { panic!("{outcome:?}") };
    let reason = error.as_transport().unwrap().kind();
    assert!(matches!(reason, TransportErrorKind::NotStarted(_)), "{error}");
}

#[test]
fn a_driven_flow_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let me = ClientIdentity::builder("id").build().unwrap();
    let mut login = PlexTv::new(me).strong_pin_login();
    let transport = plex_auth_hyper::Transport::new();
    drop(is_send(transport.drive(&mut login)));
}
