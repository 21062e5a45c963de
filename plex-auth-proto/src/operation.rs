use http::Method;

use crate::media_server::{
    claim, root, server_identity, source_connection_information, transient_token, unclaim,
};
use crate::plex_tv::{
    claim_token, create_pin, devices, exchange_device_jwt, home_users, link_pin, nonce, ping,
    plex_keys, poll_pin, register_device_key, remove_device, resources, sign_in, sign_out,
    switch_home_user, token_details,
};

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Plex's account service. Its 401 to a token speaks for the account.
    PlexTv,
    /// A media server. Its 401 to a token speaks for that server only.
    MediaServer,
}

/// One operation, as it stands in [`OPERATIONS`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The name in the published API, which errors use, too: `getTokenDetails`. For what that does not
    /// describe, a name in its manner: `claimServer`.
    pub name: &'static str,
    /// Who answers it.
    pub host: Host,
    /// The verb.
    pub method: Method,
    /// The path below the host's base URL, or, for the few calls of plex.tv outside its API, below that URL
    /// less `/api/v2`; what stands in braces is another each time.
    pub path: &'static str,
    /// Whether it may be sent again by itself when the outcome is unknown.
    pub repeatable: bool,
    /// Whether the URL holds a secret, as Plex allows for nothing else; it is masked wherever it shows.
    pub secret_url: bool,
}

/// Every operation of this crate, in the order of its documentation.
///
/// ```
/// let names: Vec<_> = plex_auth_proto::OPERATIONS.iter().map(|operation| operation.name).collect();
/// assert_eq!(names, [
///     "postUsersSignInData",
///     "getTokenDetails",
///     "createOAuthPin",
///     "getOAuthPin",
///     "linkOAuthPin",
///     "registerDeviceJWK",
///     "getAuthNonce",
///     "exchangeJWTToken",
///     "getAuthKeys",
///     "ping",
///     "signOut",
///     "getServerResources",
///     "getHomeUsers",
///     "switchHomeUser",
///     "getDevices",
///     "removeDevice",
///     "getClaimToken",
///     "getTransientToken",
///     "getSourceConnectionInformation",
///     "getIdentity",
///     "getServerInfo",
///     "claimServer",
///     "unclaimServer",
/// ]);
/// ```
pub const OPERATIONS: &[Operation] = &[
    sign_in::OPERATION,
    token_details::OPERATION,
    create_pin::OPERATION,
    poll_pin::OPERATION,
    link_pin::OPERATION,
    register_device_key::OPERATION,
    nonce::OPERATION,
    exchange_device_jwt::OPERATION,
    plex_keys::OPERATION,
    ping::OPERATION,
    sign_out::OPERATION,
    resources::OPERATION,
    home_users::OPERATION,
    switch_home_user::OPERATION,
    devices::OPERATION,
    remove_device::OPERATION,
    claim_token::OPERATION,
    transient_token::OPERATION,
    source_connection_information::OPERATION,
    server_identity::OPERATION,
    root::OPERATION,
    claim::OPERATION,
    unclaim::OPERATION,
];
