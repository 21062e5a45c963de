//! A TLS server that misbehaves at random and records whether it has read any part of a request.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustls::{ServerConfig, ServerConnection, version};
use socket2::SockRef;

use crate::tls_identity::TlsIdentity;

mod plan;

use plan::{After, Before, Plan};

// A client that never closes its connection delays its test instead of blocking it.
const LONGEST_READ: Duration = Duration::from_secs(30);

/// A server on `127.0.0.1` that follows a random plan on each connection, until the process ends.
#[derive(Debug)]
pub struct RandomTlsServer {
    address: SocketAddr,
    certificate: Vec<u8>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    closed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the current call.
    call: usize,
    /// The number of open connections that were accepted during the current call. Connections of
    /// earlier calls may remain in a client's pool.
    open: usize,
    /// The request bytes read since the call began.
    read: Vec<u8>,
}

impl RandomTlsServer {
    /// Starts a server whose plans are determined by the seed.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    pub fn start(seed: u64) -> Self {
        let identity = TlsIdentity::new();
        let configs = Configs {
            tls12: identity.config(&[&version::TLS12]),
            tls13: identity.config(&[&version::TLS13]),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener, &configs, &mut Rng::with_seed(seed)));
        Self { address, certificate: identity.root_der(), shared }
    }

    /// Returns the server's URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Returns the server's certificate, for a client to trust.
    pub fn root_der(&self) -> Vec<u8> {
        self.certificate.clone()
    }

    /// Starts a call, and returns a URL that only the requests of this call use.
    pub fn begin_call(&self) -> String {
        let mut state = self.shared.lock();
        let call = state.call + 1;
        *state = State { call, ..State::default() };
        format!("{}{}", self.url(), path(call))
    }

    /// Returns whether any of the current call's requests was read. Waits until the call's
    /// connections have ended, so the client should have closed them.
    ///
    /// # Panics
    ///
    /// Panics if a connection does not end.
    pub fn has_read(&self) -> bool {
        let (state, result) = self
            .shared
            .closed
            .wait_timeout_while(self.shared.lock(), 2 * LONGEST_READ, |state| state.open > 0)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "{} connections stay open", state.open);
        let path = path(state.call);
        state.read.windows(path.len()).any(|bytes| bytes == path.as_bytes())
    }
}

/// Returns the path prefix of a call's requests.
fn path(call: usize) -> String {
    format!("/call-{call}")
}

/// The configurations for both TLS versions, with the same certificate.
struct Configs {
    tls12: Arc<ServerConfig>,
    tls13: Arc<ServerConfig>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener, configs: &Configs, rng: &mut Rng) {
        for stream in listener.incoming().flatten() {
            let config = if rng.bool() { &configs.tls12 } else { &configs.tls13 };
            let (config, mut rng, shared) = (Arc::clone(config), rng.fork(), Arc::clone(self));
            let call = {
                let mut state = self.lock();
                state.open += 1;
                state.call
            };
            thread::spawn(move || {
                // The client may end the connection at any time.
                let _ = shared.play(&Plan::random(&mut rng), config, stream);
                let mut state = shared.lock();
                if state.call == call {
                    state.open -= 1;
                }
                shared.closed.notify_all();
            });
        }
    }

    fn play(&self, plan: &Plan, config: Arc<ServerConfig>, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LONGEST_READ))?;
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut connection = Connection { stream, tls, shared: self };
        connection.play(plan)
    }
}

/// One accepted connection.
struct Connection<'a> {
    stream: TcpStream,
    tls: ServerConnection,
    shared: &'a Shared,
}

impl Connection<'_> {
    fn play(&mut self, plan: &Plan) -> io::Result<()> {
        match &plan.before {
            Before::Handshake => {
                while self.tls.is_handshaking() {
                    self.tls.complete_io(&mut self.stream)?;
                }
            }
            Before::Write(bytes) => self.stream.write_all(bytes)?,
            Before::ReadThenWrite(bytes) => {
                let _ = self.stream.read(&mut [0; 4096])?;
                self.stream.write_all(bytes)?;
            }
            Before::TruncatedFlight(length) => self.truncated_flight(*length)?,
        }
        if plan.reads_request {
            self.read_some()?;
        }
        for step in &plan.after {
            match step {
                After::Raw(bytes) => self.stream.write_all(bytes)?,
                After::Encrypted(bytes) => {
                    self.tls.writer().write_all(bytes)?;
                    self.write_records(|_| ())?;
                }
                After::Corrupted(bytes) => {
                    self.tls.writer().write_all(bytes)?;
                    self.write_records(|record| {
                        if let Some(last) = record.last_mut() {
                            *last ^= 1;
                        }
                    })?;
                }
                After::KeyUpdate => {
                    // Only TLS 1.3 has key updates.
                    let _ = self.tls.refresh_traffic_keys();
                    self.write_records(|_| ())?;
                }
                After::CloseNotify => {
                    self.tls.send_close_notify();
                    self.write_records(|_| ())?;
                }
                After::Read => self.read_some()?,
            }
        }
        if plan.resets {
            return SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        self.stream.shutdown(std::net::Shutdown::Write)?;
        loop {
            self.read_some()?;
        }
    }

    /// Answers the ClientHello with only the first bytes of the server's messages.
    fn truncated_flight(&mut self, length: usize) -> io::Result<()> {
        let mut flight = Vec::new();
        while !self.tls.wants_write() {
            self.read_records()?;
        }
        while self.tls.wants_write() {
            self.tls.write_tls(&mut flight)?;
        }
        flight.truncate(length);
        self.stream.write_all(&flight)
    }

    fn write_records(&mut self, change: impl Fn(&mut Vec<u8>)) -> io::Result<()> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records)?;
        }
        change(&mut records);
        self.stream.write_all(&records)
    }

    /// Waits for more data from the client, and records any request bytes in it.
    fn read_some(&mut self) -> io::Result<()> {
        let plaintext = self.read_records();
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = self.tls.reader().read(&mut buffer) {
            self.shared.lock().read.extend(buffer.iter().take(length));
        }
        plaintext
    }

    fn read_records(&mut self) -> io::Result<()> {
        if self.tls.read_tls(&mut self.stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.tls.process_new_packets().map(drop).map_err(io::Error::other)
    }
}
