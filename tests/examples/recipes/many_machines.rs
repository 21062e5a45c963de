//! Shares one account among many machines: one renews the token, the others read it.
//!
//! One machine has the device key and the saved state. If two machines renewed the token, they
//! would overwrite each other's state. If two machines signed in, the second login would invalidate
//! the first machine's token. A token expires after seven days and is renewed a day early, so the
//! machine that renews it can be down for a day.
//!
//! Plex does not publish its rate limits. Most 429 responses that clients have reported were to
//! requests for nonces, and each renewal needs a nonce. Flows obey `Retry-After`. To spread the
//! load, give each refresher a `jitter` derived from its machine's name, so that the jitter stays
//! the same after a restart. Check a token when a call has failed, not before each call.
//!
//! Alternatively, each machine can be a device with its own identifier, key and login. Such
//! machines are independent, but each must be linked once and has its own entry in the account's
//! list of devices. `cargo run --release -p plex-auth-tests --example fleet` simulates a million
//! such devices for a month.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plex_auth_ureq::{Call, Token, Transport};
use ring::digest::{SHA256, digest};

use crate::save::{save, saved_text};

/// The location of the current token. Here it is a file in a shared folder, but a secret store also
/// works. The device key is not stored there, because only one machine has it.
struct SharedToken(PathBuf);

impl SharedToken {
    /// Publishes a new token. Only the machine that renews the token calls this.
    fn publish(&self, token: &Token) -> std::io::Result<()> {
        save(&self.0, token.expose())
    }

    /// Returns the current token. Read it again for each call.
    fn read(&self) -> Result<Token, Box<dyn std::error::Error>> {
        let text = saved_text(&self.0)?.ok_or("no token has been published yet")?;
        Ok(Token::new(text)?)
    }
}

/// Sends a call with the shared token. If the token is invalid and a new token has been published
/// in the meantime, sends the call again with the new token. Does not sign in, because that would
/// invalidate the other machines' token, and does not renew the token, because only one machine has
/// the device key.
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

/// Returns a duration of at most `spread`, computed from a hash of the machine's name, so that the
/// machines do not all renew at the same time.
fn share_of(name: &str, spread: Duration) -> Duration {
    let hash = digest(&SHA256, name.as_bytes());
    let number =
        hash.as_ref().iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    spread.mul_f64(f64::from(number) / f64::from(u32::MAX))
}

// The rest of this file runs the recipe against a fake Plex.

use std::ops::ControlFlow;
use std::thread;

use plex_auth_fake::Who;
use plex_auth_ureq::PlexTv;

use crate::device_key::{device_key, keep_alive, log_in, refresher_of};
use crate::harness::{Folder, Harness, Outcome, now, random};

/// Acts as the machine that renews the token: publishes the saved token, renews it, and publishes
/// the new token.
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

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let (renewer, common) = (Folder::new("renewer")?, Folder::new("shared")?);
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let shared = SharedToken(common.path().join("token"));

    let key = device_key(renewer.path(), random()?)?;
    log_in(&http, &plex_tv, &key, renewer.path(), |pin| {
        harness.link(pin.pin().code.expose(), Who::PlexPass);
    })?;
    renew(&plex_tv, renewer.path(), &shared)?;

    let names = || {
        let request = || {
            let account = send_with(&http, &shared, |token| plex_tv.token_details(token));
            account.map(|account| account.title).map_err(|error| error.to_string())
        };
        thread::scope(|scope| {
            let machines: Vec<_> = (0..4).map(|_| scope.spawn(request)).collect();
            machines.into_iter().filter_map(|machine| machine.join().ok()).collect::<Vec<_>>()
        })
    };
    let all = names();
    println!("four machines: {all:?}");
    assert_eq!((all.len(), all.iter().all(Result::is_ok)), (4, true));

    // The token is revoked. The machines report that and do not sign in. The one that renews
    // publishes a new token.
    let revoked = shared.read()?;
    harness.server.with(|fake| fake.revoke(revoked.expose()));
    assert!(names().iter().all(Result::is_err));
    // Tokens that are issued in the same second are equal.
    let second = now();
    while now() == second {
        thread::sleep(Duration::from_millis(10));
    }
    renew(&plex_tv, renewer.path(), &shared)?;
    assert!(names().iter().all(Result::is_ok));
    assert_eq!(harness.seen("POST", "/pins"), 1, "there was one login");

    let spread = Duration::from_secs(3600);
    assert_eq!(share_of("a", spread), share_of("a", spread));
    let shares: Vec<_> = (0..100).map(|n| share_of(&format!("machine-{n}"), spread)).collect();
    assert!((0..4).all(|quarter| {
        let quarters = shares.iter().filter(|share| share.as_secs() / 900 == quarter);
        quarters.count() >= 10
    }));
    Ok(())
}
