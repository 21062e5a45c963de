use crate::values::secret::Secret;
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;
use crate::wire::redaction::redacted_debug;

lenient::object! {
    /// A service that Plex's own clients use with an [`Account`](crate::Account).
    ///
    /// `Debug` redacts the secrets and the URL's query and fragment, or the entire URL if it may
    /// contain user info.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Service {
        /// The name of the service, such as `epg`.
        pub identifier: Option<String>,
        /// The URL of the service.
        pub endpoint: Option<String>,
        /// The token for the service. `None` if the service does not require one.
        pub token: Option<Secret>,
        /// A second secret for the service. Usually `None`.
        pub secret: Option<Secret>,
        /// The availability of the service.
        pub status: Option<ServiceStatus>,
    }
}

redacted_debug! {
    Service { identifier, endpoint url, token, secret, status, unreadable }
}

open_enum! {
    /// The availability of a [`Service`].
    pub enum ServiceStatus {
        /// Available.
        Online = "online",
        /// Unavailable.
        Offline = "offline",
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn debug_redacts_the_endpoint() {
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
