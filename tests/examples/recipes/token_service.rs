//! A service that is shown tokens and says whose they are, without asking Plex each time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use plex_auth_ureq::flow::TokenState;
use plex_auth_ureq::{PlexTv, Token, Transport};
use ring::digest::{SHA256, digest};

/// For how long Plex's word is taken without asking again.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// For how long a token that was alive is taken as alive where Plex cannot be asked.
const STALE: Duration = Duration::from_secs(60 * 60);

/// For how long Plex is left alone where it cannot be asked and does not say for how long.
const PAUSE: Duration = Duration::from_secs(60);

/// What is known of tokens. A real one has a lock around it, and forgets what is older than [`STALE`].
struct TokenService {
    http: Transport,
    plex_tv: PlexTv,
    /// By their digest, so that this map opens nothing: whose it is, or that it is dead, and since when.
    known: HashMap<Vec<u8>, (Option<u64>, Instant)>,
    /// Until when nobody asks, whatever the token: a rate limit is the service's, not the token's.
    quiet_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// Alive, and this account's.
    Valid(u64),
    /// Plex said so: let them sign in again.
    Invalid,
    /// Nobody can tell. It is no reason to sign anybody out: answer 503, with this as `Retry-After`.
    Unknown(Duration),
}

impl TokenService {
    fn check(&mut self, token: &Token, now: Instant) -> Verdict {
        let digest = digest(&SHA256, token.expose().as_bytes()).as_ref().to_vec();
        let known = self.known.get(&digest).map(|(whose, since)| (*whose, now - *since));
        match known {
            // A dead token never lives again.
            Some((None, _)) => return Verdict::Invalid,
            Some((Some(whose), age)) if age < FRESH => return Verdict::Valid(whose),
            _ => {}
        }
        let quiet = self.quiet_until.map(|until| until.saturating_duration_since(now));
        let wait = match quiet.filter(|quiet| !quiet.is_zero()) {
            Some(quiet) => quiet,
            None => match self.ask(token) {
                Ok(whose) => {
                    self.known.insert(digest, (whose, now));
                    return whose.map_or(Verdict::Invalid, Verdict::Valid);
                }
                Err(wait) => {
                    self.quiet_until = Some(now + wait);
                    wait
                }
            },
        };
        match known {
            Some((Some(whose), age)) if age < STALE => Verdict::Valid(whose),
            _ => Verdict::Unknown(wait),
        }
    }

    /// Asks Plex whose the token is; none where it is dead. The error is how long to wait.
    fn ask(&self, token: &Token) -> Result<Option<u64>, Duration> {
        // Whoever is waiting for us is not to wait for a minute.
        let check = self.plex_tv.token_check(token).timeout(Duration::from_secs(3));
        match self.http.drive(&mut { check }) {
            Some(TokenState::Valid(account)) => account.id.map(Some).ok_or(PAUSE),
            Some(TokenState::Invalid(_)) => Ok(None),
            Some(TokenState::Unknown { retry_in, .. }) => Err(retry_in.unwrap_or(PAUSE)),
            _ => Err(PAUSE),
        }
    }
}

// Played at the fake, by a clock of its own.

use plex_auth_fake::{Misbehaviour, Who};

use crate::harness::{Harness, Outcome};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let mut service = TokenService {
        http: Transport::new(),
        plex_tv: harness.plex_tv()?,
        known: HashMap::new(),
        quiet_until: None,
    };
    let (token, other) = (harness.token(Who::PlexPass)?, harness.token(Who::Free)?);
    let start = Instant::now();
    let after = |minutes: u64| start + Duration::from_secs(60 * minutes);
    let asked = || harness.seen("GET", "/user");

    let alive = service.check(&token, start);
    assert!(matches!(alive, Verdict::Valid(_)));
    assert_eq!((service.check(&token, after(4)), asked()), (alive, 1));
    // Plex's refusal on a kept connection is confirmed on another one: two requests.
    assert_eq!(service.check(&Token::new("nobodys")?, start), Verdict::Invalid);

    let limit = Misbehaviour::answer(429, "application/json", r#"{"errors":[{"code":1003}]}"#);
    harness.server.with(|fake| fake.misbehave("/user", limit.header("retry-after", "120")));
    // What was alive is; of the rest nobody can tell, and Plex is asked no more.
    assert_eq!((service.check(&token, after(6)), asked()), (alive, 4));
    let unknown = service.check(&other, after(7));
    println!("{alive:?}; at the rate limit, of another one: {unknown:?}");
    assert_eq!((unknown, asked()), (Verdict::Unknown(Duration::from_secs(60)), 4));

    harness.server.with(|fake| {
        fake.behave();
        fake.revoke(token.expose());
    });
    assert!(matches!(service.check(&other, after(9)), Verdict::Valid(_)));
    assert_eq!(service.check(&token, after(9)), Verdict::Invalid);
    Ok(())
}
