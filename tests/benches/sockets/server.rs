//! A server that does as little as possible: it always sends the same response.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

const ACCOUNT: &str = include_str!("../../src/workloads/account.json");

/// The server, in a separate process that ends when this value is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    process: Child,
}

pub(crate) fn start() -> Server {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new(program);
    let command = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    let mut url = String::new();
    let said = process.stdout.as_mut().expect("it speaks");
    BufReader::new(said).read_line(&mut url).expect("it says where it is");
    Server { url: url.trim().to_owned(), process }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process exits when its standard input is closed.
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// Prints the URL, and answers requests until standard input is closed.
pub(crate) fn serve() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("its address").port();
    println!("http://127.0.0.1:{port}");
    io::stdout().flush().expect("someone listens");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client may disconnect at any time.
            thread::spawn(move || drop(converse(stream)));
        }
    });
    drop(io::stdin().read_to_end(&mut Vec::new()));
}

/// Answers every request on a connection. The requests have no body.
fn converse(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let length = ACCOUNT.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let answer = [head.as_bytes(), ACCOUNT.as_bytes()].concat();
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(piece.get(..read).unwrap_or_default());
        if request.ends_with(b"\r\n\r\n") {
            stream.write_all(&answer)?;
            request.clear();
        }
    }
}
