//! Every public type can be sent to another thread and shared between threads, shows itself, and borrows nothing.
//!
//! Among the workspace's own tests is one that fails where a type is in the listing of the API and not here.

#![cfg(feature = "ed25519")]
#![allow(clippy::wildcard_imports, reason = "all of it is meant")]

use plex_auth_proto::account::*;
use plex_auth_proto::device::*;
use plex_auth_proto::error::*;
use plex_auth_proto::flow::*;
use plex_auth_proto::home::*;
use plex_auth_proto::jwt::*;
use plex_auth_proto::pin::*;
use plex_auth_proto::server::*;
use plex_auth_proto::*;

fn checked<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}

#[test]
fn every_public_type_can_be_sent_and_shared() {
    checked::<Access>();
    checked::<AccessError>();
    checked::<Account>();
    checked::<RetryProgress>();
    checked::<RequestContext>();
    checked::<AudioAccessibility>();
    checked::<AutoSelectSubtitle>();
    checked::<Billing>();
    checked::<Body>();
    checked::<Call<Account>>();
    checked::<CandidateError>();
    checked::<CandidateState>();
    checked::<ChosenConnection>();
    checked::<ClaimToken>();
    checked::<ClientIdentity>();
    checked::<ClientIdentityBuilder>();
    checked::<ConnectionCandidate>();
    checked::<ConnectionChoice>();
    checked::<ConnectionChoiceError>();
    checked::<ConnectionKind>();
    checked::<ConnectionProgress>();
    checked::<Content>();
    checked::<Credentials>();
    checked::<CustomRestrictions>();
    checked::<Device>();
    checked::<DeviceClaims>();
    checked::<DeviceConnection>();
    checked::<DeviceId>();
    checked::<DeviceJwt>();
    checked::<DeviceLogin<Ed25519Key>>();
    checked::<DeviceLoginAnswer>();
    checked::<DeviceLoginError>();
    checked::<DeviceLoginProgress>();
    checked::<DevicePin>();
    checked::<DeviceTokenAnswer>();
    checked::<DeviceTokenEnd>();
    checked::<DeviceTokenRefresher<Ed25519Key>>();
    checked::<DeviceTokenProgress>();
    checked::<RefreshError>();
    checked::<Devices>();
    checked::<Ed25519Key>();
    checked::<Error>();
    checked::<ForwardUrl>();
    checked::<Home>();
    checked::<HomePin>();
    checked::<HomeUser>();
    checked::<HomeUserUuid>();
    checked::<Host>();
    checked::<HostedPage>();
    checked::<IdentityProblem>();
    checked::<InvalidClaimToken>();
    checked::<InvalidCredentials>();
    checked::<InvalidForwardUrl>();
    checked::<InvalidHomePin>();
    checked::<InvalidHomeUserUuid>();
    checked::<InvalidIdentity>();
    checked::<InvalidSavedState>();
    checked::<InvalidSavedState>();
    checked::<InvalidSavedState>();
    checked::<InvalidKeyId>();
    checked::<InvalidPinCode>();
    checked::<InvalidPlexJwt>();
    checked::<InvalidServerUrl>();
    checked::<InvalidSource>();
    checked::<InvalidToken>();
    checked::<InvalidUnixSeconds>();
    checked::<Jwk>();
    checked::<JwtPart>();
    checked::<JwtScope>();
    checked::<JwtUser>();
    checked::<LinkedPin>();
    checked::<MailingListStatus>();
    checked::<MediaReviewsVisibility>();
    checked::<MediaServer>();
    checked::<MediaServerAddress>();
    checked::<TransportError>();
    checked::<TransportErrorKind>();
    checked::<Nonce>();
    checked::<Operation>();
    checked::<Origin>();
    checked::<Outcome>();
    checked::<Pin>();
    checked::<PinAnswer<ShortPin>>();
    checked::<PinCode>();
    checked::<PinId>();
    checked::<PinLocation>();
    checked::<PinLogin<ShortPin>>();
    checked::<PinLoginError>();
    checked::<PinProgress<ShortPin>>();
    checked::<PinState>();
    checked::<PinUrl>();
    checked::<PlexError>();
    checked::<PlexJwt>();
    checked::<PlexKey>();
    checked::<PlexKeys>();
    checked::<PlexTv>();
    checked::<Profile>();
    checked::<RawJson>();
    checked::<Rejection>();
    checked::<Reply<Account>>();
    checked::<RequestId>();
    checked::<Resource>();
    checked::<ResourceConnection>();
    checked::<Resources>();
    checked::<RetryAfter>();
    checked::<Scope>();
    checked::<Secret>();
    checked::<Error>();
    checked::<ServerAccess>();
    checked::<ServerIdentity>();
    checked::<ServerRoot>();
    checked::<ServerUrl>();
    checked::<ServerUrlProblem>();
    checked::<ResponseError>();
    checked::<Service>();
    checked::<SignedIn>();
    checked::<ServiceStatus>();
    checked::<Setting>();
    checked::<ShortPin>();
    checked::<SignError>();
    checked::<Source>();
    checked::<SourceConnection>();
    checked::<SourceConnectionInformation>();
    checked::<SourceDevice>();
    checked::<Step<TokenCheck>>();
    checked::<StrongPin>();
    checked::<Subscription>();
    checked::<SubscriptionPeriod>();
    checked::<SubscriptionState>();
    checked::<SubscriptionStatus>();
    checked::<SubtitleAccessibility>();
    checked::<SubtitleForced>();
    checked::<TlsErrorKind>();
    checked::<Token>();
    checked::<TokenCheck>();
    checked::<TokenState>();
    checked::<TokenType>();
    checked::<TransientToken>();
    checked::<TransientTokenRefresher>();
    checked::<TransientTokenProgress>();
    checked::<TransientTokenReason>();
    checked::<UnixSeconds>();
    checked::<VerifyError>();
    checked::<WatchedIndicator>();
    checked::<UnsignedDeviceJwt>();
}

#[test]
fn plain_values_without_a_secret_are_keys_of_a_map() {
    fn key<T: Eq + std::hash::Hash + Clone>() {}
    key::<Content>();
    key::<DeviceId>();
    key::<ForwardUrl>();
    key::<HomeUserUuid>();
    key::<Jwk>();
    key::<TransportErrorKind>();
    key::<Operation>();
    key::<Origin>();
    key::<Outcome>();
    key::<RequestId>();
    key::<RetryAfter>();
    key::<ServerUrl>();
    key::<Source>();
    key::<TlsErrorKind>();
    key::<TransientTokenReason>();
    key::<UnixSeconds>();
}
