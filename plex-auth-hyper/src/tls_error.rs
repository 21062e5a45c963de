//! What rustls's errors mean.

use plex_auth_proto::TlsFault;
use rustls::{CertificateError, InvalidMessage, OtherError};

/// What a TLS error means.
pub(crate) fn tls_fault(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_fault(error),
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

fn certificate_fault(error: &CertificateError) -> TlsFault {
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
    fn a_certificate_is_told_from_its_name() {
        for (error, fault) in [
            (CertificateError::UnknownIssuer, TlsFault::UntrustedIssuer),
            (CertificateError::NotValidForName, TlsFault::WrongName),
            (CertificateError::Expired, TlsFault::Expired),
            (CertificateError::NotValidYet, TlsFault::NotYetValid),
            (CertificateError::BadEncoding, TlsFault::Other),
        ] {
            assert_eq!(tls_fault(&error.into()), fault);
        }
    }
}
