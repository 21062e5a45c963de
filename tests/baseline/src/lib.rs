//! The work of plex-auth's libraries done by hand, as fast as possible: what the benchmarks measure against.
//!
//! It leaves out what the libraries are for: fields of unexpected types, responses that are not Plex's, zeroing of
//! secrets, validation of input, and errors that name the request.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::expect_used,
    reason = "private, and as short as code by hand"
)]

pub mod account;
pub mod answer;
pub mod request;
