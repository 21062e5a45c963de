#![cfg_attr(docsrs, feature(doc_cfg))]
// The core performs no I/O and reads no clock: `clippy.toml` lists the disallowed functions.
// `forbid` prevents modules from allowing them.
#![cfg_attr(
    not(test),
    forbid(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]
// With this URL, the docs of the transport crates can link to this crate even before docs.rs has
// built the first release.
#![doc(html_root_url = "https://docs.rs/plex-auth-proto/0.1.0")]
#![doc = include_str!("../README.md")]
//!
//! # A tour of the crate
//!
//! - [`ClientIdentity`] identifies the program to Plex. Every request carries it.
//! - [`PlexTv`] and [`MediaServer`] have a method for each operation. [`MediaServerAddress`] has
//!   the methods that need no token. [`OPERATIONS`] lists all operations.
//! - A [`Call`] is a request with the [`Reply`] that reads its response. The module [`call`]
//!   specifies [what the sender of a request must do](call#the-senders-contract).
//! - A [`Flow`] is a multi-step exchange, including the delays between its calls.
//!   [`PinLogin`](flow::PinLogin) signs a user in with a PIN.
//!   [`ConnectionChoice`](flow::ConnectionChoice) finds the best connection to a server.
//! - [`jwt`] is for devices that sign in with a key: [`DeviceKey`](jwt::DeviceKey) signs the
//!   device's JWTs, and [`PlexJwt`](jwt::PlexJwt) reads the token that Plex returns.
//!   [`DeviceLogin`](flow::DeviceLogin) and [`DeviceTokenRefresher`](flow::DeviceTokenRefresher)
//!   are the flows for such devices.
//! - [`token_source`] is the I/O-free part of the transports' `TokenSource`, which shares one token
//!   across the whole program.
//! - The docs of [`Error`] list every error and what to do about it. A [`ResponseError`] describes
//!   a response that is an error or cannot be read. A [`TransportError`] says why no complete
//!   response arrived.
//! - An [`Observer`] receives a report on each request, for logs, metrics and traces.
//!
//! # Serialization
//!
//! Plex's responses, such as [`Account`] and [`Resources`](server::Resources), implement
//! [`serde::Deserialize`], so that tests can create them from JSON. No public type of this crate
//! implements `serde::Serialize`. Most responses with data contain tokens or other secrets, often
//! in nested fields, and serializing one could copy them to a log, a cache or a web page. The
//! following types will never implement it:
//!
//! - types that are secrets: [`Token`], [`Secret`], [`Credentials`],
//!   [`ClaimToken`](server::ClaimToken), [`HomePin`](home::HomePin), [`PinCode`](pin::PinCode),
//!   [`PinId`](pin::PinId), [`DeviceJwt`](jwt::DeviceJwt) and [`Nonce`](jwt::Nonce);
//! - types that contain them, such as [`SignedIn`], [`Account`], [`TransientToken`],
//!   [`SourceConnectionInformation`], [`Resources`](server::Resources),
//!   [`Devices`](device::Devices), [`Pin`](pin::Pin) and [`PinState`](pin::PinState).
//!
//! To store or send data, copy the fields that you need into a type of your own. To save a secret,
//! store the value returned by its `expose` method in a secure place. [`Credentials`] has no
//! such method. To save the state of a login or a token refresher, use the flow's `save` method.
//!
//! # WebAssembly
//!
//! The crate compiles for `wasm32-unknown-unknown`: it performs no I/O and reads no clock. A
//! program in a browser sends the requests with `fetch`, which cannot meet every requirement of
//! [the sender's contract](call#the-senders-contract):
//!
//! - With `redirect: "manual"`, a redirect is not followed, but its status and target are hidden:
//!   the response is opaque, with status 0 and no headers. Report it as a [transport
//!   error](Reply::transport_error).
//! - Scripts can read a response, and headers such as `Date` and `Retry-After`, only if the server
//!   allows it with CORS. Without `Retry-After`, [`Error::retry_after`] returns `None`.
//! - The browser sets some headers itself, such as `Content-Length`, and ignores the request's
//!   values for them.
//! - The browser chooses the connection. A request cannot have [its
//!   own](Reply::wants_own_connection).
//!
//! `SystemTime::now` and `Instant::now` panic on this target, so take the time from JavaScript.

pub mod call;
pub mod error;
pub mod flow;
pub mod jwt;
mod media_server;
pub mod observer;
mod operation;
mod operations;
mod plex_tv;
mod values;
mod wire;

