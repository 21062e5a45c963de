//! The clients that the benchmark compares.
//!
//! The baselines are reasonable hand-written code that uses ureq or hyper-util's pooled client.
//! They build the request from strings, read the whole body, check the status, and parse a strict
//! struct. They support TLS, like the library's transports, but lack the transports' retries and
//! error reports. The hyper baseline also has no deadline, and does not limit the body's size while
//! reading it.
//!
//! There are two ureq baselines: one with a timeout, which a program needs if it must not wait
//! indefinitely, and one without, which is ureq's default. With any timeout, ureq resolves the name
//! on a separate thread for each call, even if the call reuses a connection.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use plex_auth_hyper::Transport as HyperTransport;
use plex_auth_proto::{ClientIdentity, PlexTv, Token};
use plex_auth_ureq::{Transport as UreqTransport, ureq};
use rustls::{ClientConfig, RootCertStore};

use plex_auth_baseline::account::Account;
use plex_auth_baseline::answer::read;
use plex_auth_baseline::request::Requests;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    OurUreq,
    BareUreq,
    BareUreqUnlimited,
    OurHyper,
    BareHyper,
}

impl Client {
    const ALL: [Self; 5] =
        [Self::OurUreq, Self::BareUreq, Self::BareUreqUnlimited, Self::OurHyper, Self::BareHyper];

    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|client| client.name() == name).expect("a client")
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OurUreq => "our-ureq",
            Self::BareUreq => "bare-ureq",
            Self::BareUreqUnlimited => "bare-ureq-unlimited",
            Self::OurHyper => "our-hyper",
            Self::BareHyper => "bare-hyper",
        }
    }
}

/// A call that requests the token details and blocks until they arrive.
pub(crate) type Blocking = Box<dyn Fn() + Send + Sync>;

/// The asynchronous form of [`Blocking`].
pub(crate) type Async = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Returns a call that blocks the thread it runs on. A hyper call has its own runtime, which runs
/// on that thread.
pub(crate) fn blocking(client: Client, url: &str) -> Blocking {
    match client {
        Client::OurUreq => our_ureq(url),
        Client::BareUreq => bare_ureq(url, Some(Duration::from_secs(30))),
        Client::BareUreqUnlimited => bare_ureq(url, None),
        Client::OurHyper | Client::BareHyper => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let (runtime, call) = (runtime.expect("a runtime"), asynchronous(client, url));
            Box::new(move || runtime.block_on(call()))
        }
    }
}

/// Returns a hyper call that runs in the caller's runtime.
pub(crate) fn asynchronous(client: Client, url: &str) -> Async {
    match client {
        Client::OurHyper => our_hyper(url),
        Client::BareHyper => bare_hyper(url),
        _ => unreachable!("ureq waits"),
    }
}

fn ours(url: &str) -> (PlexTv, Token) {
    let Requests { identifier, product, version, platform, device, token, .. } =
        Requests::at(url, url);
    let identity = ClientIdentity::builder(identifier).product(product).version(version);
    let identity = identity.platform(platform).device(device).build().expect("an identity");
    (PlexTv::at(identity, url.parse().expect("a URL")), Token::new(token).expect("a token"))
}

fn our_ureq(url: &str) -> Blocking {
    let (plex_tv, token) = ours(url);
    let transport = UreqTransport::new();
    Box::new(move || {
        black_box(transport.send(plex_tv.token_details(&token)).expect("an account"));
    })
}

fn bare_ureq(url: &str, limit: Option<Duration>) -> Blocking {
    let asking = Requests::at(url, url);
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(limit);
    let agent = config.build().new_agent();
    Box::new(move || {
        let request = asking.token_details().map(drop);
        let (head, mut body) = agent.run(request).expect("an answer").into_parts();
        let body = body.read_to_vec().expect("a body");
        let answer = http::Response::from_parts(head, body);
        black_box(read::<Account>(&answer).expect("an account"));
    })
}

fn our_hyper(url: &str) -> Async {
    let (plex_tv, token) = ours(url);
    let transport = HyperTransport::new();
    Arc::new(move || {
        let account = transport.send(plex_tv.token_details(&token));
        Box::pin(async {
            black_box(account.await.expect("an account"));
        })
    })
}

fn bare_hyper(url: &str) -> Async {
    let asking = Requests::at(url, url);
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    let client = legacy::Client::builder(TokioExecutor::new())
        .build::<_, Empty<Bytes>>(connector.enable_http1().build());
    Arc::new(move || {
        let answer = client.request(asking.token_details().map(|_| Empty::new()));
        Box::pin(async {
            let (head, body) = answer.await.expect("an answer").into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let answer = http::Response::from_parts(head, body);
            black_box(read::<Account>(&answer).expect("an account"));
        })
    })
}
