//! Plex authentication over [hyper]: asynchronous, on tokio as it is, on any other runtime with a service
//! of yours.
//!
//! This crate sends what [`plex_auth_proto`](proto) makes, and all of that is here, too: one dependency,
//! one `use`.
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use plex_auth_hyper::{ClientIdentity, Credentials, PlexTv, Transport};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Who asks. The identifier is made once per installation and kept for ever.
//! let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
//!     .product("Plex for Roku").device("Roku 3").version("2.4.1").platform("Roku")
//!     .build()?;
//! let plex_tv = PlexTv::new(me);
//! let http = Transport::new();
//!
//! let credentials = Credentials::new("username@email.com", "password123")?;
//! let signed_in = http.send(plex_tv.sign_in(&credentials)).await?;
//! let account = http.send(plex_tv.token_details(&signed_in.auth_token)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The calls are methods of [`PlexTv`] and [`MediaServer`]; [`Transport::send`] returns what they are for,
//! [`Transport::exchange`] the status and the headers beside it. Several calls and the time between them, such as a
//! PIN login, are a [`Flow`], which [`Transport::drive_with`] carries to its end. An [`Error`] is either
//! Plex's refusal, a [`ResponseError`], or a [`TransportError`].
//!
//! A [`TokenSource`] shares one token, which it renews, with all tasks of a program.
//!
//! # What it promises
//!
//! Over a service of the caller's as well:
//!
//! - A redirect is not followed, as the token would go along. It is
//!   [`Redirected`](proto::ResponseError::Redirected).
//! - An exchange ends within 30 s ([`DEFAULT_TIMEOUT`]), from the look-up of the name to the last byte of
//!   the answer. [`Transport::timeout`] sets the whole, a call's own [deadline](Call::deadline) comes
//!   before it.
//! - Of an answer no more is read than the call allows, 1 MiB unless set, whatever length it declares.
//! - The transport sends a request twice only to confirm a response that may be that to another request, and only if the
//!   call is [idempotent](Reply::is_idempotent): a [`Mismatched`](ResponseError::Mismatched) one, or a refusal on a
//!   connection that was kept open from an earlier call. So a token that is invalid, or a PIN that is gone, costs one more
//!   request there, on a [connection of its own](Outgoing::must_confirm).
//! - The bytes of a request are the call's own, not a copy, and are zeroed when the service drops them.
//! - No error and no `Debug` shows a token, a password, a query or a secret URL.
//! - A future is `Send` where the service's is, holds nothing of the transport's, and can be dropped at
//!   any point. What was sent until then was sent.
//!
//! Over the client that `Transport::new` has:
//!
//! - Connecting ends within 10 s: name lookup, TCP and TLS together. Where a name has addresses of IPv6 and of IPv4, the other kind is tried
//!   when the first takes longer than 300 ms.
//! - The request goes out as the core made it, plus `host`: one `accept`, no `accept-encoding`, a
//!   `content-length` or no body.
//! - A sign-in goes out once. A call that [may be repeated](Reply::is_idempotent) is sent once more, on a
//!   fresh connection, where one that was kept from an earlier call ends before the answer. What never
//!   left hyper's queue, because the connection had just been closed, goes out on another one, whatever
//!   it is.
//! - "Nothing was sent" is said where that is certain, and "outcome unknown" in doubt
//!   ([`TransportError::may_have_been_sent`]).
//! - Proxy variables of the environment are not read, as a token in plain HTTP would reach the proxy.
//! - A name that is not found, a refused connection, a wrong certificate are told apart
//!   ([`TransportErrorKind`](error::TransportErrorKind)).
//! - Without a tokio runtime, or in one without timer or I/O, sending is an error:
//!   [`NotStarted`](error::TransportErrorKind::NotStarted). tokio can say the latter only by a panic, which is caught
//!   but reaches the program's panic hook; where panics abort, it does.
//!
//! # What it does not promise
//!
//! **A transport belongs to one tokio runtime at a time.** Its kept connections work only while the runtime that opened
//! them runs; in another one, a request can wait for such a connection until its time limit.
//!
//! **A service that follows redirects or sends again by itself is out of reach.** tower-http's
//! `FollowRedirect` does the former; its `FilterCredentials`, which is to keep credentials from another
//! host, does not know `X-Plex-Token` and hands it over. tower's `Retry` and a client of yours with a
//! retry of its own can sign in twice. Leave both out of a stack for this transport.
//!
//! A service of yours also decides about TLS, proxies, compression and what it logs. Its errors are read
//! as far as they come from `std::io`, hyper and, with the feature `client`, hyper-util and rustls:
//! [`Other`](error::TransportErrorKind::Other) is what is left, and "outcome unknown" unless hyper or hyper-util says
//! that it is not. hyper-util's own resolver says of a name that is not found no more than that connecting
//! failed. Errors of its proxy connectors (`Tunnel`, `SocksV4`, `SocksV5`) are
//! [`Proxy`](error::TransportErrorKind::Proxy), and nothing of the request was sent; hyper-util does not reveal the
//! status code with which a proxy refused.
//!
//! A call that wants [a connection of its own](Reply::wants_own_connection), or is sent again on one, shares
//! connections over a service of yours. Over a client of hyper-util's, the connection that returned the response
//! to another request is not used again; over any other service, it can be.
//!
//! A service of yours does not reveal whether the connection of a response is fresh, so that each refusal of an
//! idempotent call is [confirmed](Outgoing::must_confirm).
//!
//! What has been written to the socket is in buffers of hyper's and rustls's that are not zeroed.
//!
//! # Recipes
//!
//! A media server with an authority of its own, beside Mozilla's:
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use plex_auth_hyper::Transport;
//!
//! let http = Transport::builder().root_certificate(std::fs::read("my-root.der")?).build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A client of your own: hyper-util's with another connector, for the platform's roots, HTTP/2, or, as
//! here, an HTTP proxy. It takes [`RequestBody`]. The proxy is asked for a tunnel, so that of an `https`
//! call it learns the host alone; of an `http` call it can read everything, the token included. Give such a
//! server's URL with its port: hyper-util's `Tunnel` asks for 443 where there is none, of `http`, too.
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use std::sync::Arc;
//!
//! use hyper_rustls::HttpsConnector;
//! use hyper_util::client::legacy::connect::HttpConnector;
//! use hyper_util::client::legacy::connect::proxy::Tunnel;
//! use hyper_util::rt::{TokioExecutor, TokioTimer};
//! use plex_auth_hyper::{RequestBody, Transport};
//! use rustls::{ClientConfig, RootCertStore};
//!
//! let proxy = Tunnel::new("http://proxy.example:3128".parse()?, HttpConnector::new());
//! let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
//! // Name the provider: where two are turned on anywhere in a program, rustls panics without.
//! let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
//!     .with_safe_default_protocol_versions()?
//!     .with_root_certificates(roots)
//!     .with_no_client_auth();
//! let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
//!     .build::<_, RequestBody>(HttpsConnector::from((proxy, tls)));
//! let http = Transport::over(client, TokioTimer::new());
//! # let _ = http;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Another runtime: `examples/smol.rs` is the whole of it for smol, and [`Transport::over`] shows a mock.
//!
//! # Features
//!
//! `client`, on by default: `Client`, `Transport::new` and `Transport::builder`, which is hyper-util's
//! client with rustls, ring and Mozilla's roots. Without it there is [`Transport::over`], and no tokio
//! runtime, no TLS and no socket in the tree.
//!
//! `ed25519`: the core's, a device key in memory and the verification of Plex's tokens.
//!
//! `tracing`: the core's `TracingObserver`, which turns each request into a span and events. A transport does so only if
//! it is its [observer](Transport::observer).

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod builder;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod client_error;
mod clock;
mod deadline;
mod driver;
mod error_chain;
mod exchange;
mod failure;
mod observed;
mod request_body;
mod request_copy;
mod response_body;
mod send_state;
mod shared_token;
#[cfg(feature = "client")]
mod spawned_token;
#[cfg(feature = "client")]
mod tls_error;
mod token_task;
mod transport;
mod turns;

#[cfg(feature = "client")]
pub use builder::{InvalidTransport, TransportBuilder};
#[cfg(feature = "client")]
pub use client::Client;
#[doc(no_inline)]
pub use driver::Driver;
pub use plex_auth_proto as proto;
#[doc(no_inline)]
pub use plex_auth_proto::*;
pub use request_body::RequestBody;
pub use shared_token::TokenSource;
pub use transport::{DEFAULT_TIMEOUT, Transport};

/// The README's example is compiled, too.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
