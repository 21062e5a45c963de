//! The memory that the core allocates.
//!
//! This is a separate binary, because its allocator counts allocations, and a process has only one
//! global allocator.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod allocation_counts;
mod device;
mod hostile_responses;
