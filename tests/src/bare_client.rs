//! A minimal HTTP client: a socket, TLS for `https` URLs, and a parser for response heads.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The number of bytes after which a response is cut off.
const LIMIT: u64 = 4 * 1024 * 1024;

/// The timeout for each read or write.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends one request on its own connection and returns the response.
///
/// It sends the request's headers and body unchanged, and adds `connection: close` and `host`. For
/// `https`, it trusts only `root`, a certificate in DER.
///
/// # Errors
///
/// Returns an error if the exchange fails, or if the head of the response is invalid or incomplete.
pub fn exchange(
    request: &Request<impl AsRef<[u8]>>,
    root: Option<&[u8]>,
) -> io::Result<Response<Vec<u8>>> {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let stream = TcpStream::connect((host, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    if is_https { talk(encrypted(stream, host, root)?, request) } else { talk(stream, request) }
}

fn encrypted(
    stream: TcpStream,
    host: &str,
    root: Option<&[u8]>,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    if let Some(root) = root {
        roots.add(CertificateDer::from(root.to_vec())).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

fn talk(
    mut stream: impl Read + Write,
    request: &Request<impl AsRef<[u8]>>,
) -> io::Result<Response<Vec<u8>>> {
    stream.write_all(&head(request))?;
    stream.write_all(request.body().as_ref())?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(LIMIT).read_to_end(&mut answer) {
        // Many servers close without a TLS close_notify, so this is not an error, although the body
        // may be truncated.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        other => drop(other?),
    }
    read(&answer)
}

fn head(request: &Request<impl AsRef<[u8]>>) -> Vec<u8> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let start = format!("{} {target} HTTP/1.1\r\nhost: {authority}\r\n", request.method());
    let mut head = start.into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"connection: close\r\n\r\n");
    head
}

fn read(answer: &[u8]) -> io::Result<Response<Vec<u8>>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(answer).map_err(io::Error::other)? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let mut response = Response::builder().status(head.code.unwrap_or_default());
    for header in head.headers {
        response = response.header(header.name, header.value);
    }
    let body = answer.get(length..).unwrap_or_default();
    response.body(body.to_vec()).map_err(io::Error::other)
}
