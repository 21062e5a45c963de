//! Tests of the server over HTTPS.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;
use crate::Authority;

/// Connects to the server over TLS using this server name, and trusts only this authority.
fn connect_tls(
    server: &Server,
    authority: &Authority,
    name: &'static str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root_der().into()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let client =
        ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
    StreamOwned::new(client, super::connect(server))
}

fn exchange_in_tls(
    authority: &Authority,
    certificate: ServerCertificate,
    name: &'static str,
) -> io::Result<String> {
    let server = Server::https(FakePlex::new(), certificate);
    let token = server.with(|plex| plex.account(Who::Free).token().to_owned());
    let mut stream = connect_tls(&server, authority, name);
    let mut response = String::new();
    let exchanged =
        stream.write_all(&request(&token)).and_then(|()| stream.read_to_string(&mut response));
    assert_eq!(server.connections(), 1);
    exchanged.map(|_| response)
}

#[test]
fn https_works_by_name_and_by_address() {
    let authority = Authority::new();
    for name in ["localhost", "127.0.0.1"] {
        let response = exchange_in_tls(&authority, authority.good(), name).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    }
}

#[test]
fn an_invalid_certificate_is_rejected() {
    let authority = Authority::new();
    let problem = |certificate| {
        exchange_in_tls(&authority, certificate, "localhost").unwrap_err().to_string()
    };
    assert!(problem(authority.expired()).contains("expired"));
    assert!(problem(authority.wrong_name()).contains("not valid for name"));
    assert!(problem(Authority::new().good()).contains("UnknownIssuer"));
}

#[test]
fn a_response_in_tls_can_be_cut_off() {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let page = Misbehavior::answer(200, "text/plain", "0123456789");
    server.with(|plex| plex.misbehave("/user", page.delivered(Delivery::CutOff { after: 4 })));

    let mut stream = connect_tls(&server, &authority, "localhost");
    stream.write_all(&request("x")).unwrap();
    let mut response = Vec::new();
    let error = stream.read_to_end(&mut response).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(response.ends_with(b"\r\n\r\n0123"), "{}", String::from_utf8_lossy(&response));
}
