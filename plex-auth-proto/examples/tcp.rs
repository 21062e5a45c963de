//! A transport that uses `std::net::TcpStream`, in about eighty lines.
//!
//! `cargo run -p plex-auth-proto --example tcp` sends a request to a server that it starts itself.
//! With a URL as its argument (`-- http://127.0.0.1:32400`), it sends the request to that media
//! server, with the token and client identifier from the environment variables `PLEX_TOKEN` and
//! `PLEX_CLIENT_IDENTIFIER`. The example supports only plain HTTP: for TLS, connection pools and a
//! time limit for the whole exchange, use an HTTP client.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "this is an example"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{env, thread};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::header::CONTENT_LENGTH;
use plex_auth_proto::http::{HeaderMap, Request, Response, StatusCode};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{Body, Call, ClientIdentity, Error, MediaServer, Token};

/// The size limit for the head of a response.
const HEAD_LIMIT: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (url, token, identifier) = match env::args().nth(1) {
        Some(url) => (url, env::var("PLEX_TOKEN")?, env::var("PLEX_CLIENT_IDENTIFIER")?),
        None => (canned_server()?, "a-token".to_owned(), "tcp-example".to_owned()),
    };
    let me = ClientIdentity::builder(identifier).product("Example Player").build()?;
    let server = MediaServer::new(me, url.parse()?, Token::new(token)?);

    let transient = send(server.transient_token(TokenType::Delegation, Scope::All))?;
    println!("a transient token of {} characters", transient.token.expose().len());
    Ok(())
}

/// Sends a call: takes it apart, sends the request, and parses the response.
fn send<T>(call: Call<T>) -> Result<T, Error> {
    let (request, reply) = call.into_parts();
    let limit = HEAD_LIMIT + reply.body_limit(StatusCode::OK, &HeaderMap::new());
    match exchange(&request, limit) {
        Ok(response) => Ok(reply.parse(&response)?),
        Err((error, sent)) => Err(reply.transport_error(reason(&error), sent)),
    }
}

/// Sends a request on a new connection. On failure, also returns whether anything may have been
/// sent.
fn exchange(request: &Request<Body>, limit: usize) -> Result<Response<Vec<u8>>, (io::Error, bool)> {
    let nothing_sent = |error| (error, false);
    let outcome_unknown = |error| (error, true);
    if request.uri().scheme_str() != Some("http") {
        return Err(nothing_sent(io::ErrorKind::Unsupported.into()));
    }
    let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']);
    let port = request.uri().port_u16().unwrap_or(80);
    let mut stream = TcpStream::connect((host, port)).map_err(nothing_sent)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(nothing_sent)?;

    stream.write_all(&head(request)).map_err(outcome_unknown)?;
    stream.write_all(request.body().as_ref()).map_err(outcome_unknown)?;

    let mut response = Vec::new();
    stream.take(limit as u64).read_to_end(&mut response).map_err(outcome_unknown)?;
    read(&response, limit).map_err(outcome_unknown)
}

fn head(request: &Request<Body>) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    // With HTTP/1.0, the server closes the connection and does not send the body in chunks.
    let mut head =
        format!("{} {target} HTTP/1.0\r\nhost: {authority}\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

fn read(bytes: &[u8], limit: usize) -> io::Result<Response<Vec<u8>>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let body = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => bytes.get(length..).unwrap_or_default(),
        Ok(httparse::Status::Partial) => return Err(io::ErrorKind::UnexpectedEof.into()),
        Err(_) => return Err(io::ErrorKind::InvalidData.into()),
    };
    let mut response = Response::builder().status(head.code.unwrap_or_default());
    for header in head.headers {
        response = response.header(header.name, header.value);
    }
    let response = response.body(body.to_vec()).map_err(io::Error::other)?;
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        // The connection closed before the whole body arrived, unless the limit cut it off.
        Some(length)
            if response.status().is_success() && bytes.len() < limit && body.len() < length =>
        {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
        _ => Ok(response),
    }
}

fn reason(error: &io::Error) -> TransportErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => TransportErrorKind::Refused,
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            TransportErrorKind::TimedOut(Duration::from_secs(10))
        }
        io::ErrorKind::UnexpectedEof => TransportErrorKind::CutOff,
        io::ErrorKind::InvalidData => TransportErrorKind::NotHttp,
        _ => TransportErrorKind::Other,
    }
}

/// Starts a media server that sends one response, so that the example needs no other program.
/// Returns its URL.
fn canned_server() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let body = r#"{"MediaContainer":{"size":0,"token":"transient-5ea1c0de"}}"#;
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    Ok(url)
}
