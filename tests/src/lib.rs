//! A fake Plex, to test clients against without an account and without the network.
//!
//! [`FakePlex`] is plex.tv and two media servers in one plain value: it is handed a request and the time,
//! and hands back the answer. It opens no socket and reads no clock, so a test can run a month in it.
//!
//! ```
//! use plex_auth_tests::{FakePlex, Who};
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
//! Around it, for what needs the wire:
//!
//! - [`Server`] carries a [`FakePlex`] over HTTP or HTTPS, and obeys a [`Misbehaviour`]'s [`Delivery`]: late,
//!   trickling, cut off, or not at all. It can be restarted at its port, and lets connections die early as
//!   [`Kills`] say.
//! - [`RawServer`] writes whatever bytes its script says, for answers that are not HTTP at all.
//! - [`BlackHole`] is a port that swallows every attempt to connect.
//! - [`bare_client`] is the least client that there can be, to carry requests with no library between.
//! - [`dropped_after`] polls a future so often and drops it.
//! - [`Authority`] issues certificates, good, expired and for another name.
//!
//! The program `fake-plex` runs it for any other client: `cargo install plex-auth-tests`, then `fake-plex`. How a
//! program is tested with it shows `examples/tested_program.rs`.
//!
//! The fake shares no code with the crates that are tested against it.

mod authority;
pub mod bare_client;
mod black_hole;
mod dropped;
mod fake;
mod kill;
mod pace;
mod raw_server;
mod seeded;
mod seen;
mod server;

pub use authority::{Authority, ServerCertificate};
pub use black_hole::BlackHole;
pub use dropped::dropped_after;
pub use fake::{
    Account, Connection, Delivery, Device, DeviceKey, FakePlex, MediaServer, Misbehaviour, Pin,
    Reply, Source, Which, Who,
};
pub use kill::{Death, Kills, Point};
pub use raw_server::{RawRequest, RawServer, Step};
pub use seen::Seen;
pub use server::{REQUEST_NUMBER, Server};

/// The README's example is run, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
