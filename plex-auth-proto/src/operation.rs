use http::Method;

pub(crate) mod context;

/// The host that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Plex's account service. Its 401 to a token speaks for the account.
    PlexTv,
    /// A media server. Its 401 to a token speaks for that server only.
    MediaServer,
}

/// One operation, as it stands in [`OPERATIONS`](crate::OPERATIONS).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The name in the published API, which errors use, too: `getTokenDetails`. For what that does not
    /// describe, a name in its manner: `claimServer`.
    pub name: &'static str,
    /// The host that the request is for.
    pub host: Host,
    /// The verb.
    pub method: Method,
    /// The path below the host's base URL, or, for the few calls of plex.tv outside its API, below that URL
    /// less `/api/v2`; what stands in braces is another each time.
    pub path: &'static str,
    /// Whether it may be sent again by itself when the outcome is unknown.
    pub idempotent: bool,
    /// Whether the URL holds a secret, as Plex allows for nothing else; it is masked wherever it shows.
    pub secret_url: bool,
    /// Whether the request should have a connection of its own, because the response to another request could pass for
    /// its response: see [`Reply::wants_own_connection`](crate::Reply::wants_own_connection).
    pub own_connection: bool,
    /// Whether the call is about one PIN, so that a 410 means that this PIN is gone.
    about_a_pin: bool,
    /// What a 401 means if the request carries no token.
    unauthorized: Option<&'static str>,
}

impl Operation {
    /// An operation that must not be sent twice and whose URL holds no secret.
    pub(crate) const fn new(
        name: &'static str,
        host: Host,
        method: Method,
        path: &'static str,
    ) -> Self {
        Self {
            name,
            host,
            method,
            path,
            idempotent: false,
            secret_url: false,
            own_connection: false,
            about_a_pin: false,
            unauthorized: None,
        }
    }

    pub(crate) const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    pub(crate) const fn secret_url(mut self) -> Self {
        self.secret_url = true;
        self
    }

    pub(crate) const fn own_connection(mut self) -> Self {
        self.own_connection = true;
        self
    }

    pub(crate) const fn about_a_pin(mut self) -> Self {
        self.about_a_pin = true;
        self
    }

    pub(crate) const fn unauthorized(mut self, meaning: &'static str) -> Self {
        self.unauthorized = Some(meaning);
        self
    }
}
