#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - Who is asking: [`ClientIdentity`].
//! - What can be asked: the methods of [`PlexTv`] and [`MediaServer`], and before there is a token for
//!   it of [`MediaServerAddress`]; [`OPERATIONS`] lists them all.
//! - What goes out and how the answer is read: [`Call`] and [`Reply`].
//! - Several calls and the time between them: [`Flow`], of which [`PinLogin`] is one.
//! - Signing in with a key of the device: [`DeviceKey`], [`DeviceClaims`], [`PlexJwt`]; with the feature `ed25519`
//!   a key in memory and the verification of Plex's tokens. As a whole: [`DeviceLogin`], and [`DeviceTokenRefresher`] for
//!   ever after.
//! - Over which of its connections a server is reached: [`ConnectionChoice`].
//! - What can go wrong: [`Error`] where an answer came, [`TransportError`] where none did.

mod call;
mod error;
mod flow;
mod jwt;
mod media_server;
mod operation;
mod operations;
mod plex_tv;
mod values;
mod wire;

pub use call::Call;
pub use call::body::Body;
pub use call::reply::{DEFAULT_MAX_BODY_SIZE, Reply};
pub use error::Error;
pub use error::plex_error::PlexError;
pub use error::rejection::Rejection;
pub use error::response::ResponseError;
pub use error::transport::{TlsErrorKind, TransportError, TransportErrorKind};
pub use flow::connection_choice::ConnectionChoice;
pub use flow::connection_choice::candidate::{
    CandidateError, CandidateState, ConnectionCandidate, ConnectionKind,
};
pub use flow::connection_choice::outcome::{
    ChosenConnection, ConnectionChoiceError, ConnectionProgress,
};
pub use flow::device_login::progress::{DeviceLoginError, DeviceLoginProgress};
pub use flow::device_login::{DeviceLogin, DeviceLoginAnswer};
pub use flow::device_token_refresher::progress::{
    DeviceTokenEnd, DeviceTokenProgress, RefreshError,
};
pub use flow::device_token_refresher::{DeviceTokenAnswer, DeviceTokenRefresher};
pub use flow::pin_login::progress::{LinkedPin, PinAnswer, PinLoginError, PinProgress};
pub use flow::pin_login::{LoginPin, PinLogin};
pub use flow::retry::RetryProgress;
pub use flow::saved_state::InvalidSavedState;
pub use flow::server_access::{Access, AccessError, ServerAccess};
pub use flow::token_check::{TokenCheck, TokenState};
pub use flow::transient_token_refresher::TransientTokenRefresher;
pub use flow::transient_token_refresher::progress::{TransientTokenProgress, TransientTokenReason};
pub use flow::{Flow, RequestId, Step};
pub use http;
pub use jwt::device_jwt::{DeviceClaims, DeviceJwt, JwtScope, UnsignedDeviceJwt};
pub use jwt::device_key::{DeviceKey, SignError};
#[cfg(feature = "ed25519")]
pub use jwt::ed25519_key::Ed25519Key;
pub use jwt::jwk::{InvalidKeyId, Jwk};
pub use jwt::nonce::Nonce;
pub use jwt::plex_jwt::{InvalidPlexJwt, JwtPart, JwtUser, PlexJwt};
pub use jwt::plex_keys::{PlexKey, PlexKeys};
#[cfg(feature = "ed25519")]
pub use jwt::verify::VerifyError;
pub use media_server::MediaServer;
pub use media_server::MediaServerAddress;
pub use media_server::root::ServerRoot;
pub use media_server::server_identity::ServerIdentity;
pub use media_server::source_connection_information::{
    SourceConnection, SourceConnectionInformation, SourceDevice,
};
pub use media_server::transient_token::{Scope, TokenType, TransientToken};
pub use operation::context::{Origin, RequestContext};
pub use operation::{Host, Operation};
pub use operations::OPERATIONS;
pub use plex_tv::PlexTv;
pub use plex_tv::account::profile::{
    AudioAccessibility, AutoSelectSubtitle, MediaReviewsVisibility, Profile, SubtitleAccessibility,
    SubtitleForced, WatchedIndicator,
};
pub use plex_tv::account::restrictions::{CustomRestrictions, Setting};
pub use plex_tv::account::service::{Service, ServiceStatus};
pub use plex_tv::account::subscription::{
    Billing, Subscription, SubscriptionPeriod, SubscriptionState, SubscriptionStatus,
};
pub use plex_tv::account::{Account, MailingListStatus};
pub use plex_tv::device::devices::{Device, DeviceConnection, DeviceId, Devices};
pub use plex_tv::home::home_users::{Home, HomeUser};
pub use plex_tv::pin::device_pin::DevicePin;
pub use plex_tv::pin::hosted_page::HostedPage;
pub use plex_tv::pin::pin_id::PinId;
pub use plex_tv::pin::pin_url::PinUrl;
pub use plex_tv::pin::poll_pin::PinState;
pub use plex_tv::pin::short_pin::ShortPin;
pub use plex_tv::pin::strong_pin::StrongPin;
pub use plex_tv::pin::{Pin, PinLocation};
pub use plex_tv::resource::resources::Resources;
pub use plex_tv::resource::{Resource, ResourceConnection};
pub use values::claim_token::{ClaimToken, InvalidClaimToken};
pub use values::client_identity::{
    ClientIdentity, ClientIdentityBuilder, IdentityProblem, InvalidIdentity,
};
pub use values::credentials::{Credentials, InvalidCredentials};
pub use values::forward_url::{ForwardUrl, InvalidForwardUrl};
pub use values::home_pin::{HomePin, InvalidHomePin};
pub use values::home_user_uuid::{HomeUserUuid, InvalidHomeUserUuid};
pub use values::pin_code::{InvalidPinCode, PinCode};
pub use values::retry_after::RetryAfter;
pub use values::secret::Secret;
pub use values::server_url::{InvalidServerUrl, ServerUrl, ServerUrlProblem};
pub use values::source::{InvalidSource, Source};
pub use values::token::{InvalidToken, Token};
pub use values::unix_seconds::{InvalidUnixSeconds, UnixSeconds};
pub use wire::content::Content;
pub use wire::raw_json::RawJson;
