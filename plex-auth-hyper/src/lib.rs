//! Asynchronous Plex authentication with [hyper], on tokio by default, or on any other runtime with
//! your own service.
//!
//! This crate sends the requests that [`plex_auth_proto`](proto) builds. It also re-exports all of
//! that crate, so you do not need to depend on it directly.
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use plex_auth_hyper::{ClientIdentity, Credentials, PlexTv, Transport};
//!
//! # fn saved_identifier() -> String { "example".into() }
//! # fn ask_for(_: &str) -> String { String::new() }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Generate the identifier once per installation, save it and never change it.
//! let identity = ClientIdentity::builder(saved_identifier())
//!     .product("Example Player").version("2.4.1").platform("Linux").device("Living-room PC")
//!     .build()?;
//! let plex_tv = PlexTv::new(identity);
//! let http = Transport::new();
//!
//! let credentials = Credentials::new(ask_for("username"), ask_for("password"))?;
//! let signed_in = http.send(plex_tv.sign_in(&credentials)).await?;
//! let account = http.send(plex_tv.token_details(&signed_in.auth_token)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Methods of [`PlexTv`] and [`MediaServer`] create calls. [`Transport::send`] sends a call and
//! returns its value; [`Transport::exchange`] also returns the status and the headers. A [`Flow`],
//! such as a PIN login, consists of several calls and the waits between them;
//! [`Transport::drive_with`] runs it. An [`Error`] is either a [`ResponseError`] or a
//! [`TransportError`].
//!
//! A [`TokenSource`] renews one token and shares it with all tasks of a program.
//!
//! # Guarantees
//!
//! A transport fulfills [the sender's contract](proto::call#the-senders-contract). The following
//! holds for every service:
//!
//! - Redirects that the service returns are not followed, because following them would send the
//!   token to the redirect target. They are reported as
//!   [`Redirected`](proto::ResponseError::Redirected).
//! - An exchange, from the name lookup to the last byte of the response, ends within 30 s
//!   ([`DEFAULT_TIMEOUT`]). [`Transport::timeout`] changes the limit; a call's own
//!   [deadline](Call::deadline) overrides it.
//! - At most 1 MiB of a response is read, regardless of its declared length, unless the call or the
//!   transport sets another limit.
//! - The transport repeats a request only if the call is [idempotent](Reply::is_idempotent), and
//!   only to confirm a response that may belong to another request: a
//!   [`Mismatched`](ResponseError::Mismatched) response, or a refusal on a reused connection. An
//!   invalid token, or a PIN that no longer exists, can therefore cost one more request, [on its
//!   own connection](Outgoing::must_confirm).
//! - The body of a request is not copied: it uses the call's bytes, which are zeroed when the last
//!   clone is dropped.
//! - No error and no `Debug` output contains a token, a password or a secret URL, and no error
//!   contains a query.
//! - The futures of [`send`](Transport::send), [`exchange`](Transport::exchange) and
//!   [`fetch`](Transport::fetch) are `Send` if the service, its futures and its response bodies
//!   are, and borrow nothing from the transport. They can be dropped at any time; the request may
//!   have been sent by then.
//!
//! The following holds for the client of `Transport::new`:
//!
//! - Connecting (name lookup, TCP and TLS together) ends within 10 s. For a name with both IPv6 and
//!   IPv4 addresses, the second family is tried if the first fails or takes longer than 300 ms.
//! - The request is sent as the core built it, plus a `host` header. A request for one of the
//!   core's operations has one `accept` header, no `accept-encoding` header, and either a
//!   `content-length` header or no body.
//! - A sign-in is sent only once. An [idempotent](Reply::is_idempotent) call is retried once, on a
//!   new connection, if a reused connection ends before the response. If a reused connection closes
//!   before any of the request is written, the request is sent on another connection, even if the
//!   call is not idempotent.
//! - A transport error says that nothing was sent only if that is certain
//!   ([`TransportError::may_have_been_sent`]).
//! - Proxy environment variables are ignored, because the proxy could read a token that is sent
//!   over plain HTTP.
//! - Unknown names, refused connections and invalid certificates are distinguished
//!   ([`TransportErrorKind`](error::TransportErrorKind)).
//! - If there is no tokio runtime, or if the runtime has no timer or I/O driver or is being shut
//!   down, sending returns [`NotStarted`](error::TransportErrorKind::NotStarted). tokio reports a
//!   missing timer or I/O driver and a shutdown only by panicking. The panic is caught, but the
//!   program's panic hook is called, and a program that is built to abort on panic aborts.
//!
//! # Limitations
//!
//! **Use a transport in only one tokio runtime at a time.** Its idle connections work only while
//! the runtime that opened them runs. In another runtime, a request can wait on such a connection
//! until its time limit expires.
//!
//! **A waiting request can get a connection before the previous response on it is parsed.**
//! hyper-util hands out the connection again once the body has been read. If the response then
//! turns out to be unreadable or to belong to another request, the connection closes after the
//! waiting request instead of before it. The response to that request is checked like any other on
//! a reused connection. If you create a call whose response must not be confused with another, give
//! the call [its own connection](Call::own_connection).
//!
//! **A service that retries or follows redirects cannot be controlled.** tower-http's
//! `FollowRedirect` follows redirects, and its `FilterCredentials`, which removes credentials from
//! a request to another host, does not remove `X-Plex-Token`. tower's `Retry`, or a client with its
//! own retries, can sign in twice. Do not use any of these in a service for this transport.
//!
//! Your own service is responsible for TLS, proxies, compression and logging. Its errors are
//! classified if they are from `std::io`, hyper or, with the feature `client`, hyper-util or
//! rustls. All others are [`Other`](error::TransportErrorKind::Other). Errors report that the
//! request may have been sent, unless the service was not ready yet, or hyper or hyper-util rules
//! that out. If hyper-util's own resolver does not find a name, the error is also `Other`. Errors
//! from hyper-util's proxy connectors (`Tunnel`, `SocksV4`, `SocksV5`) are reported as
//! [`Proxy`](error::TransportErrorKind::Proxy), with nothing sent; hyper-util does not report the
//! proxy's status code.
//!
//! With your own service, a call that wants [its own connection](Reply::wants_own_connection) is
//! certain to get it only if the service opens a connection for each request. The same applies to a
//! request that is repeated on its own connection. With a client from hyper-util and the feature
//! `client`, a connection whose response may belong to another request is closed; with any other
//! service, it can be reused.
//!
//! Your own service does not report whether a response arrived on a new connection, so a refusal is
//! [confirmed](Outgoing::must_confirm) as if the connection had been reused.
//!
//! The buffers of hyper and rustls, which can contain anything that was sent or received, are not
//! zeroed.
//!
//! # Recipes
//!
//! Trust your own certificate authority, in addition to Mozilla's root certificates:
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use plex_auth_hyper::Transport;
//!
//! let http = Transport::builder().root_certificate(std::fs::read("my-root.der")?).build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Retry a call after a rate limit (429) or an outage, as long as that is safe and can help:
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use plex_auth_hyper::flow::RetriedCall;
//! use plex_auth_hyper::{ClientIdentity, PlexTv, Token, Transport};
//!
//! # fn saved_identifier() -> String { "example".into() }
//! # fn saved_token() -> String { String::new() }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
//! let token = Token::new(saved_token())?;
//! // Waits for as long as `Retry-After` says, but gives up after 60 s.
//! let mut call = RetriedCall::new(|| plex_tv.resources(&token));
//! if let Some(resources) = Transport::new().drive(&mut call).await {
//!     println!("{} servers", resources?.servers().count());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Use an HTTP proxy, here one that requires a password and inspects TLS. `Transport::builder` has
//! no proxy setting, so build a client with a proxy connector and the root certificates, and pass
//! it to [`Transport::over`]:
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use std::sync::Arc;
//!
//! use base64::prelude::{BASE64_STANDARD, Engine};
//! use hyper_rustls::HttpsConnector;
//! use hyper_util::client::legacy::Client;
//! use hyper_util::client::legacy::connect::HttpConnector;
//! use hyper_util::client::legacy::connect::proxy::Tunnel;
//! use hyper_util::rt::{TokioExecutor, TokioTimer};
//! use plex_auth_hyper::http::HeaderValue;
//! use plex_auth_hyper::{RequestBody, Transport};
//! use rustls::{ClientConfig, RootCertStore};
//!
//! // `Tunnel` ignores `user:password@` in the URL.
//! let auth = format!("Basic {}", BASE64_STANDARD.encode("CORP\\rosa:p@ss"));
//! let proxy = Tunnel::new("http://proxy.example:3128".parse()?, HttpConnector::new())
//!     .with_auth(HeaderValue::try_from(auth)?);
//!
//! let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
//! // The proxy's certificate authority, if it inspects TLS.
//! roots.add(std::fs::read("corp.der")?.into())?;
//! // Name the provider: if a program enables two, rustls cannot select a default and panics.
//! let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
//!     .with_safe_default_protocol_versions()?
//!     .with_root_certificates(roots)
//!     .with_no_client_auth();
//!
//! let client = Client::builder(TokioExecutor::new())
//!     // Without idle connections, no call shares a connection with another.
//!     .pool_max_idle_per_host(0)
//!     .build::<_, RequestBody>(HttpsConnector::from((proxy, tls)));
//! let http = Transport::over(client, TokioTimer::new());
//! # let _ = http;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This requires the following dependencies in your `Cargo.toml`:
//!
//! ```toml
//! base64 = "0.23"
//! hyper-rustls = { version = "0.27", default-features = false, features = ["http1", "ring", "tls12"] }
//! hyper-util = { version = "0.1.18", features = ["client-legacy", "client-proxy", "http1", "tokio"] }
//! rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12"] }
//! webpki-roots = "1"
//! ```
//!
//! Without credentials, the proxy answers 407, which is reported as
//! [`Proxy`](error::TransportErrorKind::Proxy). `Tunnel` asks the proxy for a tunnel, so the proxy
//! learns only the host of an `https` request, unless it inspects TLS. It can read all of an `http`
//! request, including the token. Specify the port in the server's URL: without one, `Tunnel`
//! requests port 443, even for `http`.
//!
//! Your own client can also use the platform's root certificates, HTTP/2 or a SOCKS proxy. Its body
//! type must be [`RequestBody`].
//!
//! For another runtime, see
//! [`examples/smol.rs`](https://github.com/plex-auth/plex-auth/blob/main/plex-auth-hyper/examples/smol.rs),
//! a complete example for smol. [`Transport::over`] has an example with a mock.
//!
//! [Other recipes](https://github.com/plex-auth/plex-auth/tree/main/tests/examples/recipes) are
//! complete programs. They cover what to save, a TV app, a web back end, a service with a device
//! key, several accounts, and a connection to a media server.
//!
//! # Features
//!
//! - `client` (default): `Client`, `Transport::new` and `Transport::builder`, with hyper-util's
//!   client, rustls, ring and Mozilla's root certificates, and token sources that spawn their own
//!   task on tokio. Without it, a transport can be created only with [`Transport::over`], and the
//!   crate needs neither a tokio runtime nor a TLS implementation.
//! - `ed25519`: in-memory device keys and verification of Plex's signed tokens, as in the core.
//! - `tracing`: the core's `TracingObserver`, which creates a span and events for each request. Set
//!   it as the transport's [observer](Transport::observer).

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
mod sleep;
#[cfg(feature = "client")]
mod spawned_token;
mod thread_sleep;
#[cfg(feature = "client")]
mod tls_error;
mod token_task;
mod transport;
mod turns;

#[cfg(feature = "client")]
pub use builder::{InvalidTransport, TransportBuilder};
#[cfg(feature = "client")]
pub use client::Client;
#[doc(inline)]
pub use driver::Driver;
pub use plex_auth_proto as proto;
#[doc(no_inline)]
pub use plex_auth_proto::*;
pub use request_body::RequestBody;
pub use shared_token::TokenSource;
pub use transport::{DEFAULT_TIMEOUT, Transport};

/// Compiles the example in the README.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
