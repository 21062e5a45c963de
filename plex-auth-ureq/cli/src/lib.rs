//! `plex-auth` is a command-line tool: `cargo install plex-auth`. It has no library API.
//!
//! To sign in to Plex from a program of your own, depend on one of these crates:
//!
//! | your program | crate |
//! |---|---|
//! | is synchronous | [`plex-auth-ureq`](https://docs.rs/plex-auth-ureq), over ureq |
//! | is asynchronous | [`plex-auth-hyper`](https://docs.rs/plex-auth-hyper), over hyper or any `tower_service::Service` |
//! | has its own HTTP client or runtime | [`plex-auth-proto`](https://docs.rs/plex-auth-proto), the protocol without any I/O |
//!
//! Both adapters re-export `plex-auth-proto`, so one dependency is enough. To test a program without an account and
//! without a network, use [`plex-auth-fake`](https://docs.rs/plex-auth-fake).
