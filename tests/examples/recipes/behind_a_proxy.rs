//! Sends requests through an HTTP proxy that is set in the program's settings or in the
//! environment.
//!
//! By default, no proxy is used. With hyper, build a client with a proxy connector, such as one
//! from hyper-util's `client::legacy::connect::proxy`, and pass it to `Transport::over`. There is a
//! complete example at <https://docs.rs/plex-auth-hyper/latest/plex_auth_hyper/index.html#recipes>.

use plex_auth_ureq::{InvalidTransport, Transport};

/// Creates a transport that uses `proxy`, such as `http://user:password@proxy.example:3128`. If it
/// is `None`, the transport uses the proxy set in the environment, if there is one.
fn transport(proxy: Option<&str>) -> Result<Transport, InvalidTransport> {
    match proxy {
        Some(url) => Transport::builder().proxy(url).build(),
        None => Transport::builder().proxy_from_env().build(),
    }
}

// The rest of this file runs the recipe against a fake Plex.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use plex_auth_fake::Who;

use crate::harness::{Harness, Outcome};

/// Accepts one `CONNECT` request, forwards data in both directions until both sides are closed, and
/// returns the target.
fn proxy(listener: &TcpListener) -> io::Result<String> {
    let (client, _) = listener.accept()?;
    let mut head = String::new();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") {
        (&client).read_exact(&mut byte)?;
        head.extend(byte.map(char::from));
    }
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let host = host.ok_or_else(|| io::Error::other("this is not a CONNECT request"))?.to_owned();
    let server = TcpStream::connect(&host)?;
    (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    // Copy in both directions until both are closed.
    thread::scope(|scope| {
        for (from, to) in [(&client, &server), (&server, &client)] {
            scope.spawn(move || {
                let _ = io::copy(&mut &*from, &mut &*to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    Ok(host)
}

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let proxy = thread::spawn(move || proxy(&listener));
    let http = transport(Some(&url))?;
    let account = http.send(harness.plex_tv()?.token_details(&harness.token(Who::Free)?))?;
    println!("{} through {http:?}", account.username.unwrap_or_default());
    drop(http);
    let host = proxy.join().map_err(|_| "the proxy panicked")??;
    assert_eq!(host, format!("127.0.0.1:{}", harness.server.port()));
    let refusal = transport(Some("http://rosa:pass/word@proxy.example:3128")).err();
    assert_eq!(refusal, Some(InvalidTransport::ProxyUrl));
    Ok(())
}
