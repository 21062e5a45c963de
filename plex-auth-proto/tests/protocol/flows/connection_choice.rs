//! Choosing a connection, with a clock and servers that are made up.

mod bare_addresses;
mod candidates;
mod chosen;
mod harness;
mod properties;
