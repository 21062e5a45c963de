use crate::values::secret::Secret;
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;
use crate::wire::redaction::redacted_debug;

lenient::object! {
    /// A service that Plex's own clients use on behalf of an [`Account`](crate::Account).
    ///
    /// `Debug` shows of its URL neither user info nor query.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Service {
        /// Its name, such as `epg`.
        pub identifier: Option<String>,
        /// Its URL.
        pub endpoint: Option<String>,
        /// The token that it takes. Missing where it takes none.
        pub token: Option<Secret>,
        /// A second secret that it takes. Missing mostly.
        pub secret: Option<Secret>,
        /// Whether it works.
        pub status: Option<ServiceStatus>,
    }
}

redacted_debug! {
    Service { identifier, endpoint url, token, secret, status, unreadable }
}

open_enum! {
    /// Whether a [`Service`] works.
    pub enum ServiceStatus {
        /// It does.
        Online = "online",
        /// It does not.
        Offline = "offline",
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn debug_shows_no_secret_of_the_endpoint() {
        for (endpoint, shown) in [
            ("https://epg.example/v1", "https://epg.example/v1"),
            ("https://epg.example/v1?token=secret", "https://epg.example/v1"),
            ("https://rosa:secret@epg.example/v1#secret", "***"),
            ("https://rosa:sec/ret@epg.example/v1", "***"),
            ("https://rosa:sec?ret@epg.example/v1", "***"),
            ("https://epg.example/v1?token=x@secret", "***"),
            ("epg?secret", "epg"),
        ] {
            let service: Service =
                serde_json::from_str(&format!(r#"{{"endpoint":"{endpoint}"}}"#)).unwrap();
            assert!(format!("{service:?}").contains(&format!("Some({shown:?})")), "{service:?}");
            assert_eq!(service.endpoint.as_deref(), Some(endpoint));
        }
    }
}
