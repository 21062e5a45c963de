//! The transport on smol, without tokio: `cargo run -p plex-auth-hyper --example smol`
//!
//! The transport needs two things: the runtime's timer, and a service that sends requests. Here,
//! the service opens a new connection with smol for each request. The server is part of this file.
//! It requests a verification code, then accepts the sign-in, and then stops responding.
#![allow(clippy::print_stdout, reason = "this is an example")]

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use plex_auth_hyper::http::uri::PathAndQuery;
use plex_auth_hyper::http::{HeaderValue, Request, Response};
use plex_auth_hyper::{ClientIdentity, Credentials, PlexTv, RequestBody, Transport};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use smol_hyper::rt::{FuturesIo, SmolTimer};
use tower_service::Service;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A service that opens a connection for each request. For TLS, wrap the socket, for example with
/// `futures-rustls`.
#[derive(Clone)]
struct PlainHttp;

impl Service<Request<RequestBody>> for PlainHttp {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        Box::pin(fetch(request))
    }
}

async fn fetch(mut request: Request<RequestBody>) -> Result<Response<Incoming>, BoxError> {
    let uri = std::mem::take(request.uri_mut());
    let authority = uri.authority().ok_or("the URL has no host")?.clone();
    if uri.scheme_str() != Some("http") {
        return Err("only http URLs are supported".into());
    }
    // HTTP/1.1 has the path in the request line and the host in a header.
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    *request.uri_mut() = path.parse()?;
    let host = HeaderValue::from_str(authority.as_str())?;
    request.headers_mut().insert("host", host);

    let port = authority.port_u16().unwrap_or(80);
    let socket = TcpStream::connect((authority.host(), port)).await?;
    let (mut sender, connection) = http1::handshake(FuturesIo::new(socket)).await?;
    smol::spawn(connection).detach();
    Ok(sender.send_request(request).await?)
}

fn main() -> Result<(), Box<dyn StdError>> {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = smol::spawn(serve(listener));

        let me = ClientIdentity::builder("smol-example").product("Example Player").build()?;
        let plex_tv = PlexTv::at(me, url.parse()?);
        let http = Transport::over(PlainHttp, SmolTimer::new());

        let credentials = Credentials::new("rosa", "correct horse")?;
        let refusal = match http.send(plex_tv.sign_in(&credentials)).await {
            Ok(_) => return Err("the server should have requested a code".into()),
            Err(error) => error,
        };
        println!("{refusal}");
        if !refusal.needs_verification_code() {
            return Err(refusal.into());
        }

        let credentials = credentials.verification_code("123456");
        let signed_in = http.send(plex_tv.sign_in(&credentials)).await?;
        println!("signed in as {}", signed_in.account.username.clone().unwrap_or_default());

        let http = http.timeout(Duration::from_millis(200));
        match http.send(plex_tv.token_details(&signed_in.auth_token)).await {
            Ok(_) => return Err("the server should not have responded".into()),
            Err(error) => println!("{error}"),
        }
        server.cancel().await;
        Ok(())
    })
}

/// The server's responses, in order. After them, the server reads requests but does not respond.
const RESPONSES: [(&str, &str); 2] = [
    ("401 Unauthorized", r#"{"errors": [{"code": 1029}]}"#),
    ("201 Created", r#"{"username": "rosa", "authToken": "xyz-Abc_0123456789ab"}"#),
];

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let mut open = Vec::new();
    let mut responses = RESPONSES.into_iter();
    loop {
        let (mut socket, _) = listener.accept().await?;
        read_request(&mut socket).await?;
        let Some((status, body)) = responses.next() else {
            open.push(socket);
            continue;
        };
        let length = body.len();
        let response = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        socket.write_all(response.as_bytes()).await?;
    }
}

/// Reads a whole request, because closing the connection earlier would break the exchange.
async fn read_request(socket: &mut TcpStream) -> std::io::Result<()> {
    let mut request = String::new();
    let mut bytes = [0];
    while !request.ends_with("\r\n\r\n") {
        socket.read_exact(&mut bytes).await?;
        request.push(char::from(bytes[0]));
    }
    let length =
        request.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).await
}