pub use call::{Body, Call, Outgoing, Reply};
pub use error::{Error, ResponseError, TransportError};
pub use flow::{Flow, Step};
pub use http;
pub use media_server::source_connection_information::SourceConnectionInformation;
pub use media_server::transient_token::TransientToken;
pub use media_server::{MediaServer, MediaServerAddress};
pub use observer::Observer;
pub use operation::{Host, Operation};
pub use operations::OPERATIONS;
pub use plex_tv::PlexTv;
pub use plex_tv::account::Account;
pub use plex_tv::account::sign_in::SignedIn;
pub use values::client_identity::{ClientIdentity, ClientIdentityBuilder};
pub use values::credentials::Credentials;
pub use values::secret::Secret;
pub use values::server_url::ServerUrl;
pub use values::source::Source;
pub use values::token::Token;
pub use values::unix_seconds::UnixSeconds;

/// An account's profile, subscriptions, services and restrictions.
pub mod account {
    pub use crate::plex_tv::account::MailingListStatus;
    pub use crate::plex_tv::account::profile::{
        AudioAccessibility, AutoSelectSubtitle, MediaReviewsVisibility, Profile,
        SubtitleAccessibility, SubtitleForced, WatchedIndicator,
    };
    pub use crate::plex_tv::account::restrictions::{CustomRestrictions, Setting};
    pub use crate::plex_tv::account::service::{Service, ServiceStatus};
    pub use crate::plex_tv::account::subscription::{
        Billing, Subscription, SubscriptionPeriod, SubscriptionState, SubscriptionStatus,
    };
    pub use crate::wire::raw_json::RawJson;
}

/// The design of this crate and the reasons for it: layers, flows, decisions, promises and the
/// tests that verify them, and versioning.
#[cfg(doc)]
#[doc = include_str!("../DESIGN.md")]
pub mod design {}

/// The devices that are signed in to an account.
pub mod device {
    pub use crate::plex_tv::device::devices::{Device, DeviceConnection, DeviceId, Devices};
}

/// The users of a Plex Home.
pub mod home {
    pub use crate::plex_tv::home::home_users::{Home, HomeUser};
    pub use crate::values::home_pin::{HomePin, InvalidHomePin};
    pub use crate::values::home_user_uuid::{HomeUserUuid, InvalidHomeUserUuid};
}

/// PINs and the pages on which users link them.
pub mod pin {
    pub use crate::plex_tv::pin::device_pin::DevicePin;
    pub use crate::plex_tv::pin::hosted_page::HostedPage;
    pub use crate::plex_tv::pin::pin_id::PinId;
    pub use crate::plex_tv::pin::pin_url::PinUrl;
    pub use crate::plex_tv::pin::poll_pin::PinState;
    pub use crate::plex_tv::pin::short_pin::ShortPin;
    pub use crate::plex_tv::pin::strong_pin::StrongPin;
    pub use crate::plex_tv::pin::{Pin, PinLocation};
    pub use crate::values::forward_url::{ForwardUrl, InvalidForwardUrl};
    pub use crate::values::pin_code::{InvalidPinCode, PinCode};
}

/// Types for media servers: an account's servers and players, server information, source
/// connections, the types and scopes of transient tokens, and claim tokens.
pub mod server {
    pub use crate::media_server::root::ServerRoot;
    pub use crate::media_server::server_identity::ServerIdentity;
    pub use crate::media_server::source_connection_information::{SourceConnection, SourceDevice};
    pub use crate::media_server::transient_token::{Scope, TokenType};
    pub use crate::plex_tv::resource::resources::Resources;
    pub use crate::plex_tv::resource::{Resource, ResourceConnection};
    pub use crate::values::claim_token::{ClaimToken, InvalidClaimToken};
}

/// Types for sharing a refresher's token across a whole program. The transports' `TokenSource` is
/// built on them.
pub mod token_source {
    pub use crate::flow::token_source::error::{TokenError, TokenSendError};
    pub use crate::flow::token_source::fixed_token::FixedToken;
    pub use crate::flow::token_source::held_token::HeldToken;
    pub use crate::flow::token_source::issuer::TokenIssuer;
    pub use crate::flow::token_source::refresher::Refresher;
    pub use crate::flow::token_source::shared_refresher::SharedRefresher;
    pub use crate::flow::token_source::slot::TokenSlot;
    pub use crate::flow::token_source::status::TokenSourceStatus;
    pub use crate::flow::token_source::token_wait::TokenWait;
}
