//! The IP address in the host of a URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::values::server_url::ServerUrl;

/// Returns the address in a URL's host, if there is one: an IP address literal, or the address in a
/// `plex.direct` name.
pub(super) fn of_host(url: &ServerUrl) -> Option<IpAddr> {
    of_literal(url).or_else(|| of_plex_direct(url))
}

/// Returns the address if the host is an IP address literal.
pub(super) fn of_literal(url: &ServerUrl) -> Option<IpAddr> {
    let host = url.host();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Returns the address that the host resolves to, if it is a name such as
/// `10-0-2-1.<hash>.plex.direct` or `fd00-0-0-0-0-0-0-1.<hash>.plex.direct`.
pub(super) fn of_plex_direct(url: &ServerUrl) -> Option<IpAddr> {
    let host = url.host().to_ascii_lowercase();
    let name = host.strip_suffix('.').unwrap_or(&host).strip_suffix(".plex.direct")?;
    let label = name.split('.').next()?;
    let v4 = label.replace('-', ".").parse::<Ipv4Addr>().map(IpAddr::V4);
    let v6 = || label.replace('-', ":").parse::<Ipv6Addr>().map(IpAddr::V6);
    v4.or_else(|_| v6()).ok().map(|address| address.to_canonical())
}

/// Returns whether the address counts as private: loopback, RFC 1918, or ULA (RFC 4193).
///
/// 100.64.0.0/10 does not count as private, because carriers and Tailscale use it across networks.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Returns whether the address cannot be used in a URL: it is unspecified, or it is an IPv6
/// link-local address, which requires a zone that the URL does not contain.
pub(super) fn is_unroutable(address: IpAddr) -> bool {
    address.is_unspecified()
        || matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> ServerUrl {
        format!("https://{host}:32400").parse().unwrap()
    }

    #[test]
    fn address_is_read_from_the_host() {
        for (host, address) in [
            ("10.0.2.1", Some("10.0.2.1")),
            ("[fd00::1]", Some("fd00::1")),
            ("[::ffff:10.0.2.1]", Some("10.0.2.1")),
            ("10-0-2-1.feed.plex.direct", Some("10.0.2.1")),
            ("10-0-2-1.FEED.Plex.Direct.", Some("10.0.2.1")),
            ("2001-db8-0-0-0-0-0-5.feed.plex.direct", Some("2001:db8::5")),
            ("fd00--1.feed.plex.direct", Some("fd00::1")),
            ("--1.feed.plex.direct", Some("::1")),
            ("10-0-2.feed.plex.direct", None),
            ("10-0-2-256.feed.plex.direct", None),
            ("10-0-2-1.feed.notplex.direct", None),
            ("10-0-2-1.feed.plex.direct.example", None),
            ("10-0-2-1.sslip.io", None),
            ("plex.direct", None),
            ("localhost", None),
        ] {
            let expected = address.map(|address| address.parse().unwrap());
            assert_eq!(of_host(&url(host)), expected, "{host}");
        }
        assert_eq!(of_literal(&url("10-0-2-1.feed.plex.direct")), None);
        assert_eq!(of_plex_direct(&url("10.0.2.1")), None);
    }

    #[test]
    fn private_addresses_follow_the_rfcs() {
        for (address, private) in [
            ("127.8.0.1", true),
            ("10.255.0.1", true),
            ("172.31.0.1", true),
            ("192.168.0.1", true),
            ("::1", true),
            ("fc00::1", true),
            ("fdff::1", true),
            ("172.32.0.1", false),
            ("100.64.0.1", false),
            ("100.127.0.1", false),
            ("169.254.0.1", false),
            ("203.0.113.9", false),
            ("fec0::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
        for (address, unroutable) in
            [("0.0.0.0", true), ("::", true), ("fe80::1", true), ("169.254.0.1", false)]
        {
            assert_eq!(is_unroutable(address.parse().unwrap()), unroutable, "{address}");
        }
    }
}
