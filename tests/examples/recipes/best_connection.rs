//! Finds a media server by its name, chooses the best connection to it, and requests a transient
//! token.
//!
//! Use this for a program that plays or manages media. A long-running program uses
//! `server.transient_token_refresher()` instead of requesting a single transient token.

use std::error::Error;

use plex_auth_ureq::flow::ConnectionKind;
use plex_auth_ureq::server::{Scope, TokenType};
use plex_auth_ureq::{MediaServer, PlexTv, Token, TransientToken, Transport};

/// Finds the server with this name, chooses the best connection to it, and adds an access token
/// that the server accepts.
fn open(
    http: &Transport,
    plex_tv: &PlexTv,
    account_token: &Token,
    name: &str,
) -> Result<MediaServer, Box<dyn Error>> {
    let resources = http.send(plex_tv.resources(account_token))?;
    let found = resources.servers().find(|server| server.name.as_deref() == Some(name));
    let server = found.ok_or("the account has no such server")?;
    // Sends several requests at once, without a token, and accepts only a response from this very
    // server.
    let choice = &mut server.choose_connection(plex_tv.identity().clone());
    let chosen = http.drive(choice).ok_or("the choice had already finished")??;
    if chosen.is_plain_http() {
        println!("unencrypted: choose again after a network change");
    }
    if chosen.kind == ConnectionKind::Relay {
        println!("connected through Plex's relay, which is too slow for video");
    }
    // The server's own token: a shared server does not accept the account's token, and no server
    // accepts a JWT.
    let access_token = server.access_token.clone().ok_or("plex.tv sent no token for the server")?;
    Ok(chosen.with_token(access_token))
}

/// Requests a token for a player. The token expires after 48 hours or when the server restarts,
/// whichever comes first. It gives the same access as the token that `server` uses.
fn for_a_player(http: &Transport, server: &MediaServer) -> Result<TransientToken, Box<dyn Error>> {
    Ok(http.send(server.transient_token(TokenType::Delegation, Scope::All))?)
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::{Which, Who};

use crate::harness::{Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let name = harness.server.with(|fake| fake.server(Which::Claimed).name().to_owned());
    let server = open(&http, &plex_tv, &harness.token(Who::PlexPass)?, &name)?;
    println!("{name} at {}", server.url());
    let transient = for_a_player(&http, &server)?;
    let with_it =
        MediaServer::new(plex_tv.identity().clone(), server.url().clone(), transient.token);
    let root = http.send(with_it.root())?;
    println!("a player has access to {}", root.friendly_name.as_deref().unwrap_or_default());
    assert_eq!(root.friendly_name, Some(name));
    Ok(())
}
