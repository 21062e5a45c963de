//! Helpers shared by the tests, the examples and the benchmarks of plex-auth's libraries.
//!
//! - [`carrier`] sends a call straight to a fake in memory, with the bare client, or through one of
//!   the transports.
//! - [`every_operation`] lists each operation of the core with valid inputs and a successful
//!   response.
//! - [`RawServer`] writes scripted bytes, which need not be HTTP.
//! - [`TlsServer`] ends TLS connections in a chosen way, and [`RandomTlsServer`] misbehaves at
//!   random.
//! - [`BlackHole`] is a port that neither accepts nor refuses connections.
//! - [`FaultPlan`] ends the connections of a [`Server`](plex_auth_fake::Server) early.
//! - [`bare_client`] is a minimal HTTP client that sends requests without the libraries.
//! - [`Reports`] is an observer that records its notifications, and [`trace`] contains a `tracing`
//!   subscriber.
//! - [`in_parallel`] runs a check for several items at the same time.
//! - [`dropped_after`] polls a future up to a number of times, then drops it.
//! - [`workloads`] contains the work that the benchmarks measure, and [`table`] prints the results.

#![allow(
    clippy::expect_used,
    clippy::missing_errors_doc,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "for tests, which fail by panicking"
)]

pub mod bare_client;
mod black_hole;
pub mod carrier;
mod dropped;
pub mod every_operation;
mod faults;
mod in_parallel;
mod random_tls_server;
mod raw_server;
mod reports;
pub mod table;
mod tls_identity;
mod tls_server;
pub mod trace;
pub mod workloads;

pub use black_hole::BlackHole;
pub use dropped::dropped_after;
pub use faults::{Fault, FaultPlan, Faults, Point};
pub use in_parallel::in_parallel;
pub use random_tls_server::RandomTlsServer;
pub use raw_server::{RawRequest, RawServer, Step};
pub use reports::{Report, Reports};
pub use tls_server::{TlsEnd, TlsServer};
