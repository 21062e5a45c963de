//! The warning about a plain HTTP URL that the user specified.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use plex_auth_ureq::ServerUrl;
use plex_auth_ureq::http::Uri;

use crate::output::warning;

/// Whether the warning has been printed. It is printed only once.
static WARNED: AtomicBool = AtomicBool::new(false);

/// Warns about a plain HTTP URL, unless it points to this computer. The warning ends with `remedy`.
pub(crate) fn warn(url: &ServerUrl, remedy: &str) {
    if url.is_https() || is_this_computer(url) || WARNED.swap(true, Ordering::Relaxed) {
        return;
    }
    warning(&format!(
        "the connection to {url} is not encrypted: anyone on the network path can read what is sent, including any token; {remedy}"
    ));
}

fn is_this_computer(url: &ServerUrl) -> bool {
    let uri: Option<Uri> = url.to_string().parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().to_ascii_lowercase();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    match address {
        Some(address) => address.to_canonical().is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn loopback_addresses_are_this_computer() {
        for (host, expected) in [
            ("127.0.0.1:1", true),
            ("127.1.2.3", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]", true),
            ("LocalHost:1", true),
            ("nas.localhost", true),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("192.168.1.5", false),
            ("0.0.0.0", false),
        ] {
            let url = format!("http://{host}").parse().unwrap();
            assert_eq!(super::is_this_computer(&url), expected, "{host}");
        }
    }
}
