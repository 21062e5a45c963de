use super::Error;
use super::transport::{TlsErrorKind, TransportErrorKind as Reason};
use crate::{ClientIdentity, Credentials, PlexTv, Token};
use std::time::Duration;

fn plex_tv() -> PlexTv {
    PlexTv::new(ClientIdentity::builder("id").build().unwrap())
}

fn sign_in(reason: Reason, sent: bool) -> Error {
    let call = plex_tv().sign_in(&Credentials::new("rosa", "x").unwrap());
    call.reply().transport_error(reason, sent)
}

fn details(reason: Reason, sent: bool) -> Error {
    plex_tv().token_details(&Token::new("abc").unwrap()).reply().transport_error(reason, sent)
}

#[test]
fn every_kind_has_a_message_and_retryability() {
    for (reason, passes, text) in [
        (Reason::NameNotFound, true, "the host name was not found"),
        (Reason::Refused, true, "the connection was refused"),
        (Reason::Unreachable, true, "the host is unreachable"),
        (Reason::TimedOut(Duration::from_secs(30)), true, "timed out after 30s"),
        (Reason::CutOff, true, "the connection closed before the response was complete"),
        (Reason::NotHttp, false, "the response is not valid HTTP"),
        (Reason::HeadTooLarge, false, "the response headers are too large"),
        (
            Reason::Proxy,
            true,
            "the proxy is unreachable, refused the connection, or rejected the credentials",
        ),
        (Reason::NotStarted("no runtime is here"), false, "no runtime is here"),
        (Reason::Other, true, "the connection failed"),
        (
            Reason::Tls(TlsErrorKind::UntrustedIssuer),
            false,
            "TLS error: the certificate's issuer is not trusted",
        ),
        (
            Reason::Tls(TlsErrorKind::WrongName),
            false,
            "TLS error: the certificate is for a different host name",
        ),
        (
            Reason::Tls(TlsErrorKind::Expired),
            false,
            "TLS error: the certificate has expired, or the system clock is wrong",
        ),
        (
            Reason::Tls(TlsErrorKind::NotYetValid),
            false,
            "TLS error: the certificate is not valid yet, or the system clock is wrong",
        ),
        (Reason::Tls(TlsErrorKind::NotTls), false, "TLS error: the server does not speak TLS"),
        (
            Reason::Tls(TlsErrorKind::Interrupted),
            true,
            "TLS error: the connection closed during the handshake",
        ),
        (Reason::Tls(TlsErrorKind::NotAvailable), false, "TLS error: this client cannot use TLS"),
        (
            Reason::Tls(TlsErrorKind::Other),
            false,
            "TLS error: the certificate is invalid, or the handshake failed",
        ),
    ] {
        let error = details(reason, true);
        assert_eq!(
            error.to_string(),
            format!("request to plex.tv failed: {text} (the request may have been carried out)")
        );
        assert_eq!(error.is_retryable(), passes, "{text}");
        assert!(
            !error.is_token_invalid()
                && !error.needs_verification_code()
                && error.status().is_none()
        );
        // A sign-in is safe to repeat only if nothing was sent.
        assert_eq!(sign_in(reason, false).is_retryable(), passes, "{text}");
        assert!(!sign_in(reason, true).is_retryable(), "{text}");
    }
    let unsent = sign_in(Reason::Refused, false).to_string();
    assert!(unsent.ends_with("the connection was refused (nothing was sent)"), "{unsent}");
}
