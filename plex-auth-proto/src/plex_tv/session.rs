//! The session of a token.

pub(crate) mod ping;
pub(crate) mod sign_out;
