//! Checks tokens that other programs send, and caches the results.
//!
//! Use this for a service to which users authenticate with their Plex token. There are three
//! results: valid, invalid and unknown. Unknown is not a reason to sign a user out. A token that is
//! treated as valid may have been invalid for up to `FRESH`, or for up to `STALE` during an outage.
//! To check access to a particular server, use `server_access` instead of `token_check`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use plex_auth_ureq::flow::TokenState;
use plex_auth_ureq::{PlexTv, Token, Transport};
use ring::digest::{SHA256, digest};

/// The maximum age at which the cached result for a valid token is used without checking the token
/// again.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// The maximum age at which the cached result for a valid token is used if the token cannot be
/// checked.
const STALE: Duration = Duration::from_secs(60 * 60);

/// The pause after an error, if the flow does not say how long to wait.
const PAUSE: Duration = Duration::from_secs(60);

/// The service, with the cached results. A real service would be behind a lock, and would remove
/// entries older than [`STALE`].
struct TokenService {
    http: Transport,
    plex_tv: PlexTv,
    /// The account's ID, or `None` if the token is invalid, and the time of the check. The key is
    /// the token's digest, so that the map contains no secret.
    known: HashMap<Vec<u8>, (Option<u64>, Instant)>,
    /// The end of the pause after the last failed request, or `None` if no request has failed. The
    /// pause applies to all tokens, because a rate limit applies to the service, not to a token.
    paused_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// Valid, with the ID of the account.
    Valid(u64),
    /// Invalid according to Plex: the user must sign in again.
    Invalid,
    /// Unknown. Respond with 503, and send this duration as `Retry-After`.
    Unknown(Duration),
}

impl TokenService {
    fn check(&mut self, token: &Token, now: Instant) -> Verdict {
        let digest = digest(&SHA256, token.expose().as_bytes()).as_ref().to_vec();
        let known = self.known.get(&digest).map(|(account, since)| (*account, now - *since));
        match known {
            // An invalid token never becomes valid again.
            Some((None, _)) => return Verdict::Invalid,
            Some((Some(account), age)) if age < FRESH => return Verdict::Valid(account),
            _ => {}
        }
        let pause = self.paused_until.map(|until| until.saturating_duration_since(now));
        let wait = match pause.filter(|pause| !pause.is_zero()) {
            Some(pause) => pause,
            None => match self.request(token) {
                Ok(account) => {
                    self.known.insert(digest, (account, now));
                    return account.map_or(Verdict::Invalid, Verdict::Valid);
                }
                Err(wait) => {
                    self.paused_until = Some(now + wait);
                    wait
                }
            },
        };
        match known {
            Some((Some(account), age)) if age < STALE => Verdict::Valid(account),
            _ => Verdict::Unknown(wait),
        }
    }

    /// Returns the ID of the token's account, or `None` if the token is invalid. The error is the
    /// time to wait.
    fn request(&self, token: &Token) -> Result<Option<u64>, Duration> {
        // The default of one minute is too long for a waiting caller.
        let check = self.plex_tv.token_check(token).timeout(Duration::from_secs(3));
        match self.http.drive(&mut { check }) {
            Some(TokenState::Valid(account)) => account.id.map(Some).ok_or(PAUSE),
            Some(TokenState::Invalid(_)) => Ok(None),
            Some(TokenState::Unknown { retry_in, .. }) => Err(retry_in.unwrap_or(PAUSE)),
            _ => Err(PAUSE),
        }
    }
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::{Misbehavior, Who};

use crate::harness::{Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let mut service = TokenService {
        http: Transport::new(),
        plex_tv: harness.plex_tv()?,
        known: HashMap::new(),
        paused_until: None,
    };
    let (token, other) = (harness.token(Who::PlexPass)?, harness.token(Who::Free)?);
    let start = Instant::now();
    let after = |minutes: u64| start + Duration::from_secs(60 * minutes);
    let requests = || harness.seen("GET", "/user");

    let valid = service.check(&token, start);
    assert!(matches!(valid, Verdict::Valid(_)));
    assert_eq!((service.check(&token, after(4)), requests()), (valid, 1));
    // A refusal on a pooled connection is confirmed on another connection, so this check takes two
    // requests.
    assert_eq!(service.check(&Token::new("a-token-of-nobody")?, start), Verdict::Invalid);

    let limit = Misbehavior::answer(429, "application/json", r#"{"errors":[{"code":1003}]}"#);
    harness.server.with(|fake| fake.misbehave("/user", limit.header("retry-after", "120")));
    // A token that was valid still counts as valid. Others are unknown, and nothing more is sent.
    assert_eq!((service.check(&token, after(6)), requests()), (valid, 4));
    let unknown = service.check(&other, after(7));
    println!("{valid:?}; another token at the rate limit: {unknown:?}");
    assert_eq!((unknown, requests()), (Verdict::Unknown(Duration::from_secs(60)), 4));

    harness.server.with(|fake| {
        fake.behave();
        fake.revoke(token.expose());
    });
    assert!(matches!(service.check(&other, after(9)), Verdict::Valid(_)));
    assert_eq!(service.check(&token, after(9)), Verdict::Invalid);
    Ok(())
}
