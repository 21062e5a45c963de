//! A program that shows which account a token belongs to, with tests that need no account and no
//! network.
//!
//! `cargo test -p plex-auth-fake --example tested_program` runs the tests. The program reads the
//! client identifier from the file `client-identifier` and the token from standard input. Usage:
//! `tested_program https://plex.tv/api/v2`.

#![allow(clippy::print_stdout, reason = "a program prints")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails where it panics"))]

use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::process::ExitCode;

use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};

/// Returns a sentence that describes the token. Tests can call this function with a `PlexTv` that
/// points to a fake.
fn describe(plex_tv: &PlexTv, token: &str) -> Result<String, Box<dyn Error>> {
    Ok(match Transport::new().send(plex_tv.token_details(&Token::new(token)?)) {
        Ok(account) => {
            format!("The token belongs to {}.", account.title.as_deref().unwrap_or("an account"))
        }
        Err(error) if error.is_token_invalid() => "The token is invalid: sign in again.".to_owned(),
        Err(error) if error.is_retryable() => "Plex cannot be reached: try later.".to_owned(),
        Err(error) => return Err(error.into()),
    })
}

fn run(url: &str) -> Result<String, Box<dyn Error>> {
    let identifier = fs::read_to_string("client-identifier")?;
    let me = ClientIdentity::builder(identifier.trim()).product("Example Player").build()?;
    let mut token = String::new();
    io::stdin().read_to_string(&mut token)?;
    describe(&PlexTv::at(me, url.parse()?), &token)
}

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        println!("usage: tested_program URL-OF-PLEX-TV, with the token on standard input");
        return ExitCode::SUCCESS;
    };
    match run(&url) {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use plex_auth_fake::{FakePlex, Misbehavior, Server, Who};
    use plex_auth_ureq::{ClientIdentity, PlexTv};

    use super::describe;

    /// Returns a fake, a `PlexTv` for it, and the token of one of its accounts.
    fn harness() -> (Server, PlexTv, String) {
        let plex = Server::http(FakePlex::new());
        let me = ClientIdentity::builder("a-test").build().unwrap();
        let plex_tv = PlexTv::at(me, format!("{}/api/v2", plex.url()).parse().unwrap());
        let token = plex.with(|plex| plex.account(Who::PlexPass).token().to_owned());
        (plex, plex_tv, token)
    }

    #[test]
    fn valid_token_belongs_to_its_account() {
        let (plex, plex_tv, token) = harness();
        assert_eq!(describe(&plex_tv, &token).unwrap(), "The token belongs to rosa.");
        plex.with(|plex| assert_eq!(plex.seen("GET", "/user"), 1));
    }

    #[test]
    fn token_of_a_removed_device_is_invalid() {
        let (plex, plex_tv, token) = harness();
        plex.with(|plex| plex.revoke(&token));
        assert_eq!(describe(&plex_tv, &token).unwrap(), "The token is invalid: sign in again.");
    }

    #[test]
    fn outage_says_nothing_about_a_token() {
        let (plex, plex_tv, token) = harness();
        let busy = Misbehavior::answer(503, "text/html", "<h1>Busy</h1>");
        plex.with(|plex| plex.misbehave("/user", busy));
        assert_eq!(describe(&plex_tv, &token).unwrap(), "Plex cannot be reached: try later.");
    }

    #[test]
    fn captive_portal_says_nothing_about_a_token() {
        let (plex, plex_tv, token) = harness();
        let page = Misbehavior::answer(200, "text/html", "<form>Room number?</form>");
        plex.with(|plex| plex.misbehave("/user", page));
        assert_eq!(describe(&plex_tv, &token).unwrap(), "Plex cannot be reached: try later.");
    }

    #[test]
    fn impossible_token_is_not_sent() {
        let (plex, plex_tv, _) = harness();
        describe(&plex_tv, "two words").unwrap_err();
        plex.with(|plex| assert!(plex.requests().is_empty()));
    }
}
