use super::encoding::public_key;
use crate::wire::lenient;

lenient::object! {
    /// The public keys that Plex signs its tokens with.
    ///
    /// Keys of every kind are in the list, those that this library cannot use as well: they are passed over
    /// where a key is looked up.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct PlexKeys {
        /// The keys. Empty where Plex sends none, which is an error only where one is needed.
        pub keys: Vec<PlexKey>,
    }
}

impl PlexKeys {
    /// What Plex sent and this version could not read; see
    /// [`Account::unreadable_fields`](crate::Account::unreadable_fields).
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

lenient::object! {
    /// One of the [`PlexKeys`]: a JSON Web Key.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct PlexKey {
        /// The name that tokens call it by.
        pub key_id: Option<String> as "kid",
        /// The kind of key: `OKP` for Ed25519, `RSA`.
        pub kind: Option<String> as "kty",
        /// The curve, where the kind has one: `Ed25519`.
        pub curve: Option<String> as "crv",
        /// The public key in base64url, where the kind has a curve.
        pub x: Option<String>,
        /// The algorithm that it is for: `EdDSA`.
        pub algorithm: Option<String> as "alg",
        /// What it is for: `sig`, signatures.
        pub usage: Option<String> as "use",
    }
}

impl PlexKey {
    /// The 32 bytes of the public key, where it is one of Ed25519 for signatures; nothing where it is of another
    /// kind or for another use.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
        let may_be = |field: &Option<String>, value| field.is_none() || is(field, value);
        let is_ed25519 = is(&self.kind, "OKP") && is(&self.curve, "Ed25519");
        let is_for_signatures = may_be(&self.algorithm, "EdDSA") && may_be(&self.usage, "sig");
        let x = self.x.as_deref().filter(|_| is_ed25519 && is_for_signatures)?;
        public_key(x)
    }
}
