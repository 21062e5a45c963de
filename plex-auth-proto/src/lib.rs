#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - Who is asking: [`ClientIdentity`].
//! - What can be asked: the methods of [`PlexTv`] and [`MediaServer`], and before there is a token for
//!   it of [`MediaServerAddress`]; [`OPERATIONS`] lists them all.
//! - What goes out and how the answer is read: [`Call`] and [`Reply`].
//! - Several calls and the time between them: [`Conversation`], of which [`PinLogin`] is one.
//! - Signing in with a key of the device: [`DeviceKey`], [`DeviceClaims`], [`PlexJwt`]; with the feature `ed25519`
//!   a key in memory and the verification of Plex's tokens. As a whole: [`DeviceLogin`], and [`DeviceTokenKeeper`] for
//!   ever after.
//! - Over which of its connections a server is reached: [`ConnectionChoice`].
//! - What can go wrong: [`Error`] where an answer came, [`NoAnswer`] where none did.

mod asked;
mod body;
mod call;
mod careful;
mod claim_token;
mod content;
mod conversation;
mod decode;
mod error;
mod identity;
mod jwt;
mod lenient;
mod media_container;
mod media_server;
mod no_answer;
mod open_enum;
mod operation;
mod operations;
mod percent;
mod plex_error;
mod plex_tv;
mod raw_json;
mod rejection;
mod reply;
mod request;
mod retry_after;
mod secret;
mod server_url;
mod shown;
mod token;
mod unix_seconds;
mod xml;

pub use asked::{Asked, Origin};
pub use body::Body;
pub use call::Call;
pub use claim_token::{ClaimToken, InvalidClaimToken};
pub use content::Content;
pub use conversation::attempts::AskProgress;
pub use conversation::{Conversation, RequestId, Step};
pub use error::Error;
pub use http;
pub use identity::{ClientIdentity, ClientIdentityBuilder, IdentityProblem, InvalidIdentity};
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
pub use media_server::address::MediaServerAddress;
pub use media_server::connection_choice::ConnectionChoice;
pub use media_server::connection_choice::candidate::{
    CandidateLoss, CandidateState, ConnectionCandidate, ConnectionKind,
};
pub use media_server::connection_choice::outcome::{
    ChosenConnection, ConnectionChoiceError, ConnectionProgress,
};
pub use media_server::root::ServerRoot;
pub use media_server::server_identity::ServerIdentity;
pub use media_server::source::{InvalidSource, Source};
pub use media_server::source_connection_information::{
    SourceConnection, SourceConnectionInformation, SourceDevice,
};
pub use media_server::transient_token::{Scope, TokenType, TransientToken};
pub use media_server::transient_token_keeper::TransientTokenKeeper;
pub use media_server::transient_token_keeper::kept::InvalidKeptTransientToken;
pub use media_server::transient_token_keeper::progress::{
    TransientTokenProgress, TransientTokenReason,
};
pub use no_answer::{NoAnswer, NoAnswerReason, SendError, TlsFault};
pub use operation::{Host, Operation};
pub use operations::OPERATIONS;
pub use plex_error::PlexError;
pub use plex_tv::PlexTv;
pub use plex_tv::account::{Account, MailingListStatus};
pub use plex_tv::credentials::{Credentials, InvalidCredentials};
pub use plex_tv::device_login::progress::{DeviceLoginError, DeviceLoginProgress};
pub use plex_tv::device_login::{DeviceLogin, DeviceLoginAnswer};
pub use plex_tv::device_pin::DevicePin;
pub use plex_tv::device_token_keeper::progress::{
    DeviceTokenEnd, DeviceTokenProgress, DeviceTrouble,
};
pub use plex_tv::device_token_keeper::{DeviceTokenAnswer, DeviceTokenKeeper};
pub use plex_tv::devices::{Device, DeviceConnection, DeviceId, Devices};
pub use plex_tv::forward_url::{ForwardUrl, InvalidForwardUrl};
pub use plex_tv::home_pin::{HomePin, InvalidHomePin};
pub use plex_tv::home_user_uuid::{HomeUserUuid, InvalidHomeUserUuid};
pub use plex_tv::home_users::{Home, HomeUser};
pub use plex_tv::hosted_page::HostedPage;
pub use plex_tv::kept_device::InvalidKeptDevice;
pub use plex_tv::pin::{Pin, PinLocation};
pub use plex_tv::pin_code::{InvalidPinCode, PinCode};
pub use plex_tv::pin_id::PinId;
pub use plex_tv::pin_login::kept::InvalidKeptLogin;
pub use plex_tv::pin_login::{
    LinkedPin, LoginPin, PinAnswer, PinLogin, PinLoginError, PinProgress,
};
pub use plex_tv::pin_url::PinUrl;
pub use plex_tv::poll_pin::PinState;
pub use plex_tv::profile::{
    AudioAccessibility, AutoSelectSubtitle, MediaReviewsVisibility, Profile, SubtitleAccessibility,
    SubtitleForced, WatchedIndicator,
};
pub use plex_tv::resource::{Resource, ResourceConnection};
pub use plex_tv::resources::Resources;
pub use plex_tv::restrictions::{CustomRestrictions, Setting};
pub use plex_tv::server_access::{Access, AccessDoubt, ServerAccess};
pub use plex_tv::service::{Service, ServiceStatus};
pub use plex_tv::short_pin::ShortPin;
pub use plex_tv::strong_pin::StrongPin;
pub use plex_tv::subscription::{
    Billing, Subscription, SubscriptionPeriod, SubscriptionState, SubscriptionStatus,
};
pub use plex_tv::token_check::{TokenCheck, TokenState};
pub use raw_json::RawJson;
pub use rejection::Rejection;
pub use reply::{DEFAULT_MAX_BODY_SIZE, Reply};
pub use retry_after::RetryAfter;
pub use secret::Secret;
pub use server_url::{InvalidServerUrl, ServerUrl, ServerUrlProblem};
pub use token::{InvalidToken, Token};
pub use unix_seconds::{InvalidUnixSeconds, UnixSeconds};
