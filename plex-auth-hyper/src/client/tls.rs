use std::sync::Arc;

use plex_auth_proto::TlsFault;
use rustls::crypto::ring;
use rustls::{CertificateError, ClientConfig, InvalidMessage, OtherError, RootCertStore};

/// Mozilla's roots.
pub(crate) fn roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Settings that trust these roots. The provider is always named: where another crate turns on a second
/// one, rustls panics when asked for its default.
pub(crate) fn settings(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

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
    fn settings_can_be_made() {
        assert!(settings(roots()).is_ok());
        assert!(roots().len() > 100);
    }

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
