//! A program that talks to a media server: which one, over which connection, and with which token.

use std::error::Error;

use plex_auth_ureq::flow::ConnectionKind;
use plex_auth_ureq::server::{Scope, TokenType};
use plex_auth_ureq::{MediaServer, PlexTv, Token, TransientToken, Transport};

/// Returns the server of this name over its best connection, with the token that it accepts.
fn open(
    http: &Transport,
    plex_tv: &PlexTv,
    account_token: &Token,
    name: &str,
) -> Result<MediaServer, Box<dyn Error>> {
    let resources = http.send(plex_tv.resources(account_token))?;
    let found = resources.servers().find(|server| server.name.as_deref() == Some(name));
    let server = found.ok_or("the account has no such server")?;
    // Sends several requests at once, without a token, and accepts only a response of this very server.
    let choice = &mut server.choose_connection(plex_tv.identity().clone());
    let chosen = http.drive(choice).ok_or("a new choice is not finished")??;
    if chosen.is_plain_http() {
        println!("unencrypted: choose again after a change of network");
    }
    if chosen.kind == ConnectionKind::Relay {
        println!("through Plex's relay: good for talking, slow for films");
    }
    // The server's own token. It takes no token of the account's if it is shared, and a device's JWT never.
    let access_token = server.access_token.clone().ok_or("plex.tv sends no token for it")?;
    Ok(chosen.with_token(access_token))
}

/// Something to hand to a player, in place of a token that lives for ever: up to 48 hours, or until the server
/// restarts. It opens as much, so hand it to nobody who may not have the other.
fn for_a_player(http: &Transport, server: &MediaServer) -> Result<TransientToken, Box<dyn Error>> {
    Ok(http.send(server.transient_token(TokenType::Delegation, Scope::All))?)
}

// Played at the fake.

use plex_auth_fake::{Which, Who};

use crate::harness::{Harness, Outcome};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let name = harness.server.with(|fake| fake.server(Which::Claimed).name().to_owned());
    // Rosa's server, which she shares with Tariq.
    let server = open(&http, &plex_tv, &harness.token(Who::PlexPass)?, &name)?;
    println!("{name} at {}", server.url());
    let transient = for_a_player(&http, &server)?;
    let with_it =
        MediaServer::new(plex_tv.identity().clone(), server.url().clone(), transient.token);
    let root = http.send(with_it.root())?;
    println!("a player gets in to {}", root.friendly_name.as_deref().unwrap_or_default());
    assert_eq!(root.friendly_name, Some(name));
    Ok(())
}
