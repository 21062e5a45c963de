//! Tests of a program of one's own, with the fake in Plex's place.

use plex_auth_fake::{Delivery, FakePlex, Misbehaviour, Server, Who};
use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};

/// The program under test. What makes it testable is that it is handed its `PlexTv`.
fn greeting(http: &Transport, plex_tv: &PlexTv, token: &Token) -> String {
    match http.send(plex_tv.token_details(token)) {
        Ok(account) => format!("hello {}", account.username.unwrap_or_default()),
        Err(error) if error.is_token_invalid() => "please sign in again".to_owned(),
        Err(error) if error.is_retryable() => "Plex is not there; trying later".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// In a test of yours this is a `#[test]`.
fn it_says_what_there_is_to_do() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Server::http(FakePlex::new());
    let me = ClientIdentity::builder("a-test").build()?;
    let plex_tv = PlexTv::at(me, format!("{}/api/v2", fake.url()).parse()?);
    let http = Transport::new();
    let token = Token::new(fake.with(|plex| plex.account(Who::Free).token().to_owned()))?;
    assert_eq!(greeting(&http, &plex_tv, &token), "hello tariq");

    // An outage, twice: a gateway's page, and a connection that is closed.
    let page = Misbehaviour::answer(502, "text/html", "<html>Bad Gateway</html>");
    for last_error in [page, Misbehaviour::deliver(Delivery::CloseUnanswered)] {
        fake.with(|plex| plex.misbehave("/user", last_error));
        assert_eq!(greeting(&http, &plex_tv, &token), "Plex is not there; trying later");
        fake.with(FakePlex::behave);
    }

    // Signed out somewhere else.
    fake.with(|plex| plex.revoke(token.expose()));
    assert_eq!(greeting(&http, &plex_tv, &token), "please sign in again");

    // And what did it send?
    let path = fake.with(|plex| plex.requests().last().map(|seen| seen.path().to_owned()));
    assert_eq!(path.as_deref(), Some("/api/v2/user"));
    Ok(())
}

// Played.

use crate::harness::Outcome;

pub(crate) fn play() -> Outcome {
    it_says_what_there_is_to_do()?;
    println!("the program says what there is to do");
    Ok(())
}
