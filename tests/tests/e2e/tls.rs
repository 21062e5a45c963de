//! Responses over TLS that end in different ways, and handshakes that are cut off.

use plex_auth_proto::Token;
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RawServer, Step, TlsEnd, TlsServer, in_parallel};

use crate::harness::{plex_tv_at, transport_error, write};

/// A response whose body ends when the connection closes.
const RESPONSE: &str = "HTTP/1.1 200 OK\r\n\r\n{\"id\":1,\"authToken\":\"abc\"}";

#[test]
fn body_without_close_notify_is_cut_off() {
    for (end, is_complete) in
        [(TlsEnd::CloseNotify, true), (TlsEnd::Close, false), (TlsEnd::Reset, false)]
    {
        let server = TlsServer::start(RESPONSE, end);
        let root = Some(server.root_der());
        in_parallel([Carrier::ureq(root.clone()), Carrier::hyper(root)], |carrier| {
            let call = plex_tv_at(&server.url()).token_details(&Token::new("abc").unwrap());
            let context = format!("{} {end:?}", carrier.name());
            match carrier.send(call) {
                Ok(account) => assert!(is_complete && account.id == Some(1), "{context}"),
                Err(error) => {
                    let found = transport_error(&error);
                    assert!(!is_complete, "{context}: {error}");
                    assert_eq!(found.kind(), TransportErrorKind::CutOff, "{context}");
                    assert!(found.may_have_been_sent(), "{context}");
                }
            }
        });
    }
}

#[test]
fn refusal_cut_off_before_its_body_proves_nothing() {
    for response in
        ["HTTP/1.1 401 No\r\n\r\n", "HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n"]
    {
        for (end, is_cut_off) in
            [(TlsEnd::CloseNotify, response.contains("chunked")), (TlsEnd::Reset, true)]
        {
            let server = TlsServer::start(response, end);
            let root = Some(server.root_der());
            in_parallel([Carrier::ureq(root.clone()), Carrier::hyper(root)], |carrier| {
                let call = plex_tv_at(&server.url()).token_details(&Token::new("abc").unwrap());
                let error = carrier.send(call).unwrap_err();
                let context = format!("{} {end:?} {response:?}: {error}", carrier.name());
                assert_eq!(error.is_token_invalid(), !is_cut_off, "{context}");
                assert_eq!(error.is_retryable(), is_cut_off, "{context}");
            });
        }
    }
}

#[test]
fn plain_text_after_the_handshake_is_a_tls_error() {
    for head in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"] {
        let server = TlsServer::start(head, TlsEnd::PlainText);
        let carrier = Carrier::hyper(Some(server.root_der()));
        let call = plex_tv_at(&server.url()).token_details(&Token::new("abc").unwrap());
        let error = carrier.send(call).unwrap_err();
        let found = transport_error(&error);
        assert_eq!(found.kind(), TransportErrorKind::Tls(TlsErrorKind::Other), "{head}");
        assert!(found.may_have_been_sent(), "{head}");
    }
}

#[test]
fn plain_body_ends_with_the_connection() {
    for carrier in Carrier::transports() {
        let server = RawServer::start(vec![write(RESPONSE), Step::Close]);
        let call = plex_tv_at(&server.url()).token_details(&Token::new("abc").unwrap());
        assert_eq!(carrier.send(call).unwrap().id, Some(1), "{}", carrier.name());
    }
}

#[test]
fn reset_in_the_handshake_sends_nothing() {
    for step in [Step::Reset, Step::Close] {
        for carrier in Carrier::transports() {
            // The server sends part of a handshake record, then ends the connection.
            let server = RawServer::unasked(vec![write("\u{16}\u{3}\u{3}"), step.clone()]);
            let url = server.url().replace("http:", "https:");
            let call = plex_tv_at(&url).token_details(&Token::new("abc").unwrap());
            let error = carrier.send(call).unwrap_err();
            let context = format!("{} {step:?}", carrier.name());
            let found = transport_error(&error);
            let interrupted = TransportErrorKind::Tls(TlsErrorKind::Interrupted);
            assert_eq!(found.kind(), interrupted, "{context}");
            assert!(!found.may_have_been_sent(), "{context}");
        }
    }
}
