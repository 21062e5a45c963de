//! Hand-written code that does the same work as plex-auth's libraries, as fast as possible. The
//! benchmarks compare the libraries with this baseline.
//!
//! It omits most of the libraries' features: it does not tolerate unexpected types, detect
//! responses that are not from Plex, zero secrets, validate input, or name the request in errors.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::expect_used,
    reason = "private, and as short as hand-written code"
)]

pub mod account;
pub mod answer;
pub mod request;
