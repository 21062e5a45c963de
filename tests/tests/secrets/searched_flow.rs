//! Each flow, and what there is to see of it.

use std::any::type_name;
use std::error::Error;
use std::fmt::Debug;
use std::time::SystemTime;

use plex_auth_proto::flow::{
    Access, ConnectionChoice, ConnectionProgress, DeviceLogin, DeviceLoginProgress,
    DeviceTokenProgress, DeviceTokenRefresher, LoginPin, PinLogin, RetryProgress, ServerAccess,
    TokenCheck, TokenState, TransientTokenProgress, TransientTokenRefresher,
};
use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
use plex_auth_proto::server::Resource;
use plex_auth_proto::{Flow, Secret};

use crate::search::{Seen, words};
use plex_auth_tests::every_operation::{Inputs, SIGNATURE};

/// A flow, and what there is to see of it.
pub(crate) trait SearchedFlow:
    Flow<Response: Debug + Send + 'static, Output: Debug, Progress: Debug> + Debug
{
    /// What is wrong as it stands, in the words of its errors.
    fn errors(progress: &Self::Progress) -> String;

    /// The same of its end.
    fn failures(outcome: &Self::Output) -> String;

    /// What is kept of it, where anything is.
    fn saved(&self, _: SystemTime) -> Option<Secret> {
        None
    }
}

/// The words of an error, where there is one.
fn of<E: Error + 'static>(error: Option<&E>) -> String {
    error.map(|error| words(error)).unwrap_or_default()
}

impl<P: LoginPin + Send> SearchedFlow for PinLogin<P> {
    fn errors(_: &Self::Progress) -> String {
        String::new()
    }

    fn failures(outcome: &Self::Output) -> String {
        of(outcome.as_ref().err())
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        self.save(now)
    }
}

impl SearchedFlow for DeviceLogin<Key> {
    fn errors(progress: &DeviceLoginProgress) -> String {
        match progress {
            DeviceLoginProgress::Waiting { sign_error, .. } => of(sign_error.as_ref()),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Output) -> String {
        of(outcome.as_ref().err())
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        Some(self.save(now))
    }
}

impl SearchedFlow for DeviceTokenRefresher<Key> {
    fn errors(progress: &DeviceTokenProgress) -> String {
        match progress {
            DeviceTokenProgress::Registering { last_error, .. }
            | DeviceTokenProgress::Requesting { last_error, .. }
            | DeviceTokenProgress::Active { last_error, .. } => of(last_error.as_ref()),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Output) -> String {
        words(outcome)
    }

    fn saved(&self, _: SystemTime) -> Option<Secret> {
        Some(self.save())
    }
}

fn retry_error(progress: &RetryProgress) -> String {
    match progress {
        RetryProgress::Waiting { last_error, .. } => words(last_error),
        _ => String::new(),
    }
}

impl SearchedFlow for TokenCheck {
    fn errors(progress: &RetryProgress) -> String {
        retry_error(progress)
    }

    fn failures(outcome: &TokenState) -> String {
        match outcome {
            TokenState::Invalid(error) => words(error),
            TokenState::Unknown { error, .. } => words(error),
            _ => String::new(),
        }
    }
}

impl SearchedFlow for ServerAccess {
    fn errors(progress: &RetryProgress) -> String {
        retry_error(progress)
    }

    fn failures(outcome: &Access) -> String {
        match outcome {
            Access::TokenInvalid(error) => words(error),
            Access::Unknown { error, .. } => words(error),
            _ => String::new(),
        }
    }
}

impl SearchedFlow for TransientTokenRefresher {
    fn errors(progress: &TransientTokenProgress) -> String {
        match progress {
            TransientTokenProgress::Requesting { last_error, .. }
            | TransientTokenProgress::Active { last_error, .. } => of(last_error.as_ref()),
            TransientTokenProgress::Refused { error, .. } => words(error),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Output) -> String {
        match *outcome {}
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        self.save(now)
    }
}

impl SearchedFlow for ConnectionChoice {
    fn errors(progress: &ConnectionProgress) -> String {
        match progress {
            ConnectionProgress::Probing { candidates, .. } => {
                candidates.iter().map(|candidate| format!("{candidate}\n")).collect()
            }
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Output) -> String {
        of(outcome.as_ref().err())
    }
}

/// Signs as the device's token of the operations is signed: its end is a canary.
struct Key(Jwk);

impl Key {
    fn new() -> Self {
        Self(Jwk::new([7; 32], "key-of-a-television").unwrap())
    }
}

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(*SIGNATURE)
    }
}

/// Whoever has a flow go on, and looks.
pub(crate) trait Player {
    fn play<C: SearchedFlow>(&mut self, flow: C);
}

/// Each flow, in each of the ways in which it can begin.
pub(crate) fn every_flow(inputs: &Inputs, player: &mut impl Player) {
    let Inputs { plex_tv, server, token, .. } = inputs;
    player.play(plex_tv.short_pin_login());
    player.play(plex_tv.strong_pin_login());
    player.play(plex_tv.short_device_login(Key::new()));
    player.play(plex_tv.strong_device_login(Key::new()));
    player.play(plex_tv.register_device(Key::new(), token.clone()));
    let mut refresher = plex_tv.device_token_refresher(Key::new(), token.clone());
    refresher.renew_now();
    player.play(refresher);
    player.play(plex_tv.token_check(token));
    player.play(plex_tv.server_access(token, "5f0e1c2d"));
    player.play(server.transient_token_refresher());
    let attic = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"canary-Lm6kPz1Hc4Td22","owned":true,
            "sourceTitle":"canary-Rb3vJw8Fs5Ny21","connections":[{{"uri":"{}"}}]}}"#,
        server.url()
    );
    let attic: Resource = serde_json::from_str(&attic).unwrap();
    player.play(attic.choose_connection(plex_tv.identity().clone()));
}

pub(crate) fn both(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

/// Everything that is to be seen of one now.
pub(crate) fn look<C: SearchedFlow>(flow: &C, now: SystemTime, seen: &mut Seen) {
    let place = type_name::<C>();
    let progress = flow.progress(now);
    seen.add(place, both(flow) + &both(&progress) + &C::errors(&progress));
    if let Some(saved) = flow.saved(now) {
        seen.add(place, both(&saved));
    }
}
