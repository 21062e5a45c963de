//! `plex-auth` is a command-line tool without a library API. To install it, run
//! `cargo install plex-auth`.
//!
//! To sign in to Plex from your own program, depend on one of these crates:
//!
//! | your program | crate |
//! |---|---|
//! | is synchronous | [`plex-auth-ureq`](https://docs.rs/plex-auth-ureq), over ureq |
//! | is asynchronous | [`plex-auth-hyper`](https://docs.rs/plex-auth-hyper), over hyper or any `tower_service::Service` |
//! | has its own HTTP client or runtime | [`plex-auth-proto`](https://docs.rs/plex-auth-proto), the protocol without any I/O |
//!
//! Both adapters re-export `plex-auth-proto`, so one dependency is enough. To test a program
//! without an account or a network, use [`plex-auth-fake`](https://docs.rs/plex-auth-fake).
