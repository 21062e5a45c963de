//! A temporary certificate authority, so that tests can make TLS succeed or fail without files.

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

/// A server certificate with its key.
pub struct ServerCertificate {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

#[expect(
    clippy::expect_used,
    reason = "certificates from fixed parameters; without them no test can go on"
)]
impl Authority {
    /// Creates an authority with a new key.
    ///
    /// # Panics
    ///
    /// Panics if the system provides no random numbers.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("cannot generate a key");
        // Authorities with the same name would be confused with each other.
        let number: String =
            key.der_bytes().iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect();
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Fake Plex's authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer =
            CertifiedIssuer::self_signed(params, key).expect("cannot issue the root certificate");
        Self { issuer }
    }

    /// Returns the root certificate in DER, for a client to trust.
    pub fn root_der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// Returns the root certificate in PEM.
    pub fn root_pem(&self) -> String {
        self.issuer.pem()
    }

    /// Issues a certificate for `localhost` and `127.0.0.1` that is valid until 2090.
    pub fn good(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2020, 2090)
    }

    /// Issues a certificate that expired in 2021, for the same names as [`good`](Self::good).
    pub fn expired(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2020, 2021)
    }

    /// Issues a certificate that becomes valid in 2089, for the same names as
    /// [`good`](Self::good).
    pub fn not_yet_valid(&self) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], 2089, 2090)
    }

    /// Returns the authority's own certificate as a server certificate, like one created by
    /// `openssl req -x509`.
    pub fn itself(&self) -> ServerCertificate {
        ServerCertificate {
            certificate: self.issuer.der().clone(),
            key: PrivatePkcs8KeyDer::from(self.issuer.key().serialize_der()).into(),
        }
    }

    /// Issues a valid certificate for `elsewhere.example`.
    pub fn wrong_name(&self) -> ServerCertificate {
        self.issue(&["elsewhere.example"], 2020, 2090)
    }

    fn issue(&self, names: &[&str], from: i32, to: i32) -> ServerCertificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("invalid certificate name");
        params.distinguished_name.push(DnType::CommonName, "Fake Plex");
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().expect("cannot generate a key");
        let certificate =
            params.signed_by(&key, &self.issuer).expect("cannot issue the server's certificate");
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
    /// Returns the certificate and its private key.
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
