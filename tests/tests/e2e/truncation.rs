//! Bodies that end with the connection: complete over plain HTTP, and over TLS only if the server says so.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use plex_auth_fake::{Authority, ServerCertificate};
use plex_auth_proto::Token;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RawServer, Step};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::harness::{plex_tv_at, transport_error, write};

const RESPONSE: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"id\":1,\"authToken\":\"abc\"}";

/// A server for one connection, which ends it after the response, with or without a `close_notify`.
fn tls_server(certificate: ServerCertificate, close_notify: bool) -> String {
    let (certificate, key) = certificate.into_parts();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || -> io::Result<()> {
        let (stream, _) = listener.accept()?;
        let connection = ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
            head.extend(byte);
        }
        stream.write_all(RESPONSE.as_bytes())?;
        if close_notify {
            stream.conn.send_close_notify();
        }
        stream.flush()
    });
    url
}

#[test]
fn tls_body_without_close_notify_is_cut_off() {
    let authority = Authority::new();
    for close_notify in [true, false] {
        let url = tls_server(authority.good(), close_notify);
        let carrier = Carrier::hyper(Some(authority.root_der()));
        let call = plex_tv_at(&url).token_details(&Token::new("abc").unwrap());
        match carrier.send(call) {
            Ok(account) => assert!(close_notify && account.id == Some(1)),
            Err(error) => {
                assert!(!close_notify, "{error}");
                let error = transport_error(&error);
                assert_eq!(error.kind(), TransportErrorKind::CutOff);
                assert!(error.may_have_been_sent());
            }
        }
    }
}

#[test]
fn plain_body_ends_with_the_connection() {
    let server = RawServer::start(vec![write(RESPONSE), Step::Close]);
    let call = plex_tv_at(&server.url()).token_details(&Token::new("abc").unwrap());
    assert_eq!(Carrier::hyper(None).send(call).unwrap().id, Some(1));
}
