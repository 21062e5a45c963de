//! Sends calls and drives flows with reqwest. Run this example with
//! `cargo run --manifest-path tests/reqwest/Cargo.toml`.
//!
//! Use this for a program that already uses reqwest. This example is a separate workspace, so that
//! none of the library's crates depends on reqwest.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use plex_auth_proto::error::TransportErrorKind as Kind;
use plex_auth_proto::flow::{self, Now};
use plex_auth_proto::{Body, Call, Error, Flow, Outgoing, TransportError, http};
use reqwest::{Client, ClientBuilder, redirect, retry};

/// Builds a client that does not follow redirects, because a redirect could send the token to
/// another host. It does not retry requests, because a retry could sign in twice. It uses each
/// connection only once, so that no response can belong to a different request.
fn client(builder: ClientBuilder) -> reqwest::Result<Client> {
    builder.redirect(redirect::Policy::none()).retry(retry::never()).pool_max_idle_per_host(0).build()
}

async fn send<T>(client: &Client, call: Call<T>) -> Result<T, Error> {
    let (outgoing, reply) = call.into_outgoing();
    Ok(reply.parse(&fetch(client, outgoing).await?)?)
}

async fn drive<F: Flow>(client: &Client, flow: &mut F) -> Option<F::Output> {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let now = || Now::new(START.elapsed(), SystemTime::now());
    flow::drive_async(flow, |outgoing| fetch(client, outgoing), tokio::time::sleep, now).await
}

async fn fetch(client: &Client, mut out: Outgoing) -> Result<http::Response<Body>, TransportError> {
    let limit = out.deadline().unwrap_or(Duration::from_secs(30));
    let exchange = async {
        let mut request = reqwest::Request::try_from(out.take_request().map(Vec::from))?;
        *request.timeout_mut() = Some(limit);
        let mut found = client.execute(request).await?;
        let (most, mut body) = (out.body_limit(found.status(), found.headers()), Vec::new());
        while body.len() < most
            && let Some(chunk) = found.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(Body::from(body));
        *response.status_mut() = found.status();
        *response.headers_mut() = found.headers().clone();
        Ok::<_, reqwest::Error>(response)
    };
    exchange.await.map_err(|error| {
        let kind = if error.is_timeout() { Kind::TimedOut(limit) } else { Kind::Other };
        out.transport_error(kind, !error.is_connect())
    })
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::{Authority, Delivery, FakePlex, Misbehavior, Server, Who};
use plex_auth_proto::flow::TokenState;
use plex_auth_proto::{ClientIdentity, Credentials, PlexTv, Token};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A program that uses reqwest's default features already has a crypto provider.
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().map_err(|_| "a crypto provider is already installed")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let root = reqwest::Certificate::from_der(&authority.root_der())?;
    let client = client(Client::builder().no_proxy().tls_certs_only([root]))?;

    let me = ClientIdentity::builder("reqwest-example").product("Example Player").build()?;
    let plex_tv = PlexTv::at(me, format!("{}/api/v2", server.url()).parse()?);
    let credentials = Credentials::new("rosa", "nine kites & a lantern")?;
    let signed_in = send(&client, plex_tv.sign_in(&credentials)).await?;
    println!("signed in as {}", signed_in.account.username.as_deref().unwrap_or_default());
    let token = signed_in.auth_token;

    // Drive a flow, which waits and retries its request.
    let outage = Misbehavior::answer(502, "text/html", "<html>Bad Gateway</html>");
    server.with(|fake| fake.misbehave("/user", outage.times(1)));
    let state = drive(&client, &mut plex_tv.token_check(&token)).await;
    assert!(matches!(state, Some(TokenState::Valid(_))), "{state:?}");
    assert_eq!(server.with(|fake| fake.seen("GET", "/user")), 2);

    // A redirect to another host is returned as an error, and nothing is sent there.
    let elsewhere = Server::http(FakePlex::new());
    let redirect = Misbehavior::redirect(307, &format!("{}/user", elsewhere.url()));
    server.with(|fake| fake.misbehave("/user", redirect));
    let error = send(&client, plex_tv.token_details(&token))
        .await
        .err()
        .ok_or("the redirect was followed")?;
    println!("{error}");
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(307));

    // The limits on time and memory apply, and a connection that closes without a response is an
    // error.
    server.with(FakePlex::behave);
    let call = || plex_tv.token_details(&token);
    let large = send(&client, call().max_body_size(100))
        .await
        .err()
        .ok_or("a response above the limit was accepted")?;
    println!("{large}");
    assert!(large.as_response().is_some_and(|error| error.to_string().contains("100")), "{large}");
    for (delivery, kind) in [
        (Delivery::Never, Kind::TimedOut(Duration::from_millis(500))),
        (Delivery::CloseUnanswered, Kind::Other),
    ] {
        server.with(|fake| fake.misbehave("/user", Misbehavior::deliver(delivery).times(1)));
        let call = call().deadline(Duration::from_millis(500));
        let error = send(&client, call).await.err().ok_or("a response arrived")?;
        println!("{error}");
        let error = error.as_transport().ok_or("the error is not a transport error")?;
        assert_eq!((error.kind(), error.may_have_been_sent()), (kind, true));
    }

    let invalid = Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned()))?;
    server.with(|fake| fake.revoke(invalid.expose()));
    let error = send(&client, plex_tv.token_details(&invalid))
        .await
        .err()
        .ok_or("a revoked token was accepted")?;
    assert!(error.is_token_invalid(), "{error}");
    Ok(())
}
