//! Classification of rustls errors.

use std::error::Error as StdError;
use std::io;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use rustls::{CertificateError, Error, InvalidMessage};

use crate::failure::Failure;

/// Returns the rustls error inside an I/O error, if there is one.
pub(crate) fn find(error: &io::Error) -> Option<&Error> {
    let mut next: Option<&(dyn StdError + 'static)> = inner(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            // The source of an I/O error is the source of the error that it wraps, so the wrapped
            // error itself would be skipped.
            Some(error) => inner(error),
            None => error.source(),
        };
    }
    None
}

fn inner(error: &io::Error) -> Option<&(dyn StdError + 'static)> {
    error.get_ref().map(|inner| inner as _)
}

/// Classifies an error whose phase is unknown. An invalid certificate is always found during the
/// handshake, so nothing was sent. After any other error, the request counts as sent.
pub(crate) fn classify(error: &Error) -> Failure {
    match error {
        Error::InvalidCertificate(error) => {
            Failure::not_sent(TransportErrorKind::Tls(classify_certificate(error)))
        }
        _ => Failure::outcome_unknown(TransportErrorKind::Tls(TlsErrorKind::Other)),
    }
}

/// Classifies a handshake error.
pub(crate) fn classify_handshake(error: &Error) -> TlsErrorKind {
    use InvalidMessage as Message;

    match error {
        Error::InvalidCertificate(error) => classify_certificate(error),
        // Not a TLS record, or one with an unknown version.
        Error::InvalidMessage(
            Message::InvalidContentType
            | Message::UnknownProtocolVersion
            | Message::MessageTooLarge
            | Message::InvalidEmptyPayload,
        ) => TlsErrorKind::NotTls,
        Error::FailedToGetCurrentTime | Error::FailedToGetRandomBytes => TlsErrorKind::NotAvailable,
        _ => TlsErrorKind::Other,
    }
}

fn classify_certificate(error: &CertificateError) -> TlsErrorKind {
    use CertificateError as Certificate;

    match error {
        Certificate::UnknownIssuer => TlsErrorKind::UntrustedIssuer,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            TlsErrorKind::WrongName
        }
        Certificate::Expired | Certificate::ExpiredContext { .. } => TlsErrorKind::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            TlsErrorKind::NotYetValid
        }
        // A server certificate that is its own certificate authority, as created by
        // `openssl req -x509`. rustls has no variant for it, so it is recognized by the text of
        // webpki's error.
        Certificate::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            TlsErrorKind::UntrustedIssuer
        }
        _ => TlsErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
    use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

    use super::{classify, classify_handshake, find};

    #[test]
    fn a_wrapped_error_is_found() {
        let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let once = io::Error::new(io::ErrorKind::InvalidData, error.clone());
        assert_eq!(find(&once), Some(&error));
        let twice = io::Error::other(once);
        assert_eq!(find(&twice), Some(&error));
        assert_eq!(find(&io::Error::other("rustls")), None);
        assert_eq!(find(&io::ErrorKind::InvalidData.into()), None);
    }

    #[test]
    fn invalid_certificate_means_nothing_was_sent() {
        for (error, expected) in [
            (CertificateError::UnknownIssuer, TlsErrorKind::UntrustedIssuer),
            (CertificateError::NotValidForName, TlsErrorKind::WrongName),
            (CertificateError::Expired, TlsErrorKind::Expired),
            (CertificateError::NotValidYet, TlsErrorKind::NotYetValid),
            (CertificateError::Revoked, TlsErrorKind::Other),
        ] {
            let failure = classify(&Error::InvalidCertificate(error));
            assert_eq!(failure.kind(), TransportErrorKind::Tls(expected));
            assert!(!failure.may_have_been_sent());
        }
    }

    #[test]
    fn an_error_of_unknown_phase_may_have_sent() {
        for error in [
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::AlertReceived(AlertDescription::CertificateRequired),
            Error::DecryptError,
        ] {
            let failure = classify(&error);
            assert_eq!(failure.kind(), TransportErrorKind::Tls(TlsErrorKind::Other), "{error}");
            assert!(failure.may_have_been_sent(), "{error}");
        }
    }

    #[test]
    fn plain_text_in_the_handshake_is_not_tls() {
        let plain = Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(classify_handshake(&plain), TlsErrorKind::NotTls);
        let refused = Error::AlertReceived(AlertDescription::HandshakeFailure);
        assert_eq!(classify_handshake(&refused), TlsErrorKind::Other);
    }
}
