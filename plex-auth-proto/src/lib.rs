//! Plex authentication as pure values: this crate builds requests and reads answers, and does no I/O.
//!
//! No socket, no clock, no file, no environment, no log. A transport of yours, or `plex-auth-ureq` or
//! `plex-auth-hyper`, carries what it makes:
//!
//! ```
//! use plex_auth_proto::{http, ClientIdentity, Credentials, PlexTv};
//!
//! // Who asks. The identifier is made once per installation and kept for ever.
//! let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
//!     .product("Plex for Roku").device("Roku 3").version("2.4.1").platform("Roku")
//!     .build()?;
//! let plex_tv = PlexTv::new(me);
//!
//! // A call: a finished request and, tied to it by type, how its answer is read.
//! let call = plex_tv.sign_in(&Credentials::new("username@email.com", "password123")?);
//! let (request, reply) = call.into_parts();
//! assert_eq!(request.uri(), "https://plex.tv/api/v2/users/signin");
//!
//! // Whatever brings the answer: a socket, a mock, a fetch in a browser.
//! let answer = http::Response::builder()
//!     .status(201)
//!     .body(r#"{"username": "rosa", "authToken": "xyz-Abc_0123456789ab"}"#)?;
//! let account = reply.parse(&answer)?;
//! assert_eq!(account.auth_token.expose(), "xyz-Abc_0123456789ab");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! - Who is asking: [`ClientIdentity`].
//! - What can be asked: the methods of [`PlexTv`] and [`MediaServer`]; [`OPERATIONS`] lists them all.
//! - What goes out and how the answer is read: [`Call`] and [`Reply`].
//! - What can go wrong: [`Error`] where an answer came, [`NoAnswer`] where none did.

mod asked;
mod body;
mod call;
mod decode;
mod error;
mod error_body;
mod identity;
mod lenient;
mod media_server;
mod no_answer;
mod open_enum;
mod operation;
mod plex_tv;
mod rejection;
mod reply;
mod request;
mod retry_after;
mod salvage;
mod secret;
mod server_url;
mod token;
mod unix_seconds;
mod xml;

pub use asked::{Asked, Origin};
pub use body::Body;
pub use call::Call;
pub use error::{Content, Error};
pub use http;
pub use identity::{ClientIdentity, ClientIdentityBuilder, IdentityProblem, InvalidIdentity};
pub use media_server::MediaServer;
pub use media_server::source::{InvalidSource, Source};
pub use media_server::source_connection_information::{
    SourceConnection, SourceConnectionInformation, SourceDevice,
};
pub use media_server::transient_token::{Scope, TokenType, TransientToken};
pub use no_answer::{NoAnswer, NoAnswerReason, SendError, TlsFault};
pub use operation::{Host, OPERATIONS, Operation};
pub use plex_tv::PlexTv;
pub use plex_tv::account::{Account, MailingListStatus};
pub use plex_tv::credentials::{Credentials, InvalidCredentials};
pub use plex_tv::profile::{
    AudioAccessibility, AutoSelectSubtitle, MediaReviewsVisibility, Profile, SubtitleAccessibility,
    SubtitleForced, WatchedIndicator,
};
pub use plex_tv::restrictions::{CustomRestrictions, Setting};
pub use plex_tv::service::{Service, ServiceStatus};
pub use plex_tv::subscription::{
    Billing, Subscription, SubscriptionPeriod, SubscriptionState, SubscriptionStatus,
};
pub use rejection::{PlexError, Rejection};
pub use reply::{DEFAULT_MAX_BODY_SIZE, Reply};
pub use retry_after::RetryAfter;
pub use secret::Secret;
pub use server_url::{InvalidServerUrl, ServerUrl, ServerUrlProblem};
pub use token::{InvalidToken, Token};
pub use unix_seconds::{OutOfRange, UnixSeconds};
