//! The flows about a device's key, with a clock, a key and a plex.tv that are made up.

mod harness;
mod login;
mod properties;
mod refresher;
mod saved;
