//! The request for a tunnel through an HTTP proxy.

use std::io::{self, ErrorKind, Read, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plex_auth_proto::error::TransportErrorKind;

use super::stream::Stream;
use super::target::Target;
use crate::deadline::{Deadline, is_exceeded};
use crate::failure::Failure;
use crate::proxy::ChosenProxy;

// Proxies send few headers. A longer response is a web page or is not from a proxy.
const MAX_HEAD: usize = 16 * 1024;

/// Asks the proxy for a connection to the target.
pub(super) fn establish(
    stream: &mut Stream,
    target: &Target,
    proxy: &ChosenProxy,
    deadline: Deadline,
) -> Result<(), Failure> {
    let head = stream
        .write_all(request(target, proxy).as_bytes())
        .and_then(|()| stream.flush())
        .and_then(|()| read_head(stream))
        .map_err(|error| {
            let timed_out = TransportErrorKind::TimedOut(deadline.limit());
            Failure::not_sent(if is_exceeded(&error) {
                timed_out
            } else {
                TransportErrorKind::Proxy
            })
        })?;
    if is_established(&head) { Ok(()) } else { Err(Failure::not_sent(TransportErrorKind::Proxy)) }
}

/// Converts a failure to reach the proxy into [`TransportErrorKind::Proxy`], unless it is a
/// timeout.
pub(super) fn proxy_failure(failure: Failure) -> Failure {
    match failure.kind() {
        TransportErrorKind::TimedOut(_) => failure,
        _ => Failure::not_sent(TransportErrorKind::Proxy),
    }
}

fn request(target: &Target, proxy: &ChosenProxy) -> String {
    let (host, port) = (target.host(), target.port());
    let authorization = proxy.credentials().map_or_else(String::new, |(user, password)| {
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        format!("Proxy-Authorization: Basic {credentials}\r\n")
    });
    format!(
        "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nProxy-Connection: \
         Keep-Alive\r\n{authorization}\r\n"
    )
}

/// Reads the head of the response. Nothing may follow it, because in both TLS and HTTP, the client
/// sends first.
fn read_head(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        head.extend(buffer.iter().take(length));
        if head.len() > MAX_HEAD {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    Ok(head)
}

fn is_established(head: &[u8]) -> bool {
    let version = head.strip_prefix(b"HTTP/1.0 ").or_else(|| head.strip_prefix(b"HTTP/1.1 "));
    version.is_some_and(|rest| match rest {
        [b'2', b'0'..=b'9', b'0'..=b'9', b' ' | b'\r', ..] => rest.ends_with(b"\r\n\r\n"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::is_established;

    #[test]
    fn tunnel_needs_a_success_without_extra_bytes() {
        for (head, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", true),
            ("HTTP/1.0 200\r\nvia: x\r\n\r\n", true),
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false),
            ("HTTP/1.1 2000\r\n\r\n", false),
            ("HTTP/2 200\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\n\r\n<html>", false),
            ("SSH-2.0\r\n\r\n", false),
        ] {
            assert_eq!(is_established(head.as_bytes()), expected, "{head:?}");
        }
    }
}
