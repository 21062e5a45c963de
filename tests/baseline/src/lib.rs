//! The work of plex-auth's libraries, written by hand to be as fast as possible. The benchmarks
//! compare the libraries with this baseline.
//!
//! It omits most features of the libraries: tolerance of unexpected types, detection of responses
//! that are not Plex's, zeroing of secrets, validation of input, and errors that name the request.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::expect_used,
    reason = "private, and as short as hand-written code"
)]

pub mod account;
pub mod answer;
pub mod request;
