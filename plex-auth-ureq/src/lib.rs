//! Plex authentication over [ureq]: synchronous, on the calling thread, without a runtime.
//!
//! This crate sends what [`plex_auth_proto`](proto) makes, and all of that is here, too: one dependency,
//! one `use`.
//!
//! ```no_run
//! use plex_auth_ureq::{ClientIdentity, Credentials, PlexTv, Transport};
//!
//! // Who asks. The identifier is made once per installation and kept for ever.
//! let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
//!     .product("Plex for Roku").device("Roku 3").version("2.4.1").platform("Roku")
//!     .build()?;
//! let plex_tv = PlexTv::new(me);
//! let http = Transport::new();
//!
//! let signed_in = http.send(plex_tv.sign_in(&Credentials::new("username@email.com", "password123")?))?;
//! let account = http.send(plex_tv.token_details(&signed_in.auth_token))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The calls are methods of [`PlexTv`] and [`MediaServer`]; [`Transport::send`] returns what they are for,
//! [`Transport::exchange`] the status and the headers beside it. Several calls and the time between them, such as a
//! PIN login, are a [`Flow`], which [`Transport::drive_with`] carries to its end. An [`Error`] is either
//! Plex's refusal, a [`ResponseError`], or a [`TransportError`].
//!
//! A [`TokenSource`] shares one token, which it renews, with all threads of a program.
//!
//! # What it promises
//!
//! Over an agent of the caller's as well, since all of it is set for each request:
//!
//! - A redirect is not followed, as the token would go along. It is
//!   [`Redirected`](proto::ResponseError::Redirected).
//! - An exchange ends within 30 s ([`DEFAULT_TIMEOUT`]), from the name lookup to the last byte of the response;
//!   connecting, which includes the lookup, a proxy and TLS, within 10 s of these. [`Transport::timeout`] sets the
//!   whole; a call's own [deadline](Call::deadline) comes before it.
//! - Of a response no more is read than the call allows, 1 MiB unless set, whatever length it declares.
//! - The request goes out as the core made it, plus `host`: one `accept`, no `accept-encoding`, a
//!   `content-length` or no body.
//! - Nothing is sent twice that must not be: a sign-in goes out once. An
//!   [idempotent](Reply::is_idempotent) call is sent once more if the server closes a connection that was kept open
//!   from an earlier call, and to confirm a refusal or a [`Mismatched`](ResponseError::Mismatched) response that
//!   arrived on such a connection: it may be the response to another request. So a token that is invalid, or a PIN that
//!   is gone, costs one more request there, on a [connection of its own](Outgoing::must_confirm).
//! - "Nothing was sent" is stated only if that is certain, and "outcome unknown" in doubt
//!   ([`TransportError::may_have_been_sent`]).
//! - No error and no `Debug` shows a token, a password, a query or a secret URL.
//!
//! Only over the transports of [`Transport::new`] and [`Transport::builder`], which have their own connections below
//! ureq's HTTP:
//!
//! - The time limit holds in every phase, also if a proxy sends its response byte by byte.
//! - Every error that occurs before the request is sent says that nothing was sent.
//! - A body that ends with the connection is complete over TLS only if the server says so (`close_notify`).
//! - A name is looked up once per connection, and an IP address not at all.
//! - No cookie is kept, even if another crate of the program enables ureq's feature `cookies`.
//! - A call that returns a token has a connection of its own.
//! - Proxy variables of the environment are not read, as a token in plain HTTP would reach the proxy.
//!
//! # What it does not
//!
//! **At the level `TRACE`, ureq's protocol crate logs every byte on the wire**, passwords and tokens among
//! them, to the [`log`](https://docs.rs/log) target `ureq_proto::util`; and ureq then logs whole URLs. It
//! has no switch for that and neither has this crate. At `DEBUG` ureq logs some headers of an answer,
//! `location` among them: what a server quotes there is shown; and, where `TRACE` is on, the URL of each
//! request, which can hold a secret. A program that turns either on for everything must keep `ureq` and
//! `ureq_proto` at `INFO`: with `env_logger`, `RUST_LOG=trace,ureq=info,ureq_proto=info`.
//!
//! [`Transport::over`] takes an agent as it is: its proxy, which ureq reads from the environment by default; its
//! cookie jar, which sends the cookies of one account with the calls of another; its middleware, which sees what it
//! sends and can follow redirects or send again. Over such an agent, most TLS errors are "outcome unknown", as ureq
//! does not report their phase. A proxy that sends its response slowly can extend the time limit, and a truncated body
//! over TLS can look complete.
//!
//! ureq does not reveal whether a connection of such an agent is fresh, so that each refusal of an idempotent call is
//! [confirmed](Outgoing::must_confirm).
//!
//! If another crate of the program turns on ureq's feature `gzip`, which is on by default there, ureq
//! decodes an answer that is encoded although nobody asked for that. The limit counts decoded bytes then.
//!
//! A limit is kept by the system, which ends the wait on a silent socket late rather than early: Linux by up
//! to an eighth, so that 3 s can be 3.3 s, and 30 s were seen to be 31.4 s.
//!
//! Three connections to a host are kept open while nothing is sent, for 15 s and ten in all, as in ureq: threads that
//! share a transport open more, and close them again. [`Transport::over`] takes an agent that keeps more.
//!
//! A name is looked up by the system's resolver on a separate thread, which lives on for as long as the
//! resolver takes if the limit is shorter. Exchanges of a transport and its clones wait for a lookup of the same host and
//! port that is still pending, so that there is one such thread for each.
//!
//! # Recipes
//!
//! A media server with an authority of its own, beside Mozilla's:
//!
#![cfg_attr(feature = "rustls", doc = "```no_run")]
#![cfg_attr(not(feature = "rustls"), doc = "```ignore")]
//! use plex_auth_ureq::Transport;
//!
//! let http = Transport::builder().root_certificate(std::fs::read("my-root.der")?).build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An HTTP proxy, or the one that the environment names:
//!
//! ```no_run
//! use plex_auth_ureq::Transport;
//!
//! let http = Transport::builder().proxy("http://proxy.example:3128").build()?;
//! let http = Transport::builder().proxy_from_env().build()?;
//! # Ok::<(), plex_auth_ureq::InvalidTransport>(())
//! ```
//!
//! An agent of your own, for what ureq has features for and this crate has not: the roots of the platform
//! (`platform-verifier`), the TLS of the system (`native-tls`), a SOCKS proxy (`socks-proxy`). Turn them
//! on in your own `Cargo.toml`, as a dependency on `ureq` beside the one on this crate; one that is asked
//! for and not turned on is a panic of ureq's.
//!
#![cfg_attr(feature = "rustls", doc = "```")]
#![cfg_attr(not(feature = "rustls"), doc = "```ignore")]
//! use plex_auth_ureq::Transport;
//! use plex_auth_ureq::ureq::Agent;
//! use plex_auth_ureq::ureq::tls::{RootCerts, TlsConfig};
//!
//! let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
//! let agent = Agent::config_builder().proxy(None).tls_config(tls).build().new_agent();
//! let http = Transport::over(agent);
//! # let _ = http;
//! ```
//!
//! What is wrong with a certificate is told apart with rustls; with other TLS it is
//! [`TlsErrorKind::Other`](error::TlsErrorKind::Other) or [`TransportErrorKind::Other`](error::TransportErrorKind::Other).
//!
//! # Features
//!
//! `rustls`, on by default: TLS by rustls with ring and Mozilla's roots. Without it [`Transport::new`]
//! sends `http` alone, and says of `https` that it [has no TLS](error::TlsErrorKind::NotAvailable).
//!
//! `ed25519`: the core's, a device key in memory and the verification of Plex's tokens.
//!
//! `tracing`: the core's `TracingObserver`, which turns each request into a span and events. A transport does so only if
//! it is its [observer](Transport::observer).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attempt;
mod builder;
mod callers_agent;
mod clock;
mod connection;
mod deadline;
mod driver;
mod error_context;
mod failure;
mod invalid_transport;
mod own_agents;
mod proxy;
mod received;
#[cfg(feature = "rustls")]
mod roots;
mod sender;
mod shared_token;
mod thread_waker;
#[cfg(feature = "rustls")]
mod tls_error;
mod token_thread;
mod transport;

pub use builder::TransportBuilder;
pub use driver::{Driver, DriverWaker};
pub use invalid_transport::InvalidTransport;
#[doc(no_inline)]
pub use plex_auth_proto as proto;
#[doc(no_inline)]
pub use plex_auth_proto::*;
pub use shared_token::TokenSource;
pub use transport::{DEFAULT_TIMEOUT, Transport};
pub use ureq;

/// The README's example is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
