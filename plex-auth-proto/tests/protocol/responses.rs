//! The result of each kind of response.

mod bodies;
mod custom_calls;
mod errors;

use plex_auth_proto::http::Response;
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, MediaServer, PlexTv, ResponseError, SignedIn,
    Token, TransientToken,
};

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

fn token() -> Token {
    Token::new("t0ken-of-rosa").unwrap()
}

fn sign_in() -> Call<SignedIn> {
    PlexTv::new(me()).sign_in(&Credentials::new("rosa", "pa55-of-rosa").unwrap())
}

fn details() -> Call<Account> {
    PlexTv::new(me()).token_details(&token())
}

fn transient() -> Call<TransientToken> {
    let server = MediaServer::new(me(), "http://10.0.0.7:32400".parse().unwrap(), token());
    server.transient_token(TokenType::Delegation, Scope::All)
}

fn response<B>(status: u16, headers: &[(&str, &str)], body: B) -> Response<B> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body).unwrap()
}

fn refused<T>(call: Call<T>, status: u16, body: &str) -> ResponseError {
    refused_with(call, status, &[], body)
}

fn refused_with<T>(
    call: Call<T>,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> ResponseError {
    let (_, reply) = call.into_parts();
    match reply.parse(&response(status, headers, body)) {
        Ok(_) => panic!("{status} {body} is read as a success"),
        Err(error) => error,
    }
}

const JSON_1001: &str =
    r#"{"errors":[{"code":1001,"message":"User could not be authenticated","status":401}]}"#;
const XML_1001: &str = r#"<errors><error code="1001" message="no" status="401"/></errors>"#;
const HTML_401: &str = "<html><head><title>Unauthorized</title><script>alert(1)</script></head>\
                        <body><h1>401 Unauthorized</h1></body></html>";
