use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, Scheme};

mod correction;
mod pages;

/// The maximum length of a base URL, in bytes.
// Together with the limits of everything that is appended, this keeps every URL below the 64 KiB
// that `Uri` supports, so that appending cannot fail.
const MAX_LENGTH: usize = 2048;

/// The validated base URL of plex.tv or of a media server.
///
/// It consists of `http` or `https`, a host, an optional port and an optional path prefix, such as
/// `/plex` for a server behind a reverse proxy. [`Display`](fmt::Display) shows the normalized
/// form, with the scheme in lowercase and without a trailing slash. Host names may contain `_`, as
/// container names often do. Internationalized names must be in their `xn--` form.
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
///     "the server URL does not start with http:// or https://; did you mean http://10.0.0.7:32400?"
/// );
/// # Ok::<(), plex_auth_proto::error::InvalidServerUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    scheme: Scheme,
    authority: Authority,
    /// The path prefix. If it is not empty, it starts with a slash and does not end with a slash.
    prefix: Box<str>,
}

impl ServerUrl {
    /// Returns the base URL of plex.tv's API: `https://plex.tv/api/v2`.
    pub fn plex_tv() -> Self {
        Self {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("plex.tv"),
            prefix: "/api/v2".into(),
        }
    }

    /// Returns the base URL for operations outside version 2 of plex.tv's API: this URL without a
    /// trailing `/api/v2`.
    pub(crate) fn outside_api(&self) -> Self {
        let prefix = self.prefix.strip_suffix("/api/v2").unwrap_or(&self.prefix);
        Self { prefix: prefix.into(), ..self.clone() }
    }

    /// Returns whether requests to this URL are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Returns the host. An IPv6 address is in brackets.
    pub(crate) fn host(&self) -> &str {
        self.authority.host()
    }

    /// Returns the port, if the URL contains one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.authority.port_u16()
    }

    /// Returns this URL with `path` and `query` appended. `path` starts with a slash. `query` is
    /// empty or starts with a question mark.
    pub(crate) fn join(&self, path: &str, query: &str) -> Uri {
        self.assemble([&self.prefix, path, query].concat())
    }

    fn assemble(&self, path_and_query: String) -> Uri {
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path_and_query)
            .build();
        debug_assert!(uri.is_ok(), "checked parts form a valid URI: {uri:?}");
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

/// Returns the base URL that was probably intended, if it is valid.
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
    // An `@` after a slash, question mark or number sign is also rejected, because these characters
    // may be part of a password.
    if rest.contains('@') {
        return Err(Problem::UserInfo);
    }
    if is_plex_web(rest) {
        return Err(Problem::PlexWeb);
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

/// Returns whether a URL, given without its scheme, points to a copy of Plex Web that is hosted by
/// a media server or by Plex.
fn is_plex_web(rest: &str) -> bool {
    let page = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    page.ends_with("/web")
        || page.ends_with("/web/index.html")
        || page.eq_ignore_ascii_case("app.plex.tv/desktop")
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
        None if correction::bracketed(authority).is_some() => return Err(Problem::Brackets),
        None if authority.matches(':').count() > 1 => return Err(Problem::Host),
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

/// Returns whether resolvers interpret the host as an IPv4 address, as they do if its last label
/// is a number. Resolvers also accept forms other than four decimal numbers, such as `127.8`,
/// `0x7f000008` or `010` (octal for eight), but disagree on what these mean.
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
    let is_segment = |segment: &str| {
        let mut bytes = segment.bytes();
        while let Some(byte) = bytes.next() {
            let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
            let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
            if !(plain || byte == b'%' && hex() && hex()) {
                return false;
            }
        }
        // Clients disagree on how to resolve `.` and `..`, including their percent-encoded forms.
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        !matches!(dots.as_str(), "" | "." | "..") && !segment.starts_with(':')
    };
    if prefix.split('/').skip(1).all(is_segment) { Ok(()) } else { Err(Problem::Path) }
}

/// An error for a string that is not a valid [`ServerUrl`], with the URL that was probably
/// intended, if that is clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidServerUrl {
    problem: ServerUrlProblem,
    corrected: Option<String>,
}

impl InvalidServerUrl {
    /// Returns the problem.
    pub fn problem(&self) -> ServerUrlProblem {
        self.problem
    }

    /// Returns the URL that was probably intended, if that is clear. You can suggest it to the
    /// user: it never contains a secret.
    pub fn corrected(&self) -> Option<&str> {
        self.corrected.as_deref()
    }
}

impl fmt::Display for InvalidServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server URL {}", self.problem)?;
        match &self.corrected {
            Some(corrected) => write!(f, "; did you mean {corrected}?"),
            None => {
                f.write_str("; use a URL such as http://10.0.0.7:32400 or https://example.com/plex")
            }
        }
    }
}

impl std::error::Error for InvalidServerUrl {}

/// The problem with a server URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerUrlProblem {
    /// The text is empty or only whitespace.
    #[error("is empty")]
    Empty,
    /// The text does not start with `http://` or `https://`.
    #[error("does not start with http:// or https://")]
    Scheme,
    /// The text contains whitespace or a control character.
    #[error("contains whitespace or a control character")]
    Space,
    /// The text contains a non-ASCII character. Encode the host as Punycode (`xn--…`), and
    /// percent-encode the rest.
    #[error(
        "contains a non-ASCII character (encode the host as Punycode and percent-encode the rest)"
    )]
    NotAscii,
    /// The text contains an `@`, so it may include a username or password, which would be ignored
    /// or displayed. In a path, write `@` as `%40`.
    #[error("contains a username, a password, or an @ that is not percent-encoded")]
    UserInfo,
    /// The text contains a query.
    #[error("contains a query, which is not allowed")]
    Query,
    /// The text contains a fragment.
    #[error("contains a fragment (#), which is not allowed")]
    Fragment,
    /// The URL points to Plex Web, and was probably copied from a browser.
    #[error("points to Plex Web, not to the server")]
    PlexWeb,
    /// The host is missing or invalid.
    #[error("has no valid host")]
    Host,
    /// The host is numeric, but not an IPv4 address of four decimal numbers without leading zeros.
    #[error(
        "has a numeric host that is not an IPv4 address (four decimal numbers from 0 to 255 without leading zeros)"
    )]
    Address,
    /// An IPv6 address is not in brackets.
    #[error("has an IPv6 address without brackets")]
    Brackets,
    /// The port is not a number from 1 to 65535.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// The path prefix contains an empty segment, `.` or `..`, or a character that must be
    /// percent-encoded.
    #[error(
        "has a path with an empty segment, a dot segment or a character that must be percent-encoded"
    )]
    Path,
    /// The text is longer than 2048 bytes.
    #[error("is longer than 2048 bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
