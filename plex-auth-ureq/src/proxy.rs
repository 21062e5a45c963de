//! Parsing, validation and redaction of proxy settings.

use std::env;
use std::ffi::OsString;

use ureq::{Proxy, ProxyProtocol};

use crate::invalid_transport::InvalidTransport;

mod address;
mod chosen;
mod no_proxy;

pub(crate) use address::ProxyAddress;
pub(crate) use chosen::ChosenProxy;
use no_proxy::NoProxy;

/// Parses a proxy URL.
pub(crate) fn from_url(url: &str) -> Result<ChosenProxy, InvalidTransport> {
    read_url(url).map(|proxy| ChosenProxy::new(proxy, NoProxy::default()))
}

fn read_url(url: &str) -> Result<Proxy, InvalidTransport> {
    // The parser drops everything after a number sign. That may include the rest of a password and
    // the host.
    if url.contains('#') {
        return Err(InvalidTransport::ProxyUrl);
    }
    Proxy::new(url).map_err(|_| InvalidTransport::ProxyUrl).and_then(check)
}

/// Reads the proxy from the environment, if one is set.
pub(crate) fn from_env() -> Result<Option<ChosenProxy>, InvalidTransport> {
    from_variables(|name| env::var_os(name))
}

fn from_variables(
    get: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<ChosenProxy>, InvalidTransport> {
    let first =
        |names: &[&str]| names.iter().filter_map(|name| get(name)).find(|value| !value.is_empty());
    let Some(url) = first(&PROXY_VARIABLES) else { return Ok(None) };
    let proxy = read_url(url.to_str().ok_or(InvalidTransport::ProxyUrl)?)?;
    let no_proxy = match first(&NO_PROXY_VARIABLES) {
        // An entry that is not UTF-8 is invalid.
        Some(list) => NoProxy::read(&list.to_string_lossy())?,
        None => NoProxy::default(),
    };
    Ok(Some(ChosenProxy::new(proxy, no_proxy)))
}

fn check(proxy: Proxy) -> Result<Proxy, InvalidTransport> {
    let supported = match proxy.protocol() {
        ProxyProtocol::Http => true,
        ProxyProtocol::Https => cfg!(feature = "rustls"),
        // The tunnel supports only HTTP proxies.
        _ => false,
    };
    if !supported {
        Err(InvalidTransport::ProxyProtocol)
    } else if !is_plain(&proxy) {
        Err(InvalidTransport::ProxyUrl)
    } else {
        Ok(proxy)
    }
}

/// Returns whether the URL has only a scheme, credentials, a host and a port. An unencoded slash or
/// question mark in the password would change the host.
fn is_plain(proxy: &Proxy) -> bool {
    let uri = proxy.uri();
    let after_user_info =
        uri.authority().and_then(|authority| authority.as_str().rsplit('@').next());
    let port = after_user_info.and_then(|rest| rest.strip_prefix(proxy.host()));
    // The parser ignores an invalid port.
    let has_valid_port = port == Some("") || uri.port_u16().is_some();
    let has_no_path = matches!(uri.path(), "" | "/") && uri.query().is_none();
    !proxy.host().is_empty() && has_valid_port && has_no_path
}

const PROXY_VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

const NO_PROXY_VARIABLES: [&str; 2] = ["NO_PROXY", "no_proxy"];

#[cfg(test)]
mod tests {
    use super::from_variables;
    use crate::invalid_transport::InvalidTransport;

    #[test]
    fn exceptions_apply_and_credentials_are_kept() {
        let proxy = from_variables(|name| match name {
            "HTTPS_PROXY" => Some("http://rosa:p%40ss@proxy.example:3128".into()),
            "no_proxy" => Some("localhost, ::1, 10.0.0.7:32400, plex.example".into()),
            _ => None,
        });
        let proxy = proxy.unwrap().unwrap();
        assert_eq!(proxy.credentials(), Some(("rosa", "p@ss")));
        assert_eq!(format!("{:?}", proxy.address()), "http://proxy.example:3128");
        for (host, port, is_direct) in [
            ("localhost", 32400, true),
            ("[::1]", 32400, true),
            ("10.0.0.7", 32400, true),
            ("10.0.0.7", 80, false),
            ("a.plex.example", 443, true),
            ("notplex.example", 443, false),
            ("[::2]", 32400, false),
            ("plex.tv", 443, false),
        ] {
            assert_eq!(!proxy.applies_to(host, port), is_direct, "{host}:{port}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn entry_that_is_not_utf8_is_named() {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt;

        let error = from_variables(|name| match name {
            "HTTPS_PROXY" => Some("http://proxy.example:3128".into()),
            "NO_PROXY" => Some(OsString::from_vec(b"localhost, caf\xe9.example".to_vec())),
            _ => None,
        });
        assert_eq!(error.unwrap_err(), InvalidTransport::NoProxyEntry { number: 2 });
    }

    #[test]
    fn first_variable_that_is_set_decides() {
        let read = |variables: &'static [(&'static str, &'static str)]| {
            from_variables(move |name| {
                let set = variables.iter().find(|(variable, _)| *variable == name);
                set.map(|(_, value)| value.into())
            })
        };
        assert!(read(&[("NO_PROXY", "10.0.0.0/8")]).unwrap().is_none());
        let proxy = read(&[("ALL_PROXY", ""), ("http_proxy", "proxy.example")]).unwrap().unwrap();
        assert_eq!(proxy.host(), "proxy.example");
        let network = read(&[("ALL_PROXY", "proxy.example"), ("NO_PROXY", "a, 10.0.0.0/8")]);
        assert_eq!(network.unwrap_err(), InvalidTransport::NoProxyEntry { number: 2 });
        for url in ["http://", "http://rosa:12#34@proxy.example"] {
            let variables = [("ALL_PROXY", url), ("HTTP_PROXY", "proxy.example")];
            let error = from_variables(|name| {
                let set = variables.iter().find(|(variable, _)| *variable == name);
                set.map(|(_, value)| value.into())
            });
            assert_eq!(error.unwrap_err(), InvalidTransport::ProxyUrl, "{url}");
        }
    }
}
