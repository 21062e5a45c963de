//! The PIN login, with a clock and a plex.tv that are made up.

mod ending;
mod harness;
mod polling;
mod properties;
