//! Many machines, one account: one of them renews, the others read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plex_auth_ureq::{Call, Token, Transport};
use ring::digest::{SHA256, digest};

use crate::save::{save, saved_text};

/// Where the token of the day lies for all: here a file in a shared folder; a secret store does as well. The
/// device's key is not there: one machine alone has that.
struct SharedToken(PathBuf);

impl SharedToken {
    /// Said by the machine that renews, of each new token.
    fn publish(&self, token: &Token) -> std::io::Result<()> {
        save(&self.0, token.expose())
    }

    /// Read by all others, and by nobody for longer than a call takes.
    fn read(&self) -> Result<Token, Box<dyn std::error::Error>> {
        let text = saved_text(&self.0)?.ok_or("no token has been published yet")?;
        Ok(Token::new(text)?)
    }
}

/// Sends a call with the shared token. Where that is dead and another has been published meanwhile, once more.
/// No machine signs in or renews by itself: that would end the tokens of the others.
fn send_with<T>(
    http: &Transport,
    shared: &SharedToken,
    call: impl Fn(&Token) -> Call<T>,
) -> Result<T, Box<dyn std::error::Error>> {
    let token = shared.read()?;
    match http.send(call(&token)) {
        Err(error) if error.is_token_invalid() => {
            let newer = shared.read()?;
            if newer.expose() == token.expose() {
                return Err(error.into());
            }
            Ok(http.send(call(&newer))?)
        }
        outcome => Ok(outcome?),
    }
}

/// This machine's share of `spread`, so that not all do the same thing at the same time. It comes from a hash of
/// the machine's name, and so is always the same.
fn share_of(name: &str, spread: Duration) -> Duration {
    let hash = digest(&SHA256, name.as_bytes());
    let number =
        hash.as_ref().iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    spread.mul_f64(f64::from(number) / f64::from(u32::MAX))
}

// Played at the fake.

use std::ops::ControlFlow;
use std::thread;

use plex_auth_fake::Who;
use plex_auth_ureq::PlexTv;

use crate::device_key::{device_key, keep_alive, log_in, refresher_of};
use crate::harness::{Folder, Harness, Outcome, now, random};

/// The machine that renews, started again: it publishes what it has, and one token more.
fn renew(plex_tv: &PlexTv, folder: &Path, shared: &SharedToken) -> Outcome {
    let key = device_key(folder, random()?)?;
    let jitter = share_of("machine-1", Duration::from_secs(6 * 60 * 60));
    let mut refresher = refresher_of(plex_tv, &key, folder, jitter)?;
    if let Some(token) = refresher.token() {
        shared.publish(token)?;
    }
    refresher.renew_now();
    let mut published = Ok(());
    keep_alive(&Transport::new(), &mut refresher, folder, |token| {
        published = shared.publish(token);
        ControlFlow::Break(())
    })?;
    Ok(published?)
}

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let (renewer, common) = (Folder::new("renewer")?, Folder::new("common")?);
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let shared = SharedToken(common.path().join("token"));

    let key = device_key(renewer.path(), random()?)?;
    log_in(&http, &plex_tv, &key, renewer.path(), |pin| {
        harness.link(pin.pin().code.expose(), Who::PlexPass);
    })?;
    renew(&plex_tv, renewer.path(), &shared)?;

    let names = || {
        let ask = || {
            let account = send_with(&http, &shared, |token| plex_tv.token_details(token));
            account.map(|account| account.title).map_err(|error| error.to_string())
        };
        thread::scope(|scope| {
            let machines: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            machines.into_iter().filter_map(|machine| machine.join().ok()).collect::<Vec<_>>()
        })
    };
    let all = names();
    println!("four machines: {all:?}");
    assert_eq!((all.len(), all.iter().all(Result::is_ok)), (4, true));

    // The token dies. They say so, and sign in nowhere; the one that renews mends it.
    let dead = shared.read()?;
    harness.server.with(|fake| fake.revoke(dead.expose()));
    assert!(names().iter().all(Result::is_err));
    // Two tokens that are made in the same second are the same.
    let second = now();
    while now() == second {
        thread::sleep(Duration::from_millis(10));
    }
    renew(&plex_tv, renewer.path(), &shared)?;
    assert!(names().iter().all(Result::is_ok));
    assert_eq!(harness.seen("POST", "/pins"), 1, "one login, whatever happened");

    let spread = Duration::from_secs(3600);
    assert_eq!(share_of("a", spread), share_of("a", spread));
    let shares: Vec<_> = (0..100).map(|n| share_of(&format!("machine-{n}"), spread)).collect();
    assert!((0..4).all(|quarter| {
        let quarters = shares.iter().filter(|share| share.as_secs() / 900 == quarter);
        quarters.count() >= 10
    }));
    Ok(())
}
