//! The token sources of both transports.

use std::time::Duration;

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_proto::http::Request;
use plex_auth_proto::{Call, Host, MediaServer, Token};

use crate::harness::identity;

mod tasks;
mod threads;

/// The time after which a test counts as hanging, even on a loaded machine.
const WATCHDOG: Duration = Duration::from_secs(60);

/// plex.tv's response to a token that it does not know.
const INVALID: &str = r#"{"errors":[{"code":1001,"message":"User could not be authenticated"}]}"#;

fn server() -> Server {
    Server::http(FakePlex::new())
}

/// Returns the claimed media server, with its owner's token.
fn media_server(fake: &mut FakePlex, url: &str) -> MediaServer {
    let account = Token::new(fake.account(Who::PlexPass).token()).unwrap();
    MediaServer::new(identity(), url.parse().unwrap(), account)
}

/// Returns a custom call, which is not idempotent.
fn own_call(url: &str, host: Host, token: &Token) -> Call<()> {
    let request = Request::post(format!("{url}/own")).header("x-plex-token", token);
    Call::status_only("own", request.body(()).unwrap()).host(host)
}

#[test]
fn token_sources_can_be_shared() {
    fn shared<T: Clone + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    shared::<plex_auth_ureq::TokenSource>();
    shared::<plex_auth_hyper::TokenSource>();
}
