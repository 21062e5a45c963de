//! Parsing of `NO_PROXY`: the hosts that bypass the proxy.

use std::net::{IpAddr, Ipv6Addr};

use crate::invalid_transport::InvalidTransport;

/// The hosts that bypass the proxy, as listed in `NO_PROXY`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    /// The only port that the entry applies to, or `None` if it applies to all ports.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A single host: an IPv4 address, an IPv6 address in brackets, or a name with a final dot.
    One(String),
    /// A name and its subdomains.
    Name(String),
    /// All hosts that start with this text.
    Start(String),
    /// All hosts that end with this text and are longer than it.
    End(String),
}

impl NoProxy {
    /// Parses a list. Entries may also be separated by whitespace, as in curl.
    pub(super) fn read(list: &str) -> Result<Self, InvalidTransport> {
        let entries = list.split(|character: char| character == ',' || character.is_whitespace());
        let entries =
            entries.filter(|entry| !entry.is_empty()).enumerate().map(|(index, entry)| {
                Entry::read(&entry.to_ascii_lowercase())
                    .ok_or(InvalidTransport::NoProxyEntry { number: index.saturating_add(1) })
            });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether the list contains this host and port. An IPv6 address may be in brackets.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let host = ipv6(&host).map_or(host, |address| format!("[{address}]"));
        self.0
            .iter()
            .any(|entry| entry.port.is_none_or(|only| only == port) && entry.hosts.contains(&host))
    }
}

impl Entry {
    /// Parses an entry. Returns `None` if it is invalid.
    fn read(entry: &str) -> Option<Self> {
        if let Some(address) = ipv6(entry) {
            return Some(Self { hosts: Hosts::One(format!("[{address}]")), port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(read_port(port)?)),
            None => (entry, None),
        };
        Some(Self { hosts: Hosts::read(host)?, port })
    }
}

impl Hosts {
    fn read(host: &str) -> Option<Self> {
        if let Some(address) = ipv6(host).filter(|_| host.starts_with('[')) {
            return Some(Self::One(format!("[{address}]")));
        }
        let (start, end) = (host.strip_suffix('*'), host.strip_prefix('*'));
        let text = end.or(start).unwrap_or(host);
        let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        // A slash would mean a network or a URL.
        if host.is_empty() || !text.bytes().all(is_host_byte) {
            return None;
        }
        let text = text.to_owned();
        Some(if host == "*" {
            Self::All
        } else if end.is_some() || host.starts_with('.') {
            Self::End(text)
        } else if start.is_some() {
            Self::Start(text)
        } else if host.ends_with('.') || host.parse::<IpAddr>().is_ok() {
            Self::One(text)
        } else {
            Self::Name(text)
        })
    }

    fn contains(&self, host: &str) -> bool {
        let ends_with = |end: &str| host.len() > end.len() && host.ends_with(end);
        match self {
            Self::All => true,
            Self::One(one) => host == one,
            Self::Name(name) => {
                host == name
                    || host.strip_suffix(name.as_str()).is_some_and(|sub| sub.ends_with('.'))
            }
            Self::Start(start) => host.starts_with(start),
            Self::End(end) => ends_with(end),
        }
    }
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.unwrap_or(text).parse().ok()
}

fn read_port(port: &str) -> Option<u16> {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| is_number && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::NoProxy;
    use crate::invalid_transport::InvalidTransport;

    #[test]
    fn common_forms_are_understood() {
        for (list, inside, outside) in [
            ("", &[][..], &[("plex.tv", 443)][..]),
            (" , ,", &[], &[("plex.tv", 443)]),
            (
                "10.0.0.7, 10.0.0.8 ,\t10.0.0.9 10.0.0.10",
                &[("10.0.0.7", 80), ("10.0.0.8", 1), ("10.0.0.9", 1), ("10.0.0.10", 1)],
                &[("10.0.0.1", 80), ("10.0.0.70", 80), ("a.10.0.0.7", 80)],
            ),
            (
                "::1,[fd00::1],[0:0:0:0:0:0:0:2]:32400",
                &[("[::1]", 1), ("[fd00::1]", 1), ("[::2]", 32400), ("[0::2]", 32400)],
                &[("[::2]", 80), ("[::3]", 32400)],
            ),
            (
                "10.0.0.7:32400,attic:80",
                &[("10.0.0.7", 32400), ("attic", 80), ("a.attic", 80)],
                &[("10.0.0.7", 80), ("attic", 443), ("a.attic", 443)],
            ),
            (
                "Plex.example",
                &[("plex.example", 1), ("PLEX.example", 1), ("a.plex.example", 1)],
                &[("notplex.example", 1), ("plex.example.net", 1)],
            ),
            (
                ".plex.example,*.home.example",
                &[("a.plex.example", 1), ("a.home.example", 1)],
                &[("plex.example", 1), ("home.example", 1)],
            ),
            ("192.168.0.*", &[("192.168.0.7", 1)], &[("192.168.1.7", 1)]),
            ("*", &[("plex.tv", 443), ("[::1]", 1)], &[]),
        ] {
            let list = NoProxy::read(list).unwrap();
            for (host, port) in inside {
                assert!(list.contains(host, *port), "{list:?} {host}:{port}");
            }
            for (host, port) in outside {
                assert!(!list.contains(host, *port), "{list:?} {host}:{port}");
            }
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for entry in [
            "192.168.0.0/16",
            "fd00::/8",
            "http://plex.example",
            "plex.example:",
            "plex.example:0",
            "plex.example:http",
            "plex.example:99999",
            "plex.*.example",
            "<local>",
            "[::1",
            "pl\u{e9}x.example",
            "rosa@plex.example",
        ] {
            let error = NoProxy::read(&format!("localhost, {entry}")).unwrap_err();
            assert_eq!(error, InvalidTransport::NoProxyEntry { number: 2 }, "{entry}");
        }
    }
}
