//! Opening a TCP connection to one of several addresses.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

use plex_auth_proto::error::TransportErrorKind;

use super::socket::Socket;
use super::stream::Stream;
use crate::deadline::{Deadline, is_exceeded};
use crate::failure::Failure;

/// Connects to the first address that accepts. Each address except the last gets half of the
/// remaining time, so that an address that does not respond leaves time for the next one.
pub(super) fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Stream, Failure> {
    let mut last = TransportErrorKind::NameNotFound;
    let count = addresses.len();
    for (index, address) in addresses.iter().enumerate() {
        let is_last = index.saturating_add(1) == count;
        match deadline.left().and_then(|left| {
            let share = if is_last { left } else { left / 2 };
            TcpStream::connect_timeout(address, share)
        }) {
            Ok(stream) => return Ok(Stream::Plain(Socket::new(stream, deadline))),
            Err(error) => last = classify(&error, deadline),
        }
    }
    Err(Failure::not_sent(last))
}

fn classify(error: &io::Error, deadline: Deadline) -> TransportErrorKind {
    match error.kind() {
        ErrorKind::ConnectionRefused => TransportErrorKind::Refused,
        // The connection was accepted and ended immediately, as happens if the listener closes
        // while the connection is still in its queue.
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => TransportErrorKind::CutOff,
        _ if is_exceeded(error) => TransportErrorKind::TimedOut(deadline.limit()),
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::TimedOut => TransportErrorKind::Unreachable,
        _ => TransportErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Duration;

    use plex_auth_proto::error::TransportErrorKind;

    use super::{Deadline, classify};

    #[test]
    fn closing_listener_cuts_off() {
        let deadline = Deadline::after(Duration::from_secs(1));
        for (kind, expected) in [
            (ErrorKind::ConnectionRefused, TransportErrorKind::Refused),
            (ErrorKind::ConnectionReset, TransportErrorKind::CutOff),
            (ErrorKind::ConnectionAborted, TransportErrorKind::CutOff),
            (ErrorKind::NetworkUnreachable, TransportErrorKind::Unreachable),
            (ErrorKind::TimedOut, TransportErrorKind::TimedOut(Duration::from_secs(1))),
            (ErrorKind::PermissionDenied, TransportErrorKind::Other),
        ] {
            assert_eq!(classify(&kind.into(), deadline), expected, "{kind:?}");
        }
    }
}
