//! The list of all operations. No other module imports every operation.

use crate::media_server::{
    claim, root, server_identity, source_connection_information, transient_token, unclaim,
};
use crate::operation::Operation;
use crate::plex_tv::account::{sign_in, token_details};
use crate::plex_tv::claim_token;
use crate::plex_tv::device::{devices, remove_device};
use crate::plex_tv::device_key::{exchange_device_jwt, nonce, plex_keys, register_device_key};
use crate::plex_tv::home::{home_users, switch_home_user};
use crate::plex_tv::pin::{create_pin, link_pin, poll_pin};
use crate::plex_tv::resource::resources;
use crate::plex_tv::session::{ping, sign_out};

/// All operations of this crate, in the order in which the tables of [`PlexTv`](crate::PlexTv) and
/// [`MediaServer`](crate::MediaServer) list them.
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
