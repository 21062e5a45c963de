//! Reading `NO_PROXY`: the hosts to which a connection is direct.

use std::net::{IpAddr, Ipv6Addr};

use crate::invalid_transport::InvalidTransport;

/// Reads a list into the patterns that ureq compares with the host of a URL. White space separates, too, as in curl.
pub(super) fn patterns(list: &str) -> Result<Vec<String>, InvalidTransport> {
    let mut patterns = Vec::new();
    let entries = list.split(|character: char| character == ',' || character.is_whitespace());
    for (index, entry) in entries.filter(|entry| !entry.is_empty()).enumerate() {
        patterns.extend(
            read(entry)
                .ok_or(InvalidTransport::NoProxyEntry { number: index.saturating_add(1) })?,
        );
    }
    Ok(patterns)
}

/// The patterns of one entry; `None` if it is not understood.
fn read(entry: &str) -> Option<Vec<String>> {
    if let Some(address) = ipv6(entry) {
        return Some(vec![format!("[{address}]")]);
    }
    // ureq does not look at the port, so that all of the host's are meant.
    let host = match entry.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        Some(_) => return None,
        None => entry,
    };
    if let Some(address) = ipv6(host).filter(|_| host.starts_with('[')) {
        return Some(vec![format!("[{address}]")]);
    }
    if !is_pattern(host) {
        return None;
    }
    let is_name = !host.starts_with(['*', '.'])
        && !host.ends_with(['*', '.'])
        && host.parse::<IpAddr>().is_err();
    // A name means its subdomains, too, in curl and most others.
    let subdomains = is_name.then(|| format!(".{host}"));
    Some([host.to_owned()].into_iter().chain(subdomains).collect())
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.unwrap_or(text).parse().ok()
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether it is a host, with a `*` at its start or its end only. A slash is a network's or a URL's.
fn is_pattern(host: &str) -> bool {
    let inside = host.strip_prefix('*').or_else(|| host.strip_suffix('*')).unwrap_or(host);
    let is_of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !host.is_empty() && inside.bytes().all(is_of_a_host)
}

#[cfg(test)]
mod tests {
    use super::patterns;
    use crate::invalid_transport::InvalidTransport;

    #[test]
    fn common_forms_are_understood() {
        for (list, expected) in [
            ("", &[][..]),
            (" , ,", &[]),
            (
                "10.0.0.7, 10.0.0.8 ,\t10.0.0.9 10.0.0.10",
                &["10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10"],
            ),
            ("::1,[fd00::1],[0:0:0:0:0:0:0:1]:32400", &["[::1]", "[fd00::1]", "[::1]"]),
            ("10.0.0.7:32400,attic:80", &["10.0.0.7", "attic", ".attic"]),
            ("plex.example", &["plex.example", ".plex.example"]),
            (
                ".plex.example,*.plex.example,192.168.0.*,10.,*",
                &[".plex.example", "*.plex.example", "192.168.0.*", "10.", "*"],
            ),
        ] {
            assert_eq!(patterns(list).unwrap(), expected, "{list}");
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
            let error = patterns(&format!("localhost, {entry}")).unwrap_err();
            assert_eq!(error, InvalidTransport::NoProxyEntry { number: 2 }, "{entry}");
        }
    }
}
