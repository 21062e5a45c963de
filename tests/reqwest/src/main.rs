//! Over reqwest, for a program that has such a client already: `cargo run --manifest-path tests/reqwest/Cargo.toml`

use std::pin::Pin;
use std::task::{Context, Poll};

use plex_auth_hyper::RequestBody;
use plex_auth_hyper::http::{Request, Response};
use tower_service::Service;

/// reqwest's client as what [`Transport::over`](plex_auth_hyper::Transport::over) takes. Time and size are bounded
/// there, and an answer is read as every other.
#[derive(Clone)]
struct Reqwest(reqwest::Client);

impl Reqwest {
    /// A client that follows no redirect, and must not: it would send `X-Plex-Token` along to another host. Nor
    /// does it send anything again by itself, which could sign in twice.
    fn new(builder: reqwest::ClientBuilder) -> reqwest::Result<Self> {
        let client = builder.redirect(reqwest::redirect::Policy::none());
        client.retry(reqwest::retry::never()).build().map(Self)
    }
}

impl Service<Request<RequestBody>> for Reqwest {
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = reqwest::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<reqwest::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = request.map(reqwest::Body::wrap).try_into()?;
            // Its errors show URLs, and some of Plex's hold a secret.
            let answer = client.execute(request).await.map_err(reqwest::Error::without_url)?;
            Ok(answer.into())
        })
    }
}

// Played at the fake.

use std::error::Error;

use hyper_util::rt::TokioTimer;
use plex_auth_hyper::{ClientIdentity, Credentials, PlexTv, Token, Transport};
use plex_auth_fake::{Authority, FakePlex, Misbehaviour, Server, Who};

fn main() -> Result<(), Box<dyn Error>> {
    // A program that uses reqwest's default features has a provider already.
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().map_err(|_| "there is a provider already")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(play())
}

async fn play() -> Result<(), Box<dyn Error>> {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let root = reqwest::Certificate::from_der(&authority.root_der())?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
    let http = Transport::over(Reqwest::new(client)?, TokioTimer::new());

    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    let plex_tv = PlexTv::at(me, format!("{}/api/v2", server.url()).parse()?);
    let credentials = Credentials::new("rosa", "nine kites & a lantern")?;
    let signed_in = http.send(plex_tv.sign_in(&credentials)).await?;
    println!("signed in as {}", signed_in.account.username.as_deref().unwrap_or_default());

    // A flow goes over it as well.
    let state = http.drive(&mut plex_tv.token_check(&signed_in.auth_token)).await;
    assert!(matches!(state, plex_auth_hyper::flow::TokenState::Valid(_)), "{state:?}");

    // A redirect to another host is an answer, and nothing is sent there.
    let elsewhere = Server::http(FakePlex::new());
    let redirect = Misbehaviour::redirect(307, &format!("{}/user", elsewhere.url()));
    server.with(|fake| fake.misbehave("/user", redirect));
    let answer = http.send(plex_tv.token_details(&signed_in.auth_token)).await;
    let error = answer.err().ok_or("it is no account")?;
    println!("{error}");
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(307));

    server.with(FakePlex::behave);
    let token = Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned()))?;
    server.with(|fake| fake.revoke(token.expose()));
    let answer = http.send(plex_tv.token_details(&token)).await;
    assert!(answer.err().is_some_and(|error| error.is_token_invalid()));
    Ok(())
}
