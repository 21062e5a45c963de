//! Connections for this crate's agents, below ureq's HTTP layer: name lookup, TCP, proxy, TLS and
//! pooling.
//!
//! By default, ureq does not report the phase in which an error occurred, restarts the time limit
//! for each read of a proxy's response, accepts a truncated body over TLS, and looks up the name
//! for each call. Only `buffered` and `ureq_parts` use ureq's `unversioned` API.

mod buffered;
mod connections;
mod dial;
mod exchange;
mod lookup;
mod pool;
mod socket;
mod stream;
mod target;
#[cfg(feature = "rustls")]
mod tls;
mod tunnel;
mod ureq_parts;

pub(crate) use connections::Connections;
pub(crate) use exchange::{Exchange, Reuse};
#[cfg(feature = "rustls")]
pub(crate) use tls::TlsSettings;
