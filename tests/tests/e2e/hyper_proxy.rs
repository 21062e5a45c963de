//! Proxy errors from a client that the caller built, with each of hyper-util's proxy connectors.

use std::sync::Arc;

use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plex_auth_hyper::{RequestBody, Transport};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::HeaderValue;
use plex_auth_proto::{Credentials, Error};
use plex_auth_tests::carrier::runtime;
use plex_auth_tests::{RawServer, Step, in_parallel};
use rustls::{ClientConfig, RootCertStore};

use crate::harness::{plex_tv_at, transport_error, unused_url, write, write_response};

fn sign_in_over(connector: impl Connect + Clone + Send + Sync + 'static, url: &str) -> Error {
    let client = Client::builder(TokioExecutor::new()).build::<_, RequestBody>(connector);
    let transport = Transport::over(client, TokioTimer::new());
    let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
    let call = plex_tv_at(url).sign_in(&credentials);
    runtime().block_on(transport.send(call)).unwrap_err()
}

/// Wraps a proxy's connector, so that TLS to the server goes through the proxy.
fn with_tls<C>(proxy: C) -> HttpsConnector<C> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    HttpsConnector::from((proxy, tls))
}

fn assert_is_proxy(error: &Error, context: &str) {
    let found = transport_error(error);
    assert_eq!(found.kind(), TransportErrorKind::Proxy, "{context}: {error}");
    assert!(!found.may_have_been_sent(), "{context}: {error}");
    assert!(!format!("{error} {error:?}").contains("pr0xy"), "{context}: {error}");
}

#[test]
fn failing_tunnel_is_a_proxy_error() {
    let page = "<html>rosa:pr0xy-pa55</html>";
    let mut scripts = vec![vec![Step::Close], vec![Step::Reset]];
    for status in ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"] {
        scripts.push(vec![write_response(status, page), Step::Close]);
    }
    scripts.push(vec![write("SSH-2.0-OpenSSH_9.9\r\n"), Step::Close]);
    scripts.push(vec![write(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(9000))), Step::Close]);
    let proxies: Vec<_> = scripts.into_iter().map(RawServer::start).collect();
    in_parallel(proxies.iter().map(RawServer::url).chain([unused_url()]), |url| {
        let tunnel = Tunnel::new(url.parse().unwrap(), HttpConnector::new())
            .with_auth(HeaderValue::from_static("Basic pr0xy-pa55"));
        assert_is_proxy(&sign_in_over(tunnel.clone(), "http://plex.example:80"), &url);
        assert_is_proxy(&sign_in_over(with_tls(tunnel), "https://plex.example"), &url);
    });
}

#[test]
fn failing_socks_proxy_is_a_proxy_error() {
    let proxies = [
        RawServer::unasked(vec![Step::Close]),
        RawServer::unasked(vec![write("\u{5}\u{7f}"), Step::Close]),
        RawServer::unasked(vec![write("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Close]),
    ];
    in_parallel(proxies.iter().map(RawServer::url).chain([unused_url()]), |url| {
        let proxy = url.parse().unwrap();
        let v5 = SocksV5::new(proxy, HttpConnector::new());
        assert_is_proxy(&sign_in_over(v5.clone(), "http://127.0.0.1:1"), &url);
        assert_is_proxy(&sign_in_over(with_tls(v5), "https://127.0.0.1:1"), &url);
        let v4 = SocksV4::new(url.parse().unwrap(), HttpConnector::new());
        assert_is_proxy(&sign_in_over(v4, "http://127.0.0.1:1"), &url);
    });
}

/// After the tunnel is established, errors are not attributed to the proxy.
#[test]
fn errors_after_the_tunnel_are_not_the_proxys() {
    let established = || write("HTTP/1.1 200 Connection established\r\n\r\n");
    let proxy = RawServer::start(vec![established(), Step::AwaitRequest, Step::Close]);
    let tunnel = Tunnel::new(proxy.url().parse().unwrap(), HttpConnector::new());
    let error = sign_in_over(tunnel, "http://plex.example:80");
    let error = transport_error(&error);
    assert_eq!(error.kind(), TransportErrorKind::CutOff);
    assert!(error.may_have_been_sent());
}
