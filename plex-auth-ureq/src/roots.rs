//! The trusted roots, if the caller adds to Mozilla's.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::invalid_transport::InvalidTransport;

/// Returns TLS settings that trust Mozilla's roots and the given ones. ureq cannot add to Mozilla's, so it gets all
/// of them.
pub(crate) fn with_mozilla(roots: &[Vec<u8>]) -> Result<TlsConfig, InvalidTransport> {
    // ureq silently ignores an invalid certificate.
    let mut checked = RootCertStore::empty();
    for (index, der) in roots.iter().enumerate() {
        let number = index + 1;
        if der.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(InvalidTransport::PemCertificate { number });
        }
        checked
            .add(CertificateDer::from(der.as_slice()))
            .map_err(|_| InvalidTransport::Certificate { number })?;
    }
    let mozillas = TLS_SERVER_ROOT_CERTS.iter().map(|der| Certificate::from_der(der));
    let own = roots.iter().map(|der| Certificate::from_der(der).to_owned());
    let roots = RootCerts::from(mozillas.chain(own));
    Ok(TlsConfig::builder().root_certs(roots).build())
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use ureq::tls::RootCerts;
    use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

    use super::with_mozilla;

    #[test]
    fn all_of_mozillas_roots_stay() {
        let mut store = RootCertStore::empty();
        let (added, ignored) =
            store.add_parsable_certificates(TLS_SERVER_ROOT_CERTS.iter().cloned());
        assert!(added > 100);
        assert_eq!(ignored, 0);

        let own = TLS_SERVER_ROOT_CERTS[0].to_vec();
        let config = with_mozilla(&[own]).unwrap();
        let RootCerts::Specific(roots) = config.root_certs() else {
            panic!("{:?}", config.root_certs());
        };
        assert_eq!(roots.len(), added + 1);
    }

    #[test]
    fn an_invalid_certificate_is_named_by_number() {
        let good = TLS_SERVER_ROOT_CERTS[0].to_vec();
        let error = with_mozilla(&[good.clone(), b"abc".to_vec()]).unwrap_err();
        assert_eq!(error.to_string(), "root certificate 2 is not a certificate in DER");

        let pem = b"\n-----BEGIN CERTIFICATE-----\n".to_vec();
        let error = with_mozilla(&[pem, good]).unwrap_err();
        assert_eq!(error.to_string(), "root certificate 1 is in PEM; it must be in DER");
    }
}
