//! Simplified media servers for clients with transient tokens. They answer like the fake, but use
//! much less memory, so that ten thousand of them can be simulated.

use std::collections::{HashMap, HashSet};

use plex_auth_fake::{FakePlex, Which, Who};
use plex_auth_proto::http::{Request, Response, StatusCode};
use plex_auth_proto::{ClientIdentity, MediaServer, Token};

use crate::network::{Service, plain};

/// A media server.
pub(crate) trait Server: Service {
    fn new() -> Self;

    /// Creates a token for an account that may use the server.
    fn account_token(&mut self) -> String;

    /// Makes this account token invalid.
    fn revoke(&mut self, token: &str);

    /// Restarts the server, which forgets its transient tokens.
    fn restart(&mut self);

    /// Returns whether the server accepts a transient token.
    fn is_opened_by(&mut self, token: &Token, now: u64) -> bool;
}

impl Server for FakePlex {
    fn new() -> Self {
        Self::new()
    }

    fn account_token(&mut self) -> String {
        self.issue_token(Who::PlexPass)
    }

    fn revoke(&mut self, token: &str) {
        Self::revoke(self, token);
    }

    fn restart(&mut self) {
        Self::restart(self, Which::Claimed);
    }

    fn is_opened_by(&mut self, token: &Token, now: u64) -> bool {
        let identity = ClientIdentity::builder("a-user").build().expect("an identity");
        let url = "http://server.example".parse().expect("a URL");
        let (request, reply) = MediaServer::new(identity, url, token.clone()).root().into_parts();
        reply.parse(&Service::answer(self, &request.map(Vec::from), now)).is_ok()
    }
}

/// The lifetime of a transient token, in seconds.
const LIFE: u64 = 48 * 60 * 60;

/// A simplified media server: the account tokens that it accepts, and its transient tokens.
#[derive(Debug)]
pub(crate) struct Attic {
    accounts: HashSet<String>,
    /// The transient tokens and their expiry times.
    transient: HashMap<String, u64>,
    made: u64,
}

impl Server for Attic {
    fn new() -> Self {
        Self { accounts: HashSet::new(), transient: HashMap::new(), made: 0 }
    }

    fn account_token(&mut self) -> String {
        let token = format!("account-token-{}", self.accounts.len());
        self.accounts.insert(token.clone());
        token
    }

    fn revoke(&mut self, token: &str) {
        self.accounts.remove(token);
    }

    fn restart(&mut self) {
        self.transient.clear();
    }

    fn is_opened_by(&mut self, token: &Token, now: u64) -> bool {
        self.transient.get(token.expose()).is_some_and(|ends| now < *ends)
    }
}

impl Service for Attic {
    fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        let token = request.headers().get("x-plex-token").and_then(|token| token.to_str().ok());
        if request.uri().path() != "/security/token" {
            return plain(StatusCode::NOT_FOUND, Vec::new());
        }
        if !token.is_some_and(|token| self.accounts.contains(token)) {
            return plain(StatusCode::UNAUTHORIZED, b"<html>401</html>".to_vec());
        }
        self.made += 1;
        let token = format!("transient-{:08}", self.made);
        let body = format!(r#"{{"MediaContainer":{{"size":0,"token":"{token}"}}}}"#);
        self.transient.insert(token, now + LIFE);
        plain(StatusCode::OK, body.into_bytes())
    }
}
