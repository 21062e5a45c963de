//! Classifies the errors of rustls.

use plex_auth_proto::TlsFault;
use rustls::{CertificateError, InvalidMessage, OtherError};

/// Classifies a TLS error.
pub(crate) fn classify(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => classify_certificate(error),
        // No record at all, or none of a version that there is.
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => TlsFault::NotTls,
        rustls::Error::FailedToGetCurrentTime | rustls::Error::FailedToGetRandomBytes => {
            TlsFault::NotAvailable
        }
        _ => TlsFault::Other,
    }
}

fn classify_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::UnknownIssuer => TlsFault::UntrustedIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        // What a server shows that signed its own certificate as an authority, as `openssl req -x509`
        // does. rustls has no variant for it and does not show webpki's type, only its name.
        CertificateError::Other(OtherError(other)) if other.to_string() == "CaUsedAsEndEntity" => {
            TlsFault::UntrustedIssuer
        }
        _ => TlsFault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_errors_are_classified() {
        for (error, fault) in [
            (CertificateError::UnknownIssuer, TlsFault::UntrustedIssuer),
            (CertificateError::NotValidForName, TlsFault::WrongName),
            (CertificateError::Expired, TlsFault::Expired),
            (CertificateError::NotValidYet, TlsFault::NotYetValid),
            (CertificateError::BadEncoding, TlsFault::Other),
        ] {
            assert_eq!(classify(&error.into()), fault);
        }
    }
}
