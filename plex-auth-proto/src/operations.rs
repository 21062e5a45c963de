//! The table of all operations: the only file that imports all of them.

use crate::media_server::{
    claim, root, server_identity, source_connection_information, transient_token, unclaim,
};
use crate::operation::Operation;
use crate::plex_tv::{
    claim_token, create_pin, devices, exchange_device_jwt, home_users, link_pin, nonce, ping,
    plex_keys, poll_pin, register_device_key, remove_device, resources, sign_in, sign_out,
    switch_home_user, token_details,
};

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
