use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, Scheme};

mod correction;
mod pages;

/// The longest base URL, in bytes. Together with the bounds of what is joined to it, this keeps every
/// URL under the 64 KiB that [`Uri`] can hold, so that joining cannot fail.
const MAX_LENGTH: usize = 2048;

/// The base URL of plex.tv or of a media server, checked once so that requests can be made without
/// failing: `http` or `https`, a host, perhaps a port, perhaps a path prefix (a reverse proxy's), and
/// nothing else.
///
/// [`Display`](fmt::Display) gives the normal form: scheme in lower case, no slash at the end. Host names
/// may have `_`, as the names of containers do; names beyond ASCII are written in their `xn--` form.
///
/// ```
/// use plex_auth_proto::ServerUrl;
///
/// let url: ServerUrl = "HTTP://10.0.0.7:32400/".parse()?;
/// assert_eq!(url.to_string(), "http://10.0.0.7:32400");
/// let url: ServerUrl = "https://example.com/plex/".parse()?;
/// assert_eq!(url.to_string(), "https://example.com/plex");
///
/// let error = "10.0.0.7:32400".parse::<ServerUrl>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the server URL does not start with http:// or https://; did you mean http://10.0.0.7:32400"
/// );
/// # Ok::<(), plex_auth_proto::error::InvalidServerUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    scheme: Scheme,
    authority: Authority,
    /// Empty, or starting with a slash and not ending with one.
    prefix: Box<str>,
}

impl ServerUrl {
    /// Where the real plex.tv has its API: `https://plex.tv/api/v2`.
    pub fn plex_tv() -> Self {
        Self {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("plex.tv"),
            prefix: "/api/v2".into(),
        }
    }

    /// The base of the few calls of plex.tv that lie outside its API: this URL less `/api/v2` at its end.
    pub(crate) fn outside_api(&self) -> Self {
        let prefix = self.prefix.strip_suffix("/api/v2").unwrap_or(&self.prefix);
        Self { prefix: prefix.into(), ..self.clone() }
    }

    /// Returns whether requests to this URL are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The host, an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port, if the URL names one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.authority.port_u16()
    }

    /// The URL of `path`, which starts with a slash, below this one.
    pub(crate) fn join(&self, path: &str, query: &str) -> Uri {
        self.assemble([&self.prefix, path, query].concat())
    }

    fn assemble(&self, path_and_query: String) -> Uri {
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path_and_query)
            .build();
        debug_assert!(uri.is_ok(), "checked parts join: {uri:?}");
        uri.unwrap_or_default()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

impl FromStr for ServerUrl {
    type Err = InvalidServerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServerUrl> {
        let text = text.trim();
        parse(text).map_err(|problem| InvalidServerUrl { problem, corrected: corrected(text) })
    }
}

/// The base URL that was probably meant, if that is one.
fn corrected(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let url = parse(&correction::guess(text)?).ok()?;
    Some(url.to_string())
}

fn parse(text: &str) -> Result<ServerUrl, ServerUrlProblem> {
    use ServerUrlProblem as Problem;
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(Problem::TooLong);
    }
    if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(Problem::Space);
    }
    if !text.is_ascii() {
        return Err(Problem::NotAscii);
    }
    let (scheme, rest) = text.split_once("://").ok_or(Problem::Scheme)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::HTTP,
        "https" => Scheme::HTTPS,
        _ => return Err(Problem::Scheme),
    };
    // Also behind a slash, a question mark or a number sign, which may be one of a password.
    if rest.contains('@') {
        return Err(Problem::UserInfo);
    }
    if rest.contains('#') {
        return Err(Problem::Fragment);
    }
    if rest.contains('?') {
        return Err(Problem::Query);
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    check_authority(authority)?;
    let prefix = path.trim_end_matches('/');
    check_prefix(prefix)?;
    Ok(ServerUrl {
        scheme,
        authority: authority.parse().map_err(|_| Problem::Host)?,
        prefix: prefix.into(),
    })
}

