//! A server whose certificate is its own, or of an authority of one's own.

use plex_auth_ureq::{InvalidTransport, Transport};

/// Trusts one more certificate, in DER; Mozilla's roots stay trusted. There is no switch to trust any certificate: anyone
/// on the network path would be sent the token. With a client of your own that accepts any certificate, HTTPS proves
/// nothing, also not which server a connection leads to.
fn trusting(certificate: &[u8]) -> Result<Transport, InvalidTransport> {
    Transport::builder().root_certificate(certificate).build()
}

// Played at the fake.

use plex_auth_fake::{Authority, FakePlex, Server, Who};
use plex_auth_ureq::Token;
use plex_auth_ureq::error::{TlsErrorKind, TransportErrorKind};

use crate::harness::{Outcome, plex_tv_at};

pub(crate) fn play() -> Outcome {
    let authority = Authority::new();
    let server = Server::https(FakePlex::new(), authority.good());
    let plex_tv = plex_tv_at(server.url())?;
    let token = Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned()))?;

    let refused = Transport::new().send(plex_tv.token_details(&token));
    let error = refused.err().ok_or("nobody knows that authority")?;
    println!("{error}");
    let reason = error.as_transport().map(|transport_error| transport_error.kind());
    assert_eq!(reason, Some(TransportErrorKind::Tls(TlsErrorKind::UntrustedIssuer)));

    let http = trusting(&authority.root_der())?;
    let account = http.send(plex_tv.token_details(&token))?;
    println!("trusted, and {}", account.username.unwrap_or_default());

    // One that calls itself an authority is taken from no server, trusted or not.
    let itself = Server::https(FakePlex::new(), authority.itself());
    let error = http.send(plex_tv_at(itself.url())?.token_details(&token)).err();
    let error = error.ok_or("it is an authority's")?;
    println!("{error}");
    let reason = error.as_transport().map(|transport_error| transport_error.kind());
    assert!(matches!(reason, Some(TransportErrorKind::Tls(_))), "{reason:?}");
    Ok(())
}
