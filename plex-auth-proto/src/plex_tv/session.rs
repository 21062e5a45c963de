//! Operations on a token's session: ping and sign-out.

pub(crate) mod ping;
pub(crate) mod sign_out;
