//! A fake Plex for testing clients without an account or a network connection.
//!
//! [`FakePlex`] is plex.tv and two media servers in one plain value: it takes a request and the
//! time, and returns the response. It opens no socket and reads no clock, so a test can simulate a
//! month.
//!
//! ```
//! use plex_auth_fake::{FakePlex, Who};
//!
//! let mut plex = FakePlex::new();
//! let request = http::Request::get("https://plex.example/api/v2/user")
//!     .header("accept", "application/json")
//!     .header("x-plex-client-identifier", "a-television")
//!     .header("x-plex-token", plex.account(Who::Free).token())
//!     .body(Vec::new())?;
//! let response = plex.answer(&request, 1_700_000_000);
//!
//! assert_eq!(response.status(), 200);
//! assert_eq!(plex.seen("GET", "/user"), 1);
//! # Ok::<(), http::Error>(())
//! ```
//!
//! A [`Server`] serves the fake on a free local port, and can be restarted on the same port. The
//! [`Delivery`] of a [`Misbehavior`] can make the server's responses late, slow, cut off or
//! missing.
//!
//! The program `fake-plex` serves the fake to clients in any language:
//! `cargo install plex-auth-fake --features program`. For a complete program and its tests, see
//! `examples/tested_program.rs`.
//!
//! The fake shares no code with the crates that are tested against it.
//!
//! # Features
//!
//! No feature is enabled by default.
//!
//! - `tls`: serves HTTPS (`Server::https`), with certificates that are valid, expired or issued for
//!   another name (`Authority`).
//! - `qr`: draws the QR code for a PIN. Without it, a PIN still contains the image's URL, as a real
//!   PIN does, but that URL returns 404.
//! - `program`: builds the program `fake-plex`, and enables both features above. Libraries do not
//!   need it.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tls")]
mod authority;
mod fake;
mod seen;
mod server;

#[cfg(feature = "tls")]
pub use authority::{Authority, ServerCertificate};
pub use fake::{
    Account, Connection, Delivery, Device, DeviceKey, FakePlex, MediaServer, Misbehavior, Pin,
    Reply, Source, Which, Who,
};
pub use seen::Seen;
#[doc(hidden)]
pub use server::{ConnectionPlan, ConnectionPlans};
pub use server::{REQUEST_NUMBER, Server};

/// Runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
