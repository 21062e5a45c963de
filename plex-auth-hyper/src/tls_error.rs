//! Classification of rustls errors.

use plex_auth_proto::error::TlsErrorKind;
use rustls::{CertificateError, InvalidMessage, OtherError};

/// Classifies a TLS error.
pub(crate) fn classify(error: &rustls::Error) -> TlsErrorKind {
    match error {
        rustls::Error::InvalidCertificate(error) => classify_certificate(error),
        // Not a TLS record, or one with an unknown version.
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => TlsErrorKind::NotTls,
        rustls::Error::FailedToGetCurrentTime | rustls::Error::FailedToGetRandomBytes => {
            TlsErrorKind::NotAvailable
        }
        _ => TlsErrorKind::Other,
    }
}

fn classify_certificate(error: &CertificateError) -> TlsErrorKind {
    match error {
        CertificateError::UnknownIssuer => TlsErrorKind::UntrustedIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsErrorKind::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            TlsErrorKind::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsErrorKind::NotYetValid
        }
        // A server certificate that is its own certificate authority, as created by
        // `openssl req -x509`. rustls has no variant for it, so it is recognized by the text of
        // webpki's error.
        CertificateError::Other(OtherError(other)) if other.to_string() == "CaUsedAsEndEntity" => {
            TlsErrorKind::UntrustedIssuer
        }
        _ => TlsErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_errors_are_classified() {
        for (error, fault) in [
            (CertificateError::UnknownIssuer, TlsErrorKind::UntrustedIssuer),
            (CertificateError::NotValidForName, TlsErrorKind::WrongName),
            (CertificateError::Expired, TlsErrorKind::Expired),
            (CertificateError::NotValidYet, TlsErrorKind::NotYetValid),
            (CertificateError::BadEncoding, TlsErrorKind::Other),
        ] {
            assert_eq!(classify(&error.into()), fault);
        }
    }
}
