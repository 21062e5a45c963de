//! Tests a program against a fake Plex: with a valid token, during outages, and with a revoked
//! token.
//!
//! Anything that takes days can be tested without a socket: `FakePlex::answer` takes the time as an
//! argument, and so does every flow. To test a program in another language, run the fake as a
//! server: `cargo run -p plex-auth-fake --features program`.

use plex_auth_fake::{Delivery, FakePlex, Misbehavior, Server, Who};
use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};

/// Stands in for the program under test. It is testable because it takes the `PlexTv` as an
/// argument.
fn greeting(http: &Transport, plex_tv: &PlexTv, token: &Token) -> String {
    match http.send(plex_tv.token_details(token)) {
        Ok(account) => format!("hello {}", account.username.unwrap_or_default()),
        Err(error) if error.is_token_invalid() => "please sign in again".to_owned(),
        Err(error) if error.is_retryable() => "please try again later".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Tests [`greeting`]. In your program, this is a `#[test]`.
fn greeting_depends_on_the_token() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Server::http(FakePlex::new());
    let me = ClientIdentity::builder("a-test").build()?;
    let plex_tv = PlexTv::at(me, format!("{}/api/v2", fake.url()).parse()?);
    let http = Transport::new();
    let token = Token::new(fake.with(|plex| plex.account(Who::Free).token().to_owned()))?;
    assert_eq!(greeting(&http, &plex_tv, &token), "hello tariq");

    // Two kinds of outage: a gateway's error page, and a connection that closes before the
    // response.
    let page = Misbehavior::answer(502, "text/html", "<html>Bad Gateway</html>");
    for outage in [page, Misbehavior::deliver(Delivery::CloseUnanswered)] {
        fake.with(|plex| plex.misbehave("/user", outage));
        assert_eq!(greeting(&http, &plex_tv, &token), "please try again later");
        fake.with(FakePlex::behave);
    }

    // The user has removed the device.
    fake.with(|plex| plex.revoke(token.expose()));
    assert_eq!(greeting(&http, &plex_tv, &token), "please sign in again");

    // The fake records the requests.
    let path = fake.with(|plex| plex.requests().last().map(|seen| seen.path().to_owned()));
    assert_eq!(path.as_deref(), Some("/api/v2/user"));
    Ok(())
}

// The rest of this file runs the recipe against a fake Plex.

use crate::harness::Outcome;

pub(crate) fn run() -> Outcome {
    greeting_depends_on_the_token()?;
    println!("the greeting depends on the token");
    Ok(())
}
