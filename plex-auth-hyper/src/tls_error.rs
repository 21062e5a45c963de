//! Classifies the errors of rustls.

use plex_auth_proto::error::TlsErrorKind;
use rustls::{CertificateError, InvalidMessage, OtherError};

/// Classifies a TLS error.
pub(crate) fn classify(error: &rustls::Error) -> TlsErrorKind {
    match error {
        rustls::Error::InvalidCertificate(error) => classify_certificate(error),
        // No record at all, or none of a version that there is.
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
        // What a server shows that signed its own certificate as an authority, as `openssl req -x509`
        // does. rustls has no variant for it and does not show webpki's type, only its name.
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
