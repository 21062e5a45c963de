//! The flows, with everything that a program can see of them.

use std::any::type_name;
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use plex_auth_proto::flow::{
    Access, ConnectionChoice, ConnectionProgress, DeviceLogin, DeviceLoginProgress,
    DeviceTokenProgress, DeviceTokenRefresher, Now, PinLogin, PinProgress, RetriedCall,
    RetryProgress, ServerAccess, TokenCheck, TokenState, TransientTokenProgress,
    TransientTokenRefresher,
};
use plex_auth_proto::jwt::{DeviceKey, ExternalKey, Jwk, SignError};
use plex_auth_proto::server::Resource;
use plex_auth_proto::token_source::{FixedToken, Refresher, SharedRefresher};
use plex_auth_proto::{Call, Flow, Secret};
use plex_auth_tests::every_operation::{Inputs, SIGNATURE};

use crate::search::{Output, error_text};

/// A flow whose visible texts can be searched.
pub(crate) trait SearchedFlow: Flow<Output: Debug> + Debug {
    /// Returns the flow's progress, with the errors in it.
    fn progress_text(&self, now: Now) -> String;

    /// Returns the errors in the flow's output.
    fn output_errors(outcome: &Self::Output) -> String;

    /// Returns the flow's saved state, if it has one.
    fn saved(&self, _: Now) -> Option<Secret> {
        None
    }
}

/// Returns the text of an error, or an empty string if there is none.
fn optional_error_text<E: Error + 'static>(error: Option<&E>) -> String {
    error.map(|error| error_text(error)).unwrap_or_default()
}

impl SearchedFlow for PinLogin {
    fn progress_text(&self, now: Now) -> String {
        let progress = self.progress(now);
        let errors = match &progress {
            PinProgress::Creating { last_error, .. } | PinProgress::Waiting { last_error, .. } => {
                optional_error_text(last_error.as_ref())
            }
            _ => String::new(),
        };
        debug_text(&progress) + &errors
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }

    fn saved(&self, now: Now) -> Option<Secret> {
        self.save(now)
    }
}

impl<K: DeviceKey> SearchedFlow for DeviceLogin<K> {
    fn progress_text(&self, now: Now) -> String {
        let progress = self.progress(now);
        let errors = match &progress {
            DeviceLoginProgress::Creating { last_error, .. } => {
                optional_error_text(last_error.as_ref())
            }
            DeviceLoginProgress::Waiting { last_error, sign_error, .. } => {
                optional_error_text(last_error.as_ref()) + &optional_error_text(sign_error.as_ref())
            }
            _ => String::new(),
        };
        debug_text(&progress) + &errors
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }

    fn saved(&self, now: Now) -> Option<Secret> {
        Some(self.save(now))
    }
}

impl<K: DeviceKey> SearchedFlow for DeviceTokenRefresher<K> {
    fn progress_text(&self, now: Now) -> String {
        let progress = self.progress(now);
        let errors = match &progress {
            DeviceTokenProgress::Registering { last_error, .. }
            | DeviceTokenProgress::Requesting { last_error, .. }
            | DeviceTokenProgress::Active { last_error, .. } => {
                optional_error_text(last_error.as_ref())
            }
            _ => String::new(),
        };
        debug_text(&progress) + &errors
    }

    fn output_errors(outcome: &Self::Output) -> String {
        error_text(outcome)
    }

    fn saved(&self, _: Now) -> Option<Secret> {
        Some(self.save())
    }
}

fn retry_text(progress: &RetryProgress) -> String {
    let errors = match progress {
        RetryProgress::Waiting { last_error, .. } => error_text(last_error),
        _ => String::new(),
    };
    debug_text(progress) + &errors
}

impl SearchedFlow for TokenCheck {
    fn progress_text(&self, now: Now) -> String {
        retry_text(&self.progress(now))
    }

    fn output_errors(outcome: &TokenState) -> String {
        match outcome {
            TokenState::Invalid(error) => error_text(error),
            TokenState::Unknown { error, .. } => error_text(error),
            _ => String::new(),
        }
    }
}

impl<T: Debug, C: Fn() -> Call<T>> SearchedFlow for RetriedCall<T, C> {
    fn progress_text(&self, now: Now) -> String {
        retry_text(&self.progress(now))
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }
}

