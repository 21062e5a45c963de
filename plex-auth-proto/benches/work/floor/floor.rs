//! The floor: the same work as a program does it that has no such library, and as fast as it can.
//!
//! Left out is what the library is for: drift in a field, answers that are not Plex's, secrets that are zeroed,
//! bad input, errors that say what was asked.

pub(crate) mod account;
pub(crate) mod answer;
pub(crate) mod request;
