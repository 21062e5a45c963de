//! Checks that the transport stores no cookies, even if another crate enables ureq's cookie
//! feature. Otherwise, one account's cookies could be sent with another account's calls. Run this
//! check with `cargo run --manifest-path tests/cookies/Cargo.toml`.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};
use ureq::Agent;

/// Answers each request with a cookie and an account, whose ID is 1 if the request had a cookie and
/// 0 if not.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut has_cookie = false;
    for line in BufReader::new(stream).lines() {
        let line = line?.to_ascii_lowercase();
        has_cookie |= line.starts_with("cookie:");
        if line.is_empty() {
            let body = format!(r#"{{"id":{}}}"#, u8::from(has_cookie));
            write!(
                writer,
                "HTTP/1.1 200 OK\r\nset-cookie: account=rosa; Path=/\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
            has_cookie = false;
        }
    }
    Ok(())
}

/// Sends three calls, and returns whether the second and the third had a cookie.
fn cookies(transport: &Transport, plex_tv: &PlexTv) -> Result<[bool; 2], Box<dyn Error>> {
    let call = || Token::new("abc").map(|token| plex_tv.token_details(&token));
    let first = transport.send(call()?)?;
    assert_eq!(first.id, Some(0), "the first call has no cookie");
    Ok([transport.send(call()?)?.id == Some(1), transport.send(call()?)?.id == Some(1)])
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    let plex_tv = PlexTv::at(ClientIdentity::builder("cookies").build()?, url.parse()?);

    assert_eq!(cookies(&Transport::new(), &plex_tv)?, [false; 2], "no cookie is kept");
    let agent = Agent::config_builder().proxy(None).build().new_agent();
    assert_eq!(cookies(&Transport::over(agent), &plex_tv)?, [true; 2], "an agent has its own jar");
    println!("no cookie is kept between calls");
    Ok(())
}
