//! A connection with or without TLS.

use std::io::{self, Read, Write};

#[cfg(feature = "rustls")]
use rustls::{ClientConnection, StreamOwned};

use super::socket::Socket;
use crate::deadline::Deadline;

pub(super) enum Stream {
    Plain(Socket),
    /// TLS over another stream, which itself uses TLS if it leads to an `https` proxy.
    #[cfg(feature = "rustls")]
    Tls(Box<StreamOwned<ClientConnection, Self>>),
}

impl Stream {
    pub(super) fn set_deadline(&mut self, deadline: Deadline) {
        match self {
            Self::Plain(socket) => socket.set_deadline(deadline),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.sock.set_deadline(deadline),
        }
    }

    /// Returns whether the connection is open and there is nothing to read.
    pub(super) fn is_idle(&mut self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_idle(),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => {
                let state = tls.conn.process_new_packets();
                state.is_ok_and(|state| {
                    state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed()
                }) && tls.sock.is_idle()
            }
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.flush(),
        }
    }
}
