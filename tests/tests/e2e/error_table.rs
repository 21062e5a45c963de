//! The error in each situation: its kind, its message and the result of each predicate.

mod responses;
mod transport_errors;
