//! Additional root certificates.

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::invalid_transport::InvalidTransport;

/// Parses DER-encoded certificates.
pub(crate) fn read(roots: &[Vec<u8>]) -> Result<Vec<TrustAnchor<'static>>, InvalidTransport> {
    let mut store = RootCertStore::empty();
    for (index, der) in roots.iter().enumerate() {
        let number = index + 1;
        if der.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(InvalidTransport::PemCertificate { number });
        }
        store
            .add(CertificateDer::from(der.as_slice()))
            .map_err(|_| InvalidTransport::Certificate { number })?;
    }
    Ok(store.roots)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::invalid_transport::InvalidTransport;

    #[test]
    fn an_invalid_certificate_is_named_by_number() {
        assert!(read(&[]).unwrap().is_empty());
        let error = read(&[b"abc".to_vec()]).unwrap_err();
        assert_eq!(error.to_string(), "root certificate 1 is not a valid DER certificate");

        let pem = b"\n-----BEGIN CERTIFICATE-----\n".to_vec();
        let error = read(&[pem]).unwrap_err();
        assert_eq!(error, InvalidTransport::PemCertificate { number: 1 });
        assert_eq!(
            error.to_string(),
            "root certificate 1 is in PEM format; convert it to DER: \
             openssl x509 -in ca.pem -outform der -out ca.der"
        );
    }
}
