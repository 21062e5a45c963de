//! A certificate authority made on the spot, so that TLS can go right and wrong without a file.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PublicKeyData, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority that no client trusts by default.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate for a server, with its key.
pub struct ServerCertificate {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

#[expect(
    clippy::expect_used,
    reason = "certificates from fixed parameters; without them no test can go on"
)]
impl Authority {
    /// A new one, with a new key.
    ///
    /// # Panics
    ///
    /// When the system gives no random numbers.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a new key");
        // Two authorities of one name would be taken for each other.
        let number: String =
            key.der_bytes().iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect();
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Fake Plex's authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate for itself");
        Self { issuer }
    }

    /// Its own certificate in DER, for a client to trust.
    pub fn root_der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// Its own certificate in PEM, for a file.
    pub fn root_pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `localhost` and `127.0.0.1`, good for years.
    pub fn good(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2020, 2090)
    }

    /// The same, but it ended in 2021.
    pub fn expired(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2020, 2021)
    }

    /// The same, but it begins in 2089.
    pub fn not_yet_valid(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2089, 2090)
    }

    /// The authority's own certificate as a server's, as `openssl req -x509` makes one.
    pub fn itself(&self) -> ServerCertificate {
        ServerCertificate {
            certificate: self.issuer.der().clone(),
            key: PrivatePkcs8KeyDer::from(self.issuer.key().serialize_der()).into(),
        }
    }

    /// A good certificate, for `elsewhere.example`.
    pub fn wrong_name(&self) -> ServerCertificate {
        self.issue(&["elsewhere.example"], 2020, 2090)
    }

    fn issue(&self, names: &[&str], from: i32, to: i32) -> ServerCertificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names that a certificate can have");
        params.distinguished_name.push(DnType::CommonName, "Fake Plex");
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().expect("a new key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate for a server");
        ServerCertificate {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl ServerCertificate {
    /// The certificate and its key, for a server of the tests.
    #[doc(hidden)]
    pub fn into_parts(self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        (self.certificate, self.key)
    }
}

impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCertificate").finish_non_exhaustive()
    }
}
