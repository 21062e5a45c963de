//! Signing in with a PIN.

mod ending;
mod polling;
mod properties;

use plex_auth_proto::flow::{PinLogin, PinProgress};

use super::harness::{Driven, plex_tv};

const CREATED: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
const LINKED: &str = r#"{"id":2147483650,"authToken":"xyz-Abc_0123456789ab"}"#;
const OVER: &str = r#"{"id":2147483650,"expiresIn":0}"#;
const GONE: &str = r#"{"errors":[{"code":1020,"message":"Code not found or expired"}]}"#;

fn login() -> Driven<PinLogin> {
    Driven::new(plex_tv("id").link_code_login())
}

impl Driven<PinLogin> {
    /// Returns the seconds until the PIN expires.
    fn left(&self) -> u64 {
        match self.progress() {
            PinProgress::Waiting { left, .. } => left.as_secs(),
            progress => panic!("{progress:?}"),
        }
    }
}
