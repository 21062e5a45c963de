#![cfg_attr(docsrs, feature(doc_cfg))]
// The core performs no I/O and reads no clock: `clippy.toml` lists the functions. No module may allow an exception.
#![cfg_attr(
    not(test),
    forbid(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]
// Links from the adapters lead here also before the first release has been documented.
#![doc(html_root_url = "https://docs.rs/plex-auth-proto/0.1.0")]
#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - Who is asking: [`ClientIdentity`].
//! - What can be asked: the methods of [`PlexTv`] and [`MediaServer`], and before there is a token for
//!   it of [`MediaServerAddress`]; [`OPERATIONS`] lists them all.
//! - What goes out and how the answer is read: [`Call`] and [`Reply`].
//! - Several calls and the time between them: [`Flow`], of which [`PinLogin`](flow::PinLogin) is one.
//! - Signing in with a key of the device: [`DeviceKey`](jwt::DeviceKey), [`DeviceClaims`](jwt::DeviceClaims), [`PlexJwt`](jwt::PlexJwt); with the feature `ed25519`
//!   a key in memory and the verification of Plex's tokens. As a whole: [`DeviceLogin`](flow::DeviceLogin), and [`DeviceTokenRefresher`](flow::DeviceTokenRefresher) for
//!   ever after.
//! - Choosing the best connection to a server: [`ConnectionChoice`](flow::ConnectionChoice).
//! - One token for a whole program: [`token_source`], on which the adapters' `TokenSource` is built.
//! - Reports of each request, for logs, metrics and traces: [`Observer`].
//! - Errors: [`Error`], which is a [`ResponseError`] if a response arrived and a [`TransportError`] if none did.

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

/// The account, with its profile and subscriptions.
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

/// Why this crate is built the way it is: layers, flows, decisions, promises with their tests, and versioning.
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

/// PINs, the pages on which they are linked, and what they consist of.
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

/// Media servers: the list of an account's servers, what a server says about itself, and claiming it.
pub mod server {
    pub use crate::media_server::root::ServerRoot;
    pub use crate::media_server::server_identity::ServerIdentity;
    pub use crate::media_server::source_connection_information::{SourceConnection, SourceDevice};
    pub use crate::media_server::transient_token::{Scope, TokenType};
    pub use crate::plex_tv::resource::resources::Resources;
    pub use crate::plex_tv::resource::{Resource, ResourceConnection};
    pub use crate::values::claim_token::{ClaimToken, InvalidClaimToken};
}

/// Sharing the token of a refresher with a whole program. The adapters' `TokenSource` is built on it.
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
