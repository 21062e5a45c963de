//! A TCP socket with a deadline for reading and writing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::deadline::Deadline;

pub(super) struct Socket {
    stream: TcpStream,
    deadline: Deadline,
    read_timeout: Timeout,
    write_timeout: Timeout,
    /// Whether the socket is non-blocking, as it is while idle.
    is_parked: bool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, deadline: Deadline) -> Self {
        // Otherwise, the body of a request may wait for the acknowledgment of the head.
        let _ = stream.set_nodelay(true);
        let (read_timeout, write_timeout) = (Timeout::default(), Timeout::default());
        Self { stream, deadline, read_timeout, write_timeout, is_parked: false }
    }

    pub(super) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Returns whether the connection is open and there is nothing to read. After a complete
    /// response, either data or the end of the stream means that the connection cannot be reused.
    pub(super) fn is_idle(&mut self) -> bool {
        if !self.is_parked {
            self.is_parked = self.stream.set_nonblocking(true).is_ok();
        }
        self.is_parked
            && self.stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    fn wake(&mut self) -> io::Result<()> {
        if self.is_parked {
            self.stream.set_nonblocking(false)?;
            self.is_parked = false;
        }
        Ok(())
    }
}

/// The timeout that is currently set on the socket for one direction, if any.
#[derive(Default)]
struct Timeout(Option<Duration>);

// The system may end a wait late, in proportion to its length, so the last wait before the deadline
// is short.
const LAST_WAIT: Duration = Duration::from_secs(1);

impl Timeout {
    /// Returns the timeout to set, or `None` if the current one is between a quarter and all of the
    /// remaining time. Setting it for each exchange would cost two system calls.
    fn change(&self, left: Duration) -> Option<Duration> {
        match self.0 {
            Some(current) if current <= left && current >= left / 4 => None,
            _ if left <= LAST_WAIT => Some(left),
            _ => Some(left / 4 * 3),
        }
    }

    /// Repeats an operation that the system interrupted or ended early, until the deadline passes.
    fn until<T>(
        &mut self,
        deadline: Deadline,
        set: impl Fn(Duration) -> io::Result<()>,
        mut operation: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            if let Some(timeout) = self.change(deadline.left()?) {
                match set(timeout) {
                    Ok(()) => self.0 = Some(timeout),
                    // macOS rejects a new timeout after the peer has closed the connection. The
                    // peer's data can still be read.
                    Err(error)
                        if cfg!(target_os = "macos") && error.kind() == ErrorKind::InvalidInput => {
                    }
                    Err(error) => return Err(error),
                }
            }
            match operation() {
                Err(error) if is_early(error.kind()) => {}
                result => return result,
            }
        }
    }
}

/// Returns whether a signal or the timeout ended an operation. Windows reports the timeout with a
/// different error.
fn is_early(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Interrupted | ErrorKind::WouldBlock)
        || (cfg!(windows) && kind == ErrorKind::TimedOut)
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wake()?;
        let mut stream = &self.stream;
        self.read_timeout.until(
            self.deadline,
            |timeout| self.stream.set_read_timeout(Some(timeout)),
            || stream.read(buffer),
        )
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wake()?;
        let mut stream = &self.stream;
        self.write_timeout.until(
            self.deadline,
            |timeout| self.stream.set_write_timeout(Some(timeout)),
            || stream.write(bytes),
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::{Socket, Timeout};
    use crate::deadline::{Deadline, is_exceeded};

    #[test]
    fn a_timeout_is_kept_while_it_fits() {
        let second = Duration::from_secs(1);
        assert_eq!(Timeout(None).change(40 * second), Some(30 * second));
        assert_eq!(Timeout(Some(30 * second)).change(40 * second), None);
        assert_eq!(Timeout(Some(30 * second)).change(30 * second), None);
        assert_eq!(Timeout(Some(30 * second)).change(20 * second), Some(15 * second));
        assert_eq!(Timeout(Some(second)).change(40 * second), Some(30 * second));
        assert_eq!(Timeout(Some(second)).change(second / 2), Some(second / 2));
    }

    #[test]
    fn reading_ends_at_each_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut socket = Socket::new(stream, Deadline::after(Duration::from_millis(40)));
        assert!(is_exceeded(&socket.read(&mut [0]).unwrap_err()));
        socket.set_deadline(Deadline::after(Duration::from_millis(1_200)));
        assert!(socket.is_idle());
        assert!(is_exceeded(&socket.read(&mut [0]).unwrap_err()));
    }
}
