//! Reports on each request and its result, for logs, metrics and traces.
//!
//! Transports report to an [`Observer`]. Every request that they send, including each retry, is an
//! [`Attempt`].

#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;
pub use attempt::Attempt;
pub use end::{AttemptEnd, AttemptOutcome};
pub use exchange::ObservedExchange;
pub use interface::Observer;

mod attempt;
mod end;
mod exchange;
mod interface;
mod request_id;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(test)]
mod tests;
