//! Parsing successful responses.

use std::hint::black_box;

use plex_auth_baseline::{account, answer};
use plex_auth_proto::http::Response;
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Account, ClientIdentity, Credentials, MediaServer, PlexTv, Reply, SignedIn,
    SourceConnectionInformation, Token, TransientToken,
};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Kind, Ready, Work};
use crate::table::Limit;

/// An account in plex.tv's format: 9 kB, with a hundred features.
pub(crate) const ACCOUNT: &str = include_str!("account.json");

const TOKEN: &str = r#"{"MediaContainer":{"size":0,"token":"transient-9c04d7e1b8f2-madeUp"}}"#;

const SOURCE: &str = r#"{"MediaContainer":{"size":1,"Device":[{"name":"Attic",
"clientIdentifier":"5f0e1c2d9a7b4c3e8d6f","accessToken":"transient-5ea1","Connection":[
{"protocol":"https","address":"10.0.2.1","port":32400,
"uri":"https://10-0-2-1.feed.plex.direct:32400","local":true,"relay":false},
{"protocol":"https","address":"203.0.113.9","port":8443,
"uri":"https://203-0-113-9.feed.plex.direct:8443","local":false,"relay":false},
{"protocol":"https","address":"198.51.100.4","port":443,
"uri":"https://198-51-100-4.feed.plex.direct:443","local":false,"relay":true}]}]}}"#;

pub(crate) fn all() -> Vec<Work> {
    let account = || ACCOUNT.to_owned();
    vec![
        Work {
            name: "answer: token details, against skipping it".to_owned(),
            kind: Kind::Growth,
            ours: Box::new(move || reading(token_details(), account())),
            baseline: Box::new(skipping),
            limit: Limit::Times(2.4),
        },
        account_of("token details", account),
        answer::<_, account::Account>("sign-in", sign_in, account, 1.05),
        answer::<_, answer::TransientToken>("transient token", transient, || TOKEN.into(), 1.95),
        answer::<_, answer::Source>("source", source, || SOURCE.into(), 1.15),
    ]
}

/// Returns a workload that parses an account.
pub(crate) fn account_of(name: &str, body: fn() -> String) -> Work {
    answer::<_, account::Account>(name, token_details, body, 1.05)
}

fn answer<T: 'static, F: DeserializeOwned + 'static>(
    name: &str,
    reply: fn() -> Reply<T>,
    body: fn() -> String,
    limit: f64,
) -> Work {
    let by_hand = move || {
        let (bytes, response) = (body().len(), response(200, body()));
        answer::read::<F>(&response).unwrap();
        Ready::to(bytes, move || answer::read::<F>(black_box(&response)))
    };
    Work {
        name: format!("answer: {name}"),
        kind: Kind::Answer,
        ours: Box::new(move || reading(reply(), body())),
        baseline: Box::new(by_hand),
        limit: Limit::Times(limit),
    }
}

/// Returns prepared work that parses a successful response with the library.
pub(crate) fn reading<T: 'static>(reply: Reply<T>, body: String) -> Ready {
    let (bytes, response) = (body.len(), response(200, body));
    reply.parse(&response).unwrap();
    Ready::to(bytes, move || black_box(&reply).parse(black_box(&response)))
}

/// Returns prepared work that skips the account, which is the minimum that any parser must do.
fn skipping() -> Ready {
    Ready::to(ACCOUNT.len(), || serde_json::from_str::<IgnoredAny>(black_box(ACCOUNT)))
}

pub(crate) fn response(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let response = Response::builder().status(status);
    response.header("content-type", "application/json").body(body.into()).unwrap()
}

fn identity() -> ClientIdentity {
    ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap()
}

fn token() -> Token {
    Token::new("qT7-madeUp_0123456789").unwrap()
}

fn server() -> MediaServer {
    MediaServer::new(identity(), "http://10.0.2.1:32400".parse().unwrap(), token())
}

/// Returns the parser for a token details response.
pub fn token_details() -> Reply<Account> {
    PlexTv::new(identity()).token_details(&token()).into_parts().1
}

pub(crate) fn sign_in() -> Reply<SignedIn> {
    let credentials = Credentials::new("mireille", "nine kites & a lantern").unwrap();
    PlexTv::new(identity()).sign_in(&credentials).into_parts().1
}

fn transient() -> Reply<TransientToken> {
    server().transient_token(TokenType::Delegation, Scope::All).into_parts().1
}

pub(crate) fn source() -> Reply<SourceConnectionInformation> {
    let source = "server://5f0e1c2d9a7b4c3e8d6f".parse().unwrap();
    server().source_connection_information(&source).into_parts().1
}
