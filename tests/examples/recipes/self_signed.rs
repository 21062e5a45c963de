//! Trusts your own certificate authority, or a single server's certificate.
//!
//! Use this if no public authority issued the server's certificate, or if a proxy inspects TLS.
//! Convert a PEM certificate to DER first: `openssl x509 -in ca.pem -outform der -out ca.der`.
//!
//! `openssl req -x509` creates an authority's certificate, which rustls does not accept as a server
//! certificate. Use that authority to sign a certificate for the server. None of this is needed for
//! Plex's own `plex.direct` names.

use plex_auth_ureq::{InvalidTransport, Transport};

/// Creates a transport that trusts this DER certificate in addition to Mozilla's root certificates.
///
/// No setting makes the transport trust every certificate, because anyone on the network path could
/// then read the token. If your own client trusts every certificate, HTTPS proves nothing about the
/// server.
fn trusting(certificate: &[u8]) -> Result<Transport, InvalidTransport> {
    Transport::builder().root_certificate(certificate).build()
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::{Authority, FakePlex, Server, Who};
use plex_auth_ureq::Token;
use plex_auth_ureq::error::{TlsErrorKind, TransportErrorKind};

use crate::harness::{Outcome, plex_tv_at};

pub(crate) fn run() -> Outcome {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let plex_tv = plex_tv_at(server.url())?;
    let token = Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned()))?;

    let refused = Transport::new().send(plex_tv.token_details(&token));
    let error = refused.err().ok_or("an untrusted authority was accepted")?;
    println!("{error}");
    let reason = error.as_transport().map(|transport_error| transport_error.kind());
    assert_eq!(reason, Some(TransportErrorKind::Tls(TlsErrorKind::UntrustedIssuer)));

    let http = trusting(&authority.root_der())?;
    let account = http.send(plex_tv.token_details(&token))?;
    println!("trusted: {}", account.username.unwrap_or_default());

    // An authority's certificate is not accepted as a server certificate, even if it is trusted.
    let itself = Server::https(FakePlex::new(), authority.itself());
    let error = http.send(plex_tv_at(itself.url())?.token_details(&token)).err();
    let error = error.ok_or("an authority's certificate was accepted for a server")?;
    println!("{error}");
    let reason = error.as_transport().map(|transport_error| transport_error.kind());
    assert!(matches!(reason, Some(TransportErrorKind::Tls(_))), "{reason:?}");
    Ok(())
}
