use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::operation::{Host, Operation};

/// The context of a request: its operation, host and origin, which are known before the response arrives.
#[derive(Clone, Debug)]
pub struct RequestContext {
    operation: &'static str,
    host: Option<Host>,
    origin: Option<Origin>,
    idempotent: bool,
    carried_token: bool,
    about_a_pin: bool,
    unauthorized: Option<&'static str>,
}

impl RequestContext {
    /// The context of a call of the user's own.
    pub(crate) fn own(operation: &'static str, uri: &Uri, carried_token: bool) -> Self {
        Self {
            operation,
            host: None,
            origin: Origin::of(uri),
            idempotent: false,
            carried_token,
            about_a_pin: false,
            unauthorized: None,
        }
    }

    /// The context of a call of this crate.
    pub(crate) fn new(operation: &Operation, uri: &Uri, carried_token: bool) -> Self {
        Self {
            host: Some(operation.host),
            idempotent: operation.idempotent,
            about_a_pin: operation.about_a_pin,
            unauthorized: operation.unauthorized,
            ..Self::own(operation.name, uri, carried_token)
        }
    }

    pub(crate) fn set_host(&mut self, host: Host) {
        self.host = Some(host);
    }

    pub(crate) fn set_idempotent(&mut self, idempotent: bool) {
        self.idempotent = idempotent;
    }

    /// Whether the request is about one PIN.
    pub(crate) fn is_about_a_pin(&self) -> bool {
        self.about_a_pin
    }

    /// Returns the meaning of status 401 for a request without a token.
    pub(crate) fn unauthorized(&self) -> Option<&'static str> {
        self.unauthorized
    }

    /// The published name of the operation, such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The host; absent in a call of the caller's own that does not say so.
    pub fn host(&self) -> Option<Host> {
        self.host
    }

    /// Where the request went: scheme, host and port; absent where the request's URL had none.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Whether the request carried a token.
    pub fn carried_token(&self) -> bool {
        self.carried_token
    }

    /// Whether the request may be sent again when it is not known what became of it.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent
    }
}

/// `getTransientToken at http://10.0.0.7:32400`
impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{} at {origin}", self.operation),
            None => f.write_str(self.operation),
        }
    }
}

/// Scheme, host and port of a URL: the part that can be shown, as it holds no secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    /// Without user info.
    authority: Authority,
}

impl Origin {
    /// The origin of an `http` or `https` URI, without its user info; `None` for any other.
    pub fn of(uri: &Uri) -> Option<Self> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        // A foreign URL can have any text for a scheme, also one that is a secret.
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return None;
        }
        let (host, port) = (authority.host(), authority.port_u16());
        // A foreign URL can have user info, and anything at all where a port belongs.
        let is_plain = !authority.as_str().contains('@') && (port.is_some() || authority == host);
        let authority = match port {
            _ if is_plain => authority.clone(),
            Some(port) => format!("{host}:{port}").parse().ok()?,
            None => host.parse().ok()?,
        };
        Some(Self { scheme: scheme.clone(), authority })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme.as_str()
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port, where the URL names one.
    pub fn port(&self) -> Option<u16> {
        self.authority.port_u16()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use crate::{Call, ClientIdentity, Host, PlexTv, Token};

    #[test]
    fn context_of_operations_and_custom_calls() {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let call = plex_tv.token_details(&Token::new("abc").unwrap());
        let context = call.reply().context();
        assert_eq!((context.operation(), context.host()), ("getTokenDetails", Some(Host::PlexTv)));
        assert!(context.carried_token() && context.is_idempotent());
        assert_eq!(context.to_string(), "getTokenDetails at https://plex.tv");

        let request = http::Request::post("/x").body(()).unwrap();
        let call = Call::status_only("postX", request);
        let context = call.reply().context();
        assert_eq!((context.operation(), context.host(), context.origin()), ("postX", None, None));
        assert!(!context.carried_token() && !context.is_idempotent());
        assert_eq!(context.to_string(), "postX");
    }

    #[test]
    fn origin_is_only_scheme_host_and_port() {
        for (uri, scheme, host, port, shown) in [
            ("http://10.0.0.7:32400/x?y", "http", "10.0.0.7", Some(32400), "http://10.0.0.7:32400"),
            ("https://me:pa55@plex.tv/", "https", "plex.tv", None, "https://plex.tv"),
            ("https://me:pa55@plex.tv:1/", "https", "plex.tv", Some(1), "https://plex.tv:1"),
            ("http://[fd00::1]:8/", "http", "[fd00::1]", Some(8), "http://[fd00::1]:8"),
        ] {
            let origin = Origin::of(&uri.parse().unwrap()).unwrap();
            assert_eq!((origin.scheme(), origin.host(), origin.port()), (scheme, host, port));
            assert_eq!(
                (origin.to_string(), format!("{origin:?}")),
                (shown.into(), format!("Origin({shown})"))
            );
        }
        assert_eq!(Origin::of(&"ftp://plex.tv/".parse().unwrap()), None);
    }
}
