//! Validated values: identities, tokens and other secrets, URLs, codes and times.

pub(crate) mod claim_token;
pub(crate) mod client_identity;
pub(crate) mod credentials;
pub(crate) mod forward_url;
pub(crate) mod home_pin;
pub(crate) mod home_user_uuid;
pub(crate) mod pin_code;
pub(crate) mod retry_after;
pub(crate) mod secret;
pub(crate) mod server_url;
pub(crate) mod source;
pub(crate) mod token;
pub(crate) mod typed_text;
pub(crate) mod unix_seconds;
