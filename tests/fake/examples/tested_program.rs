//! A program that tells whose a token is, and its tests, which need no account and no network.
//!
//! `cargo test -p plex-auth-fake --example tested_program` runs the tests; the program itself is asked
//! `tested_program https://plex.tv/api/v2`, with the token on its standard input.

#![allow(clippy::print_stdout, reason = "a program prints")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "so tests fail, and say where"))]

use std::io::{self, Read};
use std::process::ExitCode;

use plex_auth_ureq::{ClientIdentity, PlexTv, ServerUrl, Token, Transport};

/// The program but for what it reads and prints: a sentence about the token.
fn whose(plex_tv: &str, token: &str) -> Result<String, Box<dyn std::error::Error>> {
    let me = ClientIdentity::builder("1b7c0f0e-9a54-4d0c-8c5f-6a7c43b0a2f1").build()?;
    let plex_tv = PlexTv::at(me, plex_tv.parse::<ServerUrl>()?);
    Ok(match Transport::new().send(plex_tv.token_details(&Token::new(token)?)) {
        Ok(account) => format!("It is {}'s.", account.title.as_deref().unwrap_or("somebody")),
        Err(error) if error.is_token_invalid() => "It is dead: sign in again.".to_owned(),
        Err(error) if error.is_retryable() => "Nobody can say now: try later.".to_owned(),
        Err(error) => return Err(error.into()),
    })
}

fn main() -> ExitCode {
    let Some(plex_tv) = std::env::args().nth(1) else {
        println!("usage: tested_program URL-OF-PLEX-TV, the token on standard input");
        return ExitCode::SUCCESS;
    };
    let mut token = String::new();
    let said = io::stdin().read_to_string(&mut token).map_err(Into::into);
    match said.and_then(|_| whose(&plex_tv, &token)) {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use plex_auth_fake::{FakePlex, Misbehaviour, Server, Who};

    use super::whose;

    /// A fake, where its plex.tv is, and a token of somebody there.
    fn harness() -> (Server, String, String) {
        let plex = Server::http(FakePlex::new());
        let plex_tv = format!("{}/api/v2", plex.url());
        let token = plex.with(|plex| plex.account(Who::PlexPass).token().to_owned());
        (plex, plex_tv, token)
    }

    #[test]
    fn a_token_is_its_owners() {
        let (plex, plex_tv, token) = harness();
        assert_eq!(whose(&plex_tv, &token).unwrap(), "It is rosa's.");
        plex.with(|plex| assert_eq!(plex.seen("GET", "/user"), 1));
    }

    #[test]
    fn a_token_whose_device_was_removed_is_dead() {
        let (plex, plex_tv, token) = harness();
        plex.with(|plex| plex.revoke(&token));
        assert_eq!(whose(&plex_tv, &token).unwrap(), "It is dead: sign in again.");
    }

    #[test]
    fn an_outage_says_nothing_about_a_token() {
        let (plex, plex_tv, token) = harness();
        let busy = Misbehaviour::answer(503, "text/html", "<h1>Busy</h1>");
        plex.with(|plex| plex.misbehave("/user", busy));
        assert_eq!(whose(&plex_tv, &token).unwrap(), "Nobody can say now: try later.");
    }

    #[test]
    fn what_cannot_be_a_token_is_not_sent() {
        let (plex, plex_tv, _) = harness();
        whose(&plex_tv, "two words").unwrap_err();
        plex.with(|plex| assert!(plex.requests().is_empty()));
    }

    #[test]
    fn hotel_page_says_nothing_about_a_token() {
        let (plex, plex_tv, token) = harness();
        let page = Misbehaviour::answer(200, "text/html", "<form>Room number?</form>");
        plex.with(|plex| plex.misbehave("/user", page));
        assert_eq!(whose(&plex_tv, &token).unwrap(), "Nobody can say now: try later.");
    }
}