impl SearchedFlow for ServerAccess {
    fn progress_text(&self, now: Now) -> String {
        retry_text(&self.progress(now))
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
    fn progress_text(&self, now: Now) -> String {
        let progress = self.progress(now);
        let errors = match &progress {
            TransientTokenProgress::Requesting { last_error, .. }
            | TransientTokenProgress::Active { last_error, save_error: None, .. } => {
                optional_error_text(last_error.as_ref())
            }
            TransientTokenProgress::Active { save_error, .. } => {
                optional_error_text(save_error.as_ref())
            }
            TransientTokenProgress::Refused { error, .. } => error_text(error),
            _ => String::new(),
        };
        debug_text(&progress) + &errors
    }

    fn output_errors(outcome: &Self::Output) -> String {
        match *outcome {}
    }

    fn saved(&self, now: Now) -> Option<Secret> {
        self.save(now)
    }
}

impl SearchedFlow for FixedToken {
    fn progress_text(&self, now: Now) -> String {
        debug_text(&self.current(now)) + &debug_text(&self.refusal())
    }

    fn output_errors(outcome: &Self::Output) -> String {
        match *outcome {}
    }
}

impl<R: Refresher + Debug> SearchedFlow for SharedRefresher<R> {
    /// Returns an empty string, because the status is part of the flow's `Debug` output.
    fn progress_text(&self, _: Now) -> String {
        String::new()
    }

    fn output_errors((): &()) -> String {
        String::new()
    }
}

impl SearchedFlow for ConnectionChoice {
    fn progress_text(&self, now: Now) -> String {
        let progress = self.progress(now);
        let candidates = match &progress {
            ConnectionProgress::Probing { candidates, .. } => {
                candidates.iter().map(|candidate| format!("{candidate}\n")).collect()
            }
            _ => String::new(),
        };
        debug_text(&progress) + &candidates
    }

    fn output_errors(outcome: &Self::Output) -> String {
        optional_error_text(outcome.as_ref().err())
    }
}

/// A key that always returns [`SIGNATURE`], whose end is a canary value.
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

/// A callback for flows of any type.
pub(crate) trait Runner {
    fn run<F: SearchedFlow>(&mut self, flow: F);
}

/// Runs all flows, from each of their initial states.
pub(crate) fn every_flow(inputs: &Inputs, runner: &mut impl Runner) {
    every_driven_flow(inputs, runner);
    // A transport's driver sends nothing for these: it cannot save, and a fixed token needs no
    // request.
    let Inputs { plex_tv, token, .. } = inputs;
    runner.run(plex_tv.register_device(Key::new(), token.clone()).save_through_driver());
    runner.run(plex_tv.fixed_token(token.clone()));
}

/// Runs the flows that send requests with any driver, including a transport's.
pub(crate) fn every_driven_flow(inputs: &Inputs, runner: &mut impl Runner) {
    let Inputs { plex_tv, server, token, .. } = inputs;
    runner.run(plex_tv.link_code_login());
    runner.run(plex_tv.hosted_page_login());
    runner.run(plex_tv.device_link_code_login(Key::new()));
    runner.run(plex_tv.device_hosted_page_login(Key::new()));
    let external_key = || ExternalKey::new(Key::new().0);
    runner.run(plex_tv.device_link_code_login(external_key()));
    runner.run(plex_tv.register_device(Key::new(), token.clone()));
    runner.run(plex_tv.register_device(external_key(), token.clone()));
    let mut refresher = plex_tv.device_token_refresher(Key::new(), token.clone());
    refresher.renew_now();
    runner.run(refresher);
    runner.run(plex_tv.token_check(token));
    runner.run(plex_tv.server_access(token, "5f0e1c2d"));
    runner.run(RetriedCall::new(|| plex_tv.token_details(token)));
    runner.run(server.transient_token_refresher());
    runner.run(server.transient_token_refresher().save_through_driver());
    let now = Now::without_wall_clock(Duration::ZERO);
    let shared = server.transient_token_refresher().save_through_driver();
    runner.run(SharedRefresher::new(shared, now).1);
    let attic = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"canary-Lm6kPz1Hc4Td22","owned":true,
            "sourceTitle":"canary-Rb3vJw8Fs5Ny21","connections":[{{"uri":"{}"}}]}}"#,
        server.url()
    );
    let attic: Resource = serde_json::from_str(&attic).unwrap();
    runner.run(attic.choose_connection(plex_tv.identity().clone()).allow_plain_http(true));
}

/// Returns a value in both `Debug` forms.
pub(crate) fn debug_text(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

/// Adds to the output everything that a program can see of a flow at this time.
pub(crate) fn observe<F: SearchedFlow>(flow: &F, now: Now, output: &mut Output) {
    let context = type_name::<F>();
    output.add(context, debug_text(flow) + &flow.progress_text(now));
    if let Some(saved) = flow.saved(now) {
        output.add(context, debug_text(&saved));
    }
}
