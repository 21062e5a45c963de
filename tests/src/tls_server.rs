//! A TLS server that writes one response on each connection, and then ends the connection in a
//! chosen way.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::tls_identity::TlsIdentity;

/// The way a connection ends after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsEnd {
    /// Sends a close_notify alert, then closes the TCP connection.
    CloseNotify,
    /// Closes the TCP connection without an alert.
    Close,
    /// Resets the TCP connection.
    Reset,
    /// Sends bytes that are not TLS, then closes the TCP connection.
    PlainText,
}

/// A TLS server on `127.0.0.1` that runs until the process ends.
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    certificate: Vec<u8>,
}

impl TlsServer {
    /// Starts a server that answers the first request of each connection with these bytes.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    pub fn start(response: &str, end: TlsEnd) -> Self {
        let identity = TlsIdentity::new();
        let config = identity.config(rustls::DEFAULT_VERSIONS);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let response: Arc<str> = response.into();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, response) = (Arc::clone(&config), Arc::clone(&response));
                thread::spawn(move || serve(stream, config, &response, end));
            }
        });
        Self { address, certificate: identity.root_der() }
    }

    /// Returns the server's URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Returns the server's certificate, for a client to trust.
    pub fn root_der(&self) -> Vec<u8> {
        self.certificate.clone()
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    response: &str,
    end: TlsEnd,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(tls, stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => request.extend(buffer.iter().take(length)),
        }
    }
    stream.write_all(response.as_bytes())?;
    if end == TlsEnd::CloseNotify {
        stream.conn.send_close_notify();
    }
    stream.flush()?;
    if end == TlsEnd::PlainText {
        stream.sock.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    }
    if end == TlsEnd::Reset {
        return SockRef::from(&stream.sock).set_linger(Some(Duration::ZERO));
    }
    stream.sock.shutdown(Shutdown::Write)?;
    let _ = stream.sock.read(&mut [0; 64])?;
    Ok(())
}
