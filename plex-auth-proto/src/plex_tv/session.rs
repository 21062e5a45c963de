//! A token's own session: keeping it valid and ending it.

pub(crate) mod ping;
pub(crate) mod sign_out;