fn check_authority(authority: &str) -> Result<(), ServerUrlProblem> {
    use ServerUrlProblem as Problem;
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or(Problem::Host)?;
            address.parse::<Ipv6Addr>().map_err(|_| Problem::Host)?;
            match rest.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None if rest.is_empty() => (address, None),
                None => return Err(Problem::Host),
            }
        }
        None if authority.matches(':').count() > 1 => return Err(Problem::Brackets),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if let Some(port) = port {
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !port.parse::<u16>().is_ok_and(|port| port != 0) {
            return Err(Problem::Port);
        }
    }
    if !authority.starts_with('[') && is_number(host) && host.parse::<Ipv4Addr>().is_err() {
        return Err(Problem::Address);
    }
    let is_name = |host: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let labels = host.strip_suffix('.').unwrap_or(host);
        host.bytes().all(known) && labels.split('.').all(|label| !label.is_empty())
    };
    if authority.starts_with('[') || is_name(host) { Ok(()) } else { Err(Problem::Host) }
}

/// Whether resolvers read the host as an IPv4 address: its last label is a number. They also read other forms than four
/// decimal numbers, each in its own way: `127.8`, `0x7f000008`, and `010` as eight.
fn is_number(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn check_prefix(prefix: &str) -> Result<(), ServerUrlProblem> {
    use ServerUrlProblem as Problem;
    if prefix.is_empty() {
        return Ok(());
    }
    if prefix.ends_with("/web") || prefix.ends_with("/web/index.html") {
        return Err(Problem::PlexWeb);
    }
    let is_segment = |segment: &str| {
        let mut bytes = segment.bytes();
        while let Some(byte) = bytes.next() {
            let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
            let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
            if !(plain || byte == b'%' && hex() && hex()) {
                return false;
            }
        }
        // Clients resolve `.` and `..` in their own ways, percent-encoded ones too.
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        !matches!(dots.as_str(), "" | "." | "..") && !segment.starts_with(':')
    };
    if prefix.split('/').skip(1).all(is_segment) { Ok(()) } else { Err(Problem::Path) }
}

/// A text that cannot be a [`ServerUrl`], and the form that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidServerUrl {
    problem: ServerUrlProblem,
    corrected: Option<String>,
}

impl InvalidServerUrl {
    /// What is wrong.
    pub fn problem(&self) -> ServerUrlProblem {
        self.problem
    }

    /// The URL that was probably meant, to offer to whoever typed it. Never has a secret.
    pub fn corrected(&self) -> Option<&str> {
        self.corrected.as_deref()
    }
}

impl fmt::Display for InvalidServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server URL {}", self.problem)?;
        match &self.corrected {
            Some(corrected) => write!(f, "; did you mean {corrected}"),
            None => {
                f.write_str("; it looks like http://10.0.0.7:32400 or https://example.com/plex")
            }
        }
    }
}

impl std::error::Error for InvalidServerUrl {}

/// What is wrong with a server URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerUrlProblem {
    /// Nothing is left when white space is trimmed.
    #[error("is empty")]
    Empty,
    /// It does not start with `http://` or `https://`.
    #[error("does not start with http:// or https://")]
    Scheme,
    /// There is white space or a control character inside.
    #[error("has white space or a control character inside")]
    Space,
    /// There is a character beyond ASCII: write the host in its `xn--` form, a path percent-encoded.
    #[error(
        "has a character beyond ASCII; write the host in its xn-- form, a path percent-encoded"
    )]
    NotAscii,
    /// There is a user name or a password before the host, or another `@`; in a path it is written `%40`.
    /// They would be sent to nobody, or shown.
    #[error("has a user name or password in it (an @), which is not used")]
    UserInfo,
    /// There is a query.
    #[error("has a query, which a base URL has not")]
    Query,
    /// There is a fragment.
    #[error("has a fragment (#), which a base URL has not")]
    Fragment,
    /// It is the address of Plex Web, as copied from a browser.
    #[error("is the address of Plex Web, not of the server")]
    PlexWeb,
    /// The host is missing or has a character that a host has not.
    #[error("has no host, or one that cannot be")]
    Host,
    /// The host is a number, but not an IPv4 address of four decimal numbers without leading zeros.
    #[error(
        "has a numeric host that is not four decimal numbers from 0 to 255 without leading zeros"
    )]
    Address,
    /// An IPv6 address stands without brackets.
    #[error("has an IPv6 address without brackets")]
    Brackets,
    /// The port is no number from 1 to 65535.
    #[error("has a port that is no number from 1 to 65535")]
    Port,
    /// The path prefix has an empty segment, `.` or `..`, or a character to be percent-encoded.
    #[error("has a path with an empty segment, a dot segment or a character to be percent-encoded")]
    Path,
    /// It is longer than 2048 bytes.
    #[error("is longer than 2048 bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
