//! The flows, with everything that a program can see of them.

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
use plex_auth_tests::every_operation::{Inputs, SIGNATURE};

use crate::search::{Output, error_text};

/// A flow with its visible texts.
pub(crate) trait SearchedFlow:
    Flow<Response: Debug + Send + 'static, Output: Debug, Progress: Debug> + Debug
{
    /// The errors in its progress.
    fn progress_errors(progress: &Self::Progress) -> String;

    /// The errors in its output.
    fn output_errors(outcome: &Self::Output) -> String;

    /// Its saved state, if it has one.
    fn saved(&self, _: SystemTime) -> Option<Secret> {
        None
    }
}

/// The text of an error, if there is one.
fn optional_error_text<E: Error + 'static>(error: Option<&E>) -> String {
    error.map(|error| error_text(error)).unwrap_or_default()
}

impl<P: LoginPin + Send> SearchedFlow for PinLogin<P> {
    fn progress_errors(_: &Self::Progress) -> String {
        String::new()
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        self.save(now)
    }
}

impl SearchedFlow for DeviceLogin<Key> {
    fn progress_errors(progress: &DeviceLoginProgress) -> String {
        match progress {
            DeviceLoginProgress::Waiting { sign_error, .. } => {
                optional_error_text(sign_error.as_ref())
            }
            _ => String::new(),
        }
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        Some(self.save(now))
    }
}

impl SearchedFlow for DeviceTokenRefresher<Key> {
    fn progress_errors(progress: &DeviceTokenProgress) -> String {
        match progress {
            DeviceTokenProgress::Registering { last_error, .. }
            | DeviceTokenProgress::Requesting { last_error, .. }
            | DeviceTokenProgress::Active { last_error, .. } => {
                optional_error_text(last_error.as_ref())
            }
            _ => String::new(),
        }
    }

    fn output_errors(outcome: &Self::Output) -> String {
        error_text(outcome)
    }

    fn saved(&self, _: SystemTime) -> Option<Secret> {
        Some(self.save())
    }
}

fn retry_error_text(progress: &RetryProgress) -> String {
    match progress {
        RetryProgress::Waiting { last_error, .. } => error_text(last_error),
        _ => String::new(),
    }
}

impl SearchedFlow for TokenCheck {
    fn progress_errors(progress: &RetryProgress) -> String {
        retry_error_text(progress)
    }

    fn output_errors(outcome: &TokenState) -> String {
        match outcome {
            TokenState::Invalid(error) => error_text(error),
            TokenState::Unknown { error, .. } => error_text(error),
            _ => String::new(),
        }
    }
}

impl SearchedFlow for ServerAccess {
    fn progress_errors(progress: &RetryProgress) -> String {
        retry_error_text(progress)
    }

    fn output_errors(outcome: &Access) -> String {
        match outcome {
            Access::TokenInvalid(error) => error_text(error),
            Access::Unknown { error, .. } => error_text(error),
            _ => String::new(),
        }
    }
}

impl SearchedFlow for TransientTokenRefresher {
    fn progress_errors(progress: &TransientTokenProgress) -> String {
        match progress {
            TransientTokenProgress::Requesting { last_error, .. }
            | TransientTokenProgress::Active { last_error, .. } => {
                optional_error_text(last_error.as_ref())
            }
            TransientTokenProgress::Refused { error, .. } => error_text(error),
            _ => String::new(),
        }
    }

    fn output_errors(outcome: &Self::Output) -> String {
        match *outcome {}
    }

    fn saved(&self, now: SystemTime) -> Option<Secret> {
        self.save(now)
    }
}

impl SearchedFlow for ConnectionChoice {
    fn progress_errors(progress: &ConnectionProgress) -> String {
        match progress {
            ConnectionProgress::Probing { candidates, .. } => {
                candidates.iter().map(|candidate| format!("{candidate}\n")).collect()
            }
            _ => String::new(),
        }
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }
}

/// A key with the signature of the operations, the end of which is a canary.
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

/// Runs each flow.
pub(crate) trait Runner {
    fn run<F: SearchedFlow>(&mut self, flow: F);
}

/// Runs all flows, from each of their initial states.
pub(crate) fn every_flow(inputs: &Inputs, runner: &mut impl Runner) {
    let Inputs { plex_tv, server, token, .. } = inputs;
    runner.run(plex_tv.short_pin_login());
    runner.run(plex_tv.strong_pin_login());
    runner.run(plex_tv.short_device_login(Key::new()));
    runner.run(plex_tv.strong_device_login(Key::new()));
    runner.run(plex_tv.register_device(Key::new(), token.clone()));
    let mut refresher = plex_tv.device_token_refresher(Key::new(), token.clone());
    refresher.renew_now();
    runner.run(refresher);
    runner.run(plex_tv.token_check(token));
    runner.run(plex_tv.server_access(token, "5f0e1c2d"));
    runner.run(server.transient_token_refresher());
    let attic = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"canary-Lm6kPz1Hc4Td22","owned":true,
            "sourceTitle":"canary-Rb3vJw8Fs5Ny21","connections":[{{"uri":"{}"}}]}}"#,
        server.url()
    );
    let attic: Resource = serde_json::from_str(&attic).unwrap();
    runner.run(attic.choose_connection(plex_tv.identity().clone()).allow_plain_http(true));
}

/// A value in both forms of `Debug`.
pub(crate) fn debug_text(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

/// Adds everything that is visible of a flow at this time.
pub(crate) fn observe<F: SearchedFlow>(flow: &F, now: SystemTime, output: &mut Output) {
    let context = type_name::<F>();
    let progress = flow.progress(now);
    output.add(context, debug_text(flow) + &debug_text(&progress) + &F::progress_errors(&progress));
    if let Some(saved) = flow.saved(now) {
        output.add(context, debug_text(&saved));
    }
}
