//! A call to an endpoint that this crate does not cover, and a test of a program that uses the
//! call. The test opens no socket.
//!
//! Run it with `cargo run -p plex-auth-proto --example own_call`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "this is an example")]

use plex_auth_proto::http::{Method, Response};
use plex_auth_proto::{Call, ClientIdentity, Error, Host, PlexTv, Token};
use serde::Deserialize;

#[derive(Deserialize)]
struct Webhook {
    url: String,
}

/// Creates a call for `GET {plex.tv}/user/webhooks`, which lists the webhooks of the account.
fn webhooks(
    plex_tv: &PlexTv,
    token: &Token,
) -> Result<Call<Vec<Webhook>>, Box<dyn std::error::Error>> {
    let request = plex_tv
        .request(Method::GET, "/user/webhooks")
        .header("X-Plex-Token", token)
        .body(Vec::new())?;
    Ok(Call::json("getWebhooks", request).host(Host::PlexTv).idempotent(true))
}

/// The program under test. Its transport is a function that sends a call.
fn report(
    call: Call<Vec<Webhook>>,
    send: impl FnOnce(Call<Vec<Webhook>>) -> Result<Vec<Webhook>, Error>,
) -> String {
    match send(call) {
        Ok(webhooks) => webhooks.iter().map(|webhook| format!("{}\n", webhook.url)).collect(),
        Err(error) if error.is_token_invalid() => "please sign in again".to_owned(),
        Err(_) => "please try later".to_owned(),
    }
}

/// Returns a transport that returns a fixed response.
fn canned<T>(status: u16, body: &'static str) -> impl FnOnce(Call<T>) -> Result<T, Error> {
    move |call| {
        let (_request, reply) = call.into_parts();
        let mut response = Response::new(body);
        *response.status_mut() = status.try_into().expect("a status");
        Ok(reply.parse(&response)?)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plex_tv = PlexTv::new(ClientIdentity::builder("a-test").build()?);
    let token = Token::new("a-token")?;
    for (status, body, expected) in [
        (200, r#"[{"url":"https://example.com/played"}]"#, "https://example.com/played\n"),
        (401, r#"{"errors":[{"code":1001}]}"#, "please sign in again"),
        // A page from a proxy or captive portal does not mean that the token is invalid.
        (401, "<html>401 Unauthorized</html>", "please try later"),
        (502, "<html>502 Bad Gateway</html>", "please try later"),
    ] {
        let report = report(webhooks(&plex_tv, &token)?, canned(status, body));
        println!("{status}: {report}");
        assert_eq!(report, expected);
    }
    Ok(())
}
