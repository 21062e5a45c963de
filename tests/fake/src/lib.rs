//! A fake Plex to test clients against, without an account and without a network.
//!
//! [`FakePlex`] is plex.tv and two media servers in one plain value: it takes a request and the time, and returns the
//! response. It opens no socket and reads no clock, so a test can simulate a month.
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
//! [`Server`] serves it at a free port of this machine. It follows the [`Delivery`] of a [`Misbehaviour`]: late, slowly,
//! cut off, or never. It can be restarted at its port.
//!
//! The program `fake-plex` serves it to clients in any language: `cargo install plex-auth-fake --features program`. For a
//! complete program and its tests, see `examples/tested_program.rs`.
//!
//! The fake shares no code with the crates that are tested against it.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `tls`: serves HTTPS (`Server::https`), with certificates that are valid, expired or issued for another name
//!   (`Authority`).
//! - `qr`: draws the QR image of a PIN. Without it a PIN still names the image's URL, as Plex's does, and that URL
//!   answers 404.
//! - `program`: the program `fake-plex`, and both features above. A library has no use for it.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tls")]
mod authority;
mod fake;
mod seen;
mod server;

#[cfg(feature = "tls")]
pub use authority::{Authority, ServerCertificate};
pub use fake::{
    Account, Connection, Delivery, Device, DeviceKey, FakePlex, MediaServer, Misbehaviour, Pin,
    Reply, Source, Which, Who,
};
pub use seen::Seen;
#[doc(hidden)]
pub use server::{ConnectionPlan, ConnectionPlans};
pub use server::{REQUEST_NUMBER, Server};

/// The README's example is run, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
