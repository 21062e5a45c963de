use std::fmt;

use http::HeaderMap;
use http::header::LOCATION;

use crate::operation::context::{Origin, RequestContext};

/// The target of a redirect: the scheme, host and port of its `Location`.
///
/// The host name in `Location` can be any text, including a secret from the request. `Display` and
/// `Debug` show it only if it is the host that the request was sent to, or a well-known Plex host,
/// such as `app.plex.tv`.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{ClientIdentity, PlexTv, ResponseError, Token, http};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let call = PlexTv::new(identity).token_details(&Token::new("xyz-Abc_0123456789ab")?);
/// let response =
///     http::Response::builder().status(302).header("location", "https://portal.example/login").body("")?;
/// let error = call.reply().parse(&response).unwrap_err();
///
/// let ResponseError::Redirected { to: Some(to), .. } = &error else { return Err("another error".into()) };
/// assert_eq!(to.to_string(), "another host");
/// assert_eq!(to.origin().to_string(), "https://portal.example");
/// assert!(!error.to_string().contains("portal.example"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RedirectTarget {
    origin: Origin,
    is_known: bool,
}

/// The hosts that plex.tv redirects to if the path is wrong. Whole names are compared, because
/// any other subdomain could be a secret.
const HOSTS_OF_PLEX: [&str; 4] = ["plex.tv", "www.plex.tv", "clients.plex.tv", "app.plex.tv"];

impl RedirectTarget {
    /// Reads the `Location` of a response. Returns `None` if it is missing or unreadable.
    pub(super) fn read(context: &RequestContext, headers: &HeaderMap) -> Option<Self> {
        let location = headers.get(LOCATION)?.to_str().ok()?.trim();
        let own = context.origin();
        let absolute = match location.strip_prefix("//") {
            Some(_) => &format!("{}:{location}", own?.scheme()),
            // Only the start is examined, because a relative reference can contain an absolute URL
            // in its query.
            None if location.split(['/', '?', '#']).next().is_some_and(|it| it.ends_with(':')) => {
                location
            }
            None => return own.map(|own| Self { origin: own.clone(), is_known: true }),
        };
        let origin = Origin::of(&absolute.parse().ok()?)?;
        let host = origin.host();
        if host.len() > MAX_HOST_LENGTH {
            return None;
        }
        let own_host = own.map(Origin::host);
        let mut known = HOSTS_OF_PLEX.into_iter().chain(own_host);
        let is_known = known.any(|known| known.eq_ignore_ascii_case(host));
        Some(Self { origin, is_known })
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Returns the origin. The redirecting server chose the host name in it, so do not log the
    /// origin. You can show it to the user who sent the request.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// The maximum length of a DNS name.
const MAX_HOST_LENGTH: usize = 253;

impl fmt::Display for RedirectTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_known { self.origin.fmt(f) } else { f.write_str("another host") }
    }
}

impl fmt::Debug for RedirectTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectTarget({self})")
    }
}
