//! Synchronous Plex authentication with [ureq], without an async runtime.
//!
//! This crate sends the requests that [`plex_auth_proto`](proto) builds. It also re-exports all of
//! that crate, so you do not need to depend on it directly.
//!
//! ```no_run
//! use plex_auth_ureq::{ClientIdentity, Credentials, PlexTv, Transport};
//!
//! # fn saved_identifier() -> String { "example".into() }
//! # fn ask_for(_: &str) -> String { String::new() }
//! // Generate the identifier once per installation, save it and never change it.
//! let identity = ClientIdentity::builder(saved_identifier())
//!     .product("Example Player").version("2.4.1").platform("Linux").device("Living-room PC")
//!     .build()?;
//! let plex_tv = PlexTv::new(identity);
//! let http = Transport::new();
//!
//! let credentials = Credentials::new(ask_for("username"), ask_for("password"))?;
//! let signed_in = http.send(plex_tv.sign_in(&credentials))?;
//! let account = http.send(plex_tv.token_details(&signed_in.auth_token))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Methods of [`PlexTv`] and [`MediaServer`] create calls. [`Transport::send`] sends a call and
//! returns its value; [`Transport::exchange`] also returns the status and the headers. A [`Flow`],
//! such as a PIN login, consists of several calls and the waits between them;
//! [`Transport::drive_with`] runs it. An [`Error`] is either a [`ResponseError`] or a
//! [`TransportError`].
//!
//! A [`TokenSource`] renews one token and shares it with all threads of a program.
//!
//! # Guarantees
//!
//! A transport fulfills [the sender's contract](proto::call#the-senders-contract). The following
//! holds for every transport, because this crate applies its settings to each request:
//!
//! - Redirects are not followed, because following them would send the token to the redirect
//!   target. They are reported as [`Redirected`](proto::ResponseError::Redirected).
//! - An exchange, from the name lookup to the last byte of the response, ends within 30 s
//!   ([`DEFAULT_TIMEOUT`]), and connecting, including any proxy and TLS, ends within 10 s, unless
//!   your own agent sets other limits. [`Transport::timeout`] changes the limit for the whole
//!   exchange; a call's own [deadline](Call::deadline) overrides it.
//! - At most 1 MiB of a response is read, regardless of its declared length, unless the call or the
//!   transport sets another limit.
//! - The request is sent as the core built it, plus a `host` header, `connection: close` if the
//!   request has its own connection, and your own agent's `user-agent` if the request has none. A
//!   request for one of the core's operations has one `accept` header, no `accept-encoding` header,
//!   and either a `content-length` header or no body.
//! - Only [idempotent](Reply::is_idempotent) calls are retried; a sign-in is never sent twice. A
//!   call is retried if the server closes a reused connection, and to confirm a
//!   [`Mismatched`](ResponseError::Mismatched) response or a refusal on a reused connection,
//!   because such a response may belong to another request. An invalid token, or a PIN that no
//!   longer exists, can therefore cost one more request,
//!   [on its own connection](Outgoing::must_confirm).
//! - A transport error says that nothing was sent only if that is certain
//!   ([`TransportError::may_have_been_sent`]).
//! - No error and no `Debug` output contains a token, a password or a secret URL, and no error
//!   contains a query.
//!
//! The following holds only for transports from [`Transport::new`] and [`Transport::builder`],
//! which open their own connections for ureq:
//!
//! - The time limit applies to every phase, even if a proxy sends its response byte by byte. The
//!   limit for connecting includes the name lookup.
//! - Every error that occurs before the request is sent says that nothing was sent.
//! - Over TLS, a body that ends when the connection closes counts as complete only if the server
//!   sends `close_notify`.
//! - A name is looked up at most once per connection; IP addresses are not looked up.
//! - No cookies are kept, even if another crate enables ureq's feature `cookies`.
//! - A call that [wants its own connection](Reply::wants_own_connection) gets one that no other
//!   request uses.
//! - Proxy environment variables are ignored, because the proxy could read a token that is sent
//!   over plain HTTP. To use them, call [`TransportBuilder::proxy_from_env`].
//!
//! # Limitations
//!
//! **At `TRACE` level, ureq's protocol crate logs every byte that is sent or received**,
//! including passwords and tokens, to the [`log`](https://docs.rs/log) target `ureq_proto::util`,
//! and ureq logs complete URLs and `location` headers, which can contain a secret. This cannot be
//! disabled in ureq or in this crate. At `DEBUG`, ureq logs some headers of each request and
//! response, but redacts `location` and the path of each URL. A program that enables either level
//! for all targets should keep `ureq` and `ureq_proto` at `INFO`: with `env_logger`,
//! `RUST_LOG=trace,ureq=info,ureq_proto=info`.
//!
//! [`Transport::over`] uses the agent unchanged, including its proxy, which ureq reads from the
//! environment by default; its cookie jar, which adds one account's cookies to another account's
//! calls; and its middleware, which sees every request and can follow redirects or retry. With such
//! an agent, most TLS errors report that the request may have been sent, because ureq does not
//! report the phase in which they occurred. A body truncated over TLS can look complete, and an
//! exchange can exceed the time limit if a proxy sends its response slowly.
//!
//! ureq does not report whether such an agent reused a connection, so a refusal is
//! [confirmed](Outgoing::must_confirm) as if it had.
//!
//! If another crate enables ureq's feature `gzip`, which is a default feature of ureq, compressed
//! responses are decoded even though the request does not ask for them. The size limit then counts
//! decoded bytes.
//!
//! The time limit relies on the operating system's socket timeouts, which can expire late if no
//! data arrives: on Linux, up to an eighth of the timeout late. In measurements, exchanges with a
//! limit of 3 s ended after up to 3.3 s, and exchanges with a limit of 30 s after up to 31.4 s.
//!
//! Like ureq, a transport keeps up to three idle connections per host, and up to ten in total. A
//! connection that has been idle for 15 s is not reused, but stays open until a later exchange
//! closes it. If the threads that share a transport need more connections, the ones that have been
//! idle the longest are closed. To keep more idle connections, use [`Transport::over`] with an
//! agent whose limits are higher.
//!
//! The system's resolver looks up names in a separate thread, which continues after the time limit
//! until the resolver returns. A transport from [`Transport::new`] or [`Transport::builder`] and
//! its clones share a pending lookup of the same host and port, so there is at most one such thread
//! per host and port.
//!
//! # Recipes
//!
//! Trust your own certificate authority, in addition to Mozilla's root certificates:
//!
#![cfg_attr(feature = "rustls", doc = "```no_run")]
#![cfg_attr(not(feature = "rustls"), doc = "```ignore")]
//! use plex_auth_ureq::Transport;
//!
//! let http = Transport::builder().root_certificate(std::fs::read("my-root.der")?).build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Retry a call after a rate limit (429) or an outage, as long as that is safe and can help:
//!
//! ```no_run
//! use plex_auth_ureq::flow::RetriedCall;
//! use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};
//!
//! # fn saved_identifier() -> String { "example".into() }
//! # fn saved_token() -> String { String::new() }
//! let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
//! let token = Token::new(saved_token())?;
//! // Waits for as long as `Retry-After` says, but gives up after 60 s.
//! let mut call = RetriedCall::new(|| plex_tv.resources(&token));
//! if let Some(resources) = Transport::new().drive(&mut call) {
//!     println!("{} servers", resources?.servers().count());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Use an HTTP proxy, or the proxy that is set in the environment:
//!
//! ```no_run
//! use plex_auth_ureq::Transport;
//!
//! let http = Transport::builder().proxy("http://proxy.example:3128").build()?;
//! let http = Transport::builder().proxy_from_env().build()?;
//! # Ok::<(), plex_auth_ureq::InvalidTransport>(())
//! ```
//!
//! Use your own agent for features that ureq has but this crate does not: the platform's root
//! certificates (`platform-verifier`), the system's TLS implementation (`native-tls`) or a SOCKS
//! proxy (`socks-proxy`). Enable them in your `Cargo.toml`, in a direct dependency on `ureq`. If a
//! feature is used without being enabled, ureq panics; a SOCKS proxy from the environment is
//! ignored instead.
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
//! Certificate errors are distinguished only with rustls. With another TLS implementation, they
//! are [`TlsErrorKind::Other`](error::TlsErrorKind::Other) or
//! [`TransportErrorKind::Other`](error::TransportErrorKind::Other).
//!
//! [Other recipes](https://github.com/plex-auth/plex-auth/tree/main/tests/examples/recipes) are
//! complete programs. They cover what to save, a TV app, a web back end, a service with a device
//! key, several accounts, and a connection to a media server.
//!
//! # Features
//!
//! - `rustls` (default): TLS with rustls, ring and Mozilla's root certificates. Without it,
//!   [`Transport::new`] supports only `http`, and reports `https` as [not
//!   available](error::TlsErrorKind::NotAvailable).
//! - `ed25519`: in-memory device keys and verification of Plex's signed tokens, as in the core.
//! - `tracing`: the core's `TracingObserver`, which creates a span and events for each request. Set
//!   it as the transport's [observer](Transport::observer).

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

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
