use http::Method;

pub(crate) mod context;

/// The kind of host that a request is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Plex's account service. If it answers 401 to a request that carries a token, the token is no
    /// longer valid.
    PlexTv,
    /// A media server. If it answers 401 to a request that carries a token, the token may still be
    /// valid elsewhere.
    MediaServer,
}

/// An API operation, as listed in [`OPERATIONS`](crate::OPERATIONS).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The name of the operation in the published API, such as `getTokenDetails`. Errors and
    /// observers report it. Operations that are missing from the published API have a name in the
    /// same style, such as `unclaimServer`.
    pub name: &'static str,
    /// The kind of host that the request is sent to.
    pub host: Host,
    /// The HTTP method.
    pub method: Method,
    /// The path below the host's base URL, with placeholders in braces. For the few operations
    /// outside version 2 of plex.tv's API, the path is relative to the base URL without `/api/v2`.
    pub path: &'static str,
    /// Whether the operation is idempotent: safe to retry if the outcome of the first request is
    /// unknown.
    pub idempotent: bool,
    /// Whether the URL contains a secret that Plex accepts only there. This library redacts the
    /// path and query of such a URL wherever it displays the URL.
    pub secret_url: bool,
    /// Whether the request should have a connection of its own, so that the response to another
    /// request cannot be mistaken for the response to this one. See
    /// [`Reply::wants_own_connection`](crate::Reply::wants_own_connection).
    pub own_connection: bool,
    /// Whether the operation refers to a specific PIN. A 410 then means that this PIN is gone.
    about_a_pin: bool,
    /// The meaning of a 401 if the request carried no token.
    unauthorized: Option<&'static str>,
}

impl Operation {
    /// Creates an operation that is not idempotent and whose URL contains no secret.
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
