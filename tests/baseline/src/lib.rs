//! Hand-written code that does the same work as plex-auth's libraries, as fast as possible. The
//! benchmarks compare the libraries with this baseline.
//!
//! It omits most features of the libraries: tolerance of unexpected types, detection of responses
//! that are not from Plex, zeroing of secrets, validation of input, and errors that name the
//! request.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::expect_used,
    reason = "private, and as short as hand-written code"
)]

pub mod account;
pub mod answer;
pub mod request;
