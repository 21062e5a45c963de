//! Name lookup within a deadline.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use plex_auth_proto::error::TransportErrorKind;

use super::target::Target;
use crate::deadline::Deadline;
use crate::failure::Failure;

// A host with more addresses than can be tried within the limit has no use for the others.
const MAX_ADDRESSES: usize = 16;

/// Returns the addresses of a host, at least one. A literal address needs no lookup. For a name, a thread asks the
/// system's resolver, which has no time limit: the thread ends when the resolver does.
pub(super) fn addresses(target: &Target, deadline: Deadline) -> Result<Vec<SocketAddr>, Failure> {
    let port = target.port();
    if let Ok(address) = target.bare_host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let timed_out = |_| Failure::not_sent(TransportErrorKind::TimedOut(deadline.limit()));
    let left = deadline.left().map_err(timed_out)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let host = target.bare_host().to_owned();
    let lookup = move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // The receiver may have timed out.
        let _ = sender.send(found.map(|found| found.take(MAX_ADDRESSES).collect::<Vec<_>>()));
    };
    thread::Builder::new()
        .name("name lookup".to_owned())
        .spawn(lookup)
        .map_err(|_| Failure::not_sent(TransportErrorKind::Other))?;
    match receiver.recv_timeout(left) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Failure::not_sent(TransportErrorKind::NameNotFound)),
        Err(_) => Err(Failure::not_sent(TransportErrorKind::TimedOut(deadline.limit()))),
    }
}
