pub(crate) mod ping;
pub(crate) mod sign_out;
