//! The page for users of another library mentions only items that exist.

use std::collections::BTreeSet;

use plex_auth_ureq::flow::{ChosenConnection, PinLogin, TokenCheck};
use plex_auth_ureq::jwt::{Ed25519Key, PlexJwt, PlexKeys};
use plex_auth_ureq::pin::ShortPin;
use plex_auth_ureq::server::{Resource, Resources};
use plex_auth_ureq::{
    ClientIdentity, Credentials, MediaServer, MediaServerAddress, PlexTv, Token, Transport,
};

const PAGE: &str = include_str!("../../../examples/recipes/coming-from.md");

/// Returns the names of these functions, and fails to compile if one of them does not exist. The
/// type of a generic function must be given with `as`.
macro_rules! names {
    ($($type:ident::$method:ident $(as $function:ty)?),+ $(,)?) => {{
        $(let _ $(: $function)? = $type::$method;)+
        BTreeSet::from([$(concat!(stringify!($type), "::", stringify!($method))),+])
    }};
}

type Key = &'static Ed25519Key;

/// Returns every `Type::method` in the right column of the tables.
fn names_on_the_page() -> BTreeSet<&'static str> {
    let rows = PAGE.lines().filter(|line| line.starts_with('|'));
    let ours = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    ours.flat_map(|column| column.split('`').skip(1).step_by(2))
        .filter(|name| name.contains("::"))
        .collect()
}

#[test]
fn every_name_on_the_page_exists() {
    let existing = names![
        ChosenConnection::with_token,
        ClientIdentity::builder as fn(&'static str) -> _,
        Credentials::verification_code as fn(_, &'static str) -> _,
        Ed25519Key::from_seed,
        MediaServer::new,
        MediaServer::root,
        MediaServer::source_connection_information,
        MediaServer::transient_token,
        MediaServer::unclaim,
        MediaServerAddress::claim,
        MediaServerAddress::server_identity,
        PinLogin::hosted_page,
        PinLogin::pin,
        PlexJwt::is_expired,
        PlexJwt::unverified,
        PlexKeys::verify,
        PlexTv::at,
        PlexTv::claim_token,
        PlexTv::create_short_pin,
        PlexTv::create_strong_pin,
        PlexTv::device_token_refresher as fn(_, Key, _) -> _,
        PlexTv::device_link_code_login as fn(_, Key) -> _,
        PlexTv::devices,
        PlexTv::exchange_device_jwt,
        PlexTv::home_users,
        PlexTv::hosted_page_login,
        PlexTv::link_code_login,
        PlexTv::link_pin,
        PlexTv::nonce,
        PlexTv::ping,
        PlexTv::plex_keys,
        PlexTv::poll_pin,
        PlexTv::register_device as fn(_, Key, _) -> _,
        PlexTv::register_device_key,
        PlexTv::remove_device,
        PlexTv::resources,
        PlexTv::sign_in,
        PlexTv::sign_out,
        PlexTv::switch_home_user,
        PlexTv::token_check,
        PlexTv::token_details,
        Resource::choose_connection,
        Resources::servers,
        ShortPin::pin,
        Token::new as fn(&'static str) -> _,
        Transport::drive_with as fn(_, &mut TokenCheck, fn(&TokenCheck, _) -> _) -> _,
    ];
    assert_eq!(names_on_the_page(), existing);
}
