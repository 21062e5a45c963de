use super::encoding::public_key;
use crate::wire::lenient;

lenient::object! {
    /// The public keys that Plex signs its tokens with.
    ///
    /// The list contains keys of all types. Those that this library does not support are skipped
    /// when a key is looked up.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct PlexKeys {
        /// The keys. An empty list is an error only if a key is needed.
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
        /// The key type: `OKP` for Ed25519, or `RSA`.
        pub kind: Option<String> as "kty",
        /// The curve, such as `Ed25519`, if the key type has one.
        pub curve: Option<String> as "crv",
        /// The public key in base64url, if the key type has a curve.
        pub x: Option<String>,
        /// The algorithm, such as `EdDSA`.
        pub algorithm: Option<String> as "alg",
        /// The intended use: `sig` for signatures.
        pub usage: Option<String> as "use",
    }
}

impl PlexKey {
    /// Returns the public key if it is an Ed25519 key for signatures, and `None` otherwise.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
        let may_be = |field: &Option<String>, value| field.is_none() || is(field, value);
        let is_ed25519 = is(&self.kind, "OKP") && is(&self.curve, "Ed25519");
        let is_for_signatures = may_be(&self.algorithm, "EdDSA") && may_be(&self.usage, "sig");
        let x = self.x.as_deref().filter(|_| is_ed25519 && is_for_signatures)?;
        public_key(x)
    }
}
