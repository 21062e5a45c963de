//! Support for the tests of plex-auth's libraries: servers and clients below HTTP, which the fake Plex does not need.
//!
//! - [`RawServer`] writes the bytes of its script, for responses that are not HTTP at all.
//! - [`BlackHole`] is a port that neither accepts nor refuses a connection.
//! - [`Kills`] lets the connections of a [`Server`](plex_auth_fake::Server) die early.
//! - [`bare_client`] is a minimal client, to send requests without a library in between.
//! - [`dropped_after`] polls a future a number of times and drops it.

pub mod bare_client;
mod black_hole;
mod dropped;
mod kill;
mod raw_server;
mod seeded;

pub use black_hole::BlackHole;
pub use dropped::dropped_after;
pub use kill::{Death, Fates, Kills, Point};
pub use raw_server::{RawRequest, RawServer, Step};
