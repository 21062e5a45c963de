//! Reports of each request that is sent and of its result, for logs, metrics and traces.
//!
//! A transport reports to an [`Observer`]. Every request that it sends is one [`Attempt`], including those that it
//! repeats by itself.

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
