use crate::values::secret::Secret;
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;

lenient::object! {
    /// A service that Plex's own clients use on behalf of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
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

open_enum! {
    /// Whether a [`Service`] works.
    pub enum ServiceStatus {
        /// It does.
        Online = "online",
        /// It does not.
        Offline = "offline",
    }
}
