use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::operation::{Host, Operation};

/// The operation, the host and the origin of a request, as reported by errors and observers.
///
/// All of this is known before the response arrives, and none of it is secret.
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
    /// Returns the context of a custom call.
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

    /// Returns the context of one of this crate's operations.
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

    /// Returns whether the request refers to a specific PIN.
    pub(crate) fn is_about_a_pin(&self) -> bool {
        self.about_a_pin
    }

    /// Returns the meaning of status 401 for a request without a token, if the operation defines
    /// one.
    pub(crate) fn unauthorized(&self) -> Option<&'static str> {
        self.unauthorized
    }

    /// Returns the [name](crate::Operation::name) of the operation, such as `getTokenDetails`, or
    /// the name that a custom call was created with.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Returns the kind of host, or `None` for a custom call whose [host](crate::Call::host) is not
    /// set.
    pub fn host(&self) -> Option<Host> {
        self.host
    }

    /// Returns the scheme, host and port of the request's URL, or `None` if the URL is relative or
    /// not HTTP.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns whether the request carried a token as `X-Plex-Token`, in a header or in the query.
    pub fn carried_token(&self) -> bool {
        self.carried_token
    }

    /// Returns whether the request is safe to retry if its outcome is unknown.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent
    }
}

/// Formats the operation, followed by the origin if there is one:
/// `getTransientToken at http://10.0.0.7:32400`.
impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{} at {origin}", self.operation),
            None => f.write_str(self.operation),
        }
    }
}

/// The scheme, host and port of a URL: the parts that are safe to display.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    /// The host and port, without user info.
    authority: Authority,
}

impl Origin {
    /// Returns the origin of an `http` or `https` URI, without its user info, or `None` for any
    /// other URI.
    pub fn of(uri: &Uri) -> Option<Self> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        // The scheme of a URL that was not built here can be any text, including a secret.
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return None;
        }
        let (host, port) = (authority.host(), authority.port_u16());
        // A URL that was not built here can have user info, and arbitrary text in place of the
        // port.
        let is_plain = !authority.as_str().contains('@') && (port.is_some() || authority == host);
        let authority = match port {
            _ if is_plain => authority.clone(),
            Some(port) => format!("{host}:{port}").parse().ok()?,
            None => host.parse().ok()?,
        };
        Some(Self { scheme: scheme.clone(), authority })
    }

    /// Returns the scheme: `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme.as_str()
    }

    /// Returns the host. An IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Returns the port, if the URL contains one.
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
