use super::encoding::public_key;
use crate::wire::lenient;

lenient::object! {
    /// The public keys for verifying Plex's tokens.
    ///
    /// The list can contain keys of types that this library does not support. They are skipped when
    /// a token is verified.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct PlexKeys {
        /// The keys. The list can be empty, but then no token can be verified.
        pub keys: Vec<PlexKey>,
    }
}

impl PlexKeys {
    /// Returns the paths of the fields that this version of the library could not read. See
    /// [`Account::unreadable_fields`](crate::Account::unreadable_fields).
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

lenient::object! {
    /// A JSON Web Key in [`PlexKeys`].
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct PlexKey {
        /// The key ID, which tokens refer to.
        pub key_id: Option<String> as "kid",
        /// The key type, such as `OKP` (used for Ed25519) or `RSA`.
        pub kind: Option<String> as "kty",
        /// The curve, such as `Ed25519`, if the key type has one.
        pub curve: Option<String> as "crv",
        /// The public key in base64url, for a key of type `OKP`.
        pub x: Option<String>,
        /// The algorithm, such as `EdDSA`.
        pub algorithm: Option<String> as "alg",
        /// The intended use: `sig` for signatures.
        pub usage: Option<String> as "use",
    }
}

impl PlexKey {
    /// Returns the public key, or `None` if this is not an Ed25519 key for signatures or if `x` is
    /// missing or invalid.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
        let may_be = |field: &Option<String>, value| field.is_none() || is(field, value);
        let is_ed25519 = is(&self.kind, "OKP") && is(&self.curve, "Ed25519");
        let is_for_signatures = may_be(&self.algorithm, "EdDSA") && may_be(&self.usage, "sig");
        let x = self.x.as_deref().filter(|_| is_ed25519 && is_for_signatures)?;
        public_key(x)
    }
}
