//! A server that writes scripted bytes, which need not be HTTP.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

mod read;

/// The time after which a stalling server disconnects a silent client. If the client's own timeout
/// does not work, its test then fails instead of hanging.
const LONGEST_STALL: Duration = Duration::from_secs(30);

/// A step in the script of a [`RawServer`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Reads a complete request, head and body, and records it. If the client disconnects first,
    /// the script ends.
    AwaitRequest,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Waits for this long.
    Pause(Duration),
    /// Sends nothing more and leaves the connection open until the client ends it, the server is
    /// dropped, or the client has been silent for 30 seconds.
    StallUntilDropped,
    /// Closes the connection: shuts down writing, then reads everything else that the client sends.
    Close,
    /// Resets the connection.
    Reset,
}

/// A request that a [`RawServer`] received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawRequest {
    /// All bytes of the request.
    pub bytes: Vec<u8>,
    /// The request target, usually the path and query.
    pub target: String,
    /// The whole body, decoded.
    pub body: Vec<u8>,
}

/// A server on `127.0.0.1` that runs a script on each connection. It uses background threads, which
/// stop when it is dropped.
///
/// At the end of a script, the connection is closed.
///
/// ```
/// use plex_auth_tests::{RawServer, Step};
///
/// let server = RawServer::start(vec![Step::Write(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())]);
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// ```
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Starts a server that reads a complete request on every connection, then runs the script.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    pub fn start(script: Vec<Step>) -> Self {
        Self::per_connection(vec![script])
    }

    /// Starts a server with one script per connection, in order; further connections run the last
    /// script. Every script starts by reading a complete request.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    pub fn per_connection(mut scripts: Vec<Vec<Step>>) -> Self {
        for script in &mut scripts {
            script.insert(0, Step::AwaitRequest);
        }
        Self::play(scripts)
    }

    /// Starts a server that runs the script immediately on every connection and reads only if the
    /// script says so.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    pub fn unasked(script: Vec<Step>) -> Self {
        Self::play(vec![script])
    }

    #[expect(clippy::expect_used, reason = "without a port no test can go on")]
    fn play(scripts: Vec<Vec<Step>>) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on 127.0.0.1");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { scripts, state: Mutex::default(), stopped: Condvar::new() });
        let accepting = Arc::clone(&shared);
        let thread = thread::spawn(move || accepting.accept(&listener));
        Self { address, shared, thread: Some(thread) }
    }

    /// Returns the URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the number of accepted connections.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Returns the complete requests received, in order.
    pub fn requests(&self) -> Vec<RawRequest> {
        self.shared.lock().requests.clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.shared.stop();
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The state shared by the threads of a server.
#[derive(Debug)]
struct Shared {
    scripts: Vec<Vec<Step>>,
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    connections: usize,
    requests: Vec<RawRequest>,
    /// Cloned handles to the open connections, by connection number.
    open: BTreeMap<usize, TcpStream>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for stream in state.open.values() {
            // The connection may already have ended.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.stopped.notify_all();
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let mut players = Vec::new();
        for stream in listener.incoming() {
            let number = {
                let mut state = self.lock();
                if state.stopped {
                    break;
                }
                let Ok(stream) = &stream else { continue };
                let number = state.connections;
                state.connections += 1;
                // Without a cloned handle, a stalled connection could not be ended.
                let Ok(handle) = stream.try_clone() else {
                    continue;
                };
                state.open.insert(number, handle);
                number
            };
            if let Ok(stream) = stream {
                let shared = Arc::clone(self);
                players.push(thread::spawn(move || shared.play(number, stream)));
            }
        }
        for player in players {
            drop(player.join());
        }
    }

    fn play(&self, number: usize, mut stream: TcpStream) {
        let script = self.scripts.get(number).or_else(|| self.scripts.last());
        // A client that disconnects ends the script.
        let _ = self.steps(script.map_or(&[], Vec::as_slice), &mut stream);
        // The cloned handle would keep the connection open.
        self.lock().open.remove(&number);
    }

    fn steps(&self, script: &[Step], stream: &mut TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut left_over = Vec::new();
        for step in script {
            match step {
                Step::AwaitRequest => {
                    let request = read::request(stream, &mut left_over)?;
                    self.lock().requests.push(request);
                }
                Step::Write(bytes) => stream.write_all(bytes)?,
                Step::Pause(pause) => self.pause(*pause),
                Step::StallUntilDropped => {
                    stream.set_read_timeout(Some(LONGEST_STALL))?;
                    drain(stream)?;
                }
                Step::Close => break,
                Step::Reset => return SockRef::from(&*stream).set_linger(Some(Duration::ZERO)),
            }
        }
        stream.shutdown(Shutdown::Write)?;
        drain(stream)
    }

    fn pause(&self, pause: Duration) {
        let running = self.lock();
        drop(self.stopped.wait_timeout_while(running, pause, |state| !state.stopped));
    }
}

/// Reads until the client ends the connection, or the server is dropped.
fn drain(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests;
