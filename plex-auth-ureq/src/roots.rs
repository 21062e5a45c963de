//! The authorities that are trusted where the caller adds to them.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::invalid_transport::InvalidTransport;

/// Mozilla's roots and these. ureq has no way to add to Mozilla's, so it is given all of them.
pub(crate) fn with_mozillas(roots: &[Vec<u8>]) -> Result<TlsConfig, InvalidTransport> {
    // ureq passes over what is no certificate without a word.
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

    use super::with_mozillas;
    #[test]
    fn mozillas_roots_stay_and_every_one_of_them_is_read() {
        let mut store = RootCertStore::empty();
        let (read, passed_over) =
            store.add_parsable_certificates(TLS_SERVER_ROOT_CERTS.iter().cloned());
        assert!(read > 100);
        assert_eq!(passed_over, 0);

        let own = TLS_SERVER_ROOT_CERTS[0].to_vec();
        let config = with_mozillas(&[own]).unwrap();
        let RootCerts::Specific(roots) = config.root_certs() else {
            panic!("{:?}", config.root_certs());
        };
        assert_eq!(roots.len(), read + 1);
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_its_number() {
        let good = TLS_SERVER_ROOT_CERTS[0].to_vec();
        let error = with_mozillas(&[good.clone(), b"abc".to_vec()]).unwrap_err();
        assert_eq!(error.to_string(), "root certificate 2 is not a certificate in DER");

        let pem = b"\n-----BEGIN CERTIFICATE-----\n".to_vec();
        let error = with_mozillas(&[pem, good]).unwrap_err();
        assert_eq!(error.to_string(), "root certificate 1 is in PEM; it must be in DER");
    }
}
