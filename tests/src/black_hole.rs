//! A port on which connection attempts neither succeed nor fail.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A port on `127.0.0.1` that ignores every attempt to connect, like a host behind a firewall that
/// drops packets. It stays open until this value is dropped.
///
/// It is a listener with a full accept queue: Linux drops further SYN packets. Other systems may
/// accept or refuse the connection instead, and [`open`](Self::open) then fails.
#[derive(Debug)]
pub struct BlackHole {
    port: u16,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

/// Enough attempts to fill an accept queue of the minimum length.
const ATTEMPTS: usize = 64;

/// The time after which an attempt counts as ignored.
const TIMEOUT: Duration = Duration::from_millis(300);

impl BlackHole {
    /// Opens a black hole on a free port.
    ///
    /// # Errors
    ///
    /// Returns an error if the listener cannot be opened, or if connections to a full listener do
    /// not hang on this system.
    pub fn open() -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(0)?;
        let address = listener.local_addr()?.as_socket();
        let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut queue = Vec::new();
        for _ in 0..ATTEMPTS {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(stream) => queue.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Ok(Self { port: address.port(), _listener: listener, _queue: queue });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("this system accepts connections although the queue is full"))
    }

    /// Returns the URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn connecting_times_out() {
        let hole = BlackHole::open().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, hole.port));
        let error = TcpStream::connect_timeout(&address, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
