//! Building the requests of four operations, with an existing identity.

use std::hint::black_box;

use plex_auth_baseline::request::Requests;
use plex_auth_proto::http::Request;
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{ClientIdentity, Credentials, MediaServer, PlexTv, Source, Token};

use super::{Kind, Ready, Work};
use crate::table::Limit;

pub(crate) fn all() -> Vec<Work> {
    vec![
        call("sign-in", sign_in, Requests::sign_in),
        call("token details", token_details, Requests::token_details),
        call("transient token", transient_token, Requests::transient_token),
        call("source", source, Requests::source_connection_information),
    ]
}

fn call(name: &str, ours: fn() -> Ready, by_hand: fn(&Requests) -> Request<Vec<u8>>) -> Work {
    let baseline = move || {
        let requests = requests();
        Ready::to(0, move || by_hand(black_box(&requests)))
    };
    Work {
        name: format!("call: {name}"),
        kind: Kind::Call,
        ours: Box::new(ours),
        baseline: Box::new(baseline),
        limit: Limit::Times(1.15),
    }
}

fn requests() -> Requests {
    Requests::at("https://plex.tv/api/v2", "https://10-0-2-1.feed.plex.direct:32400")
}

fn identity() -> ClientIdentity {
    let Requests { identifier, product, version, platform, device, .. } = requests();
    let identity = ClientIdentity::builder(identifier).product(product).version(version);
    identity.platform(platform).device(device).build().unwrap()
}

fn token() -> Token {
    Token::new(requests().token).unwrap()
}

fn server() -> MediaServer {
    MediaServer::new(identity(), requests().server.parse().unwrap(), token())
}

fn sign_in() -> Ready {
    let plex_tv = PlexTv::new(identity());
    let credentials = Credentials::new(requests().login, requests().password).unwrap();
    Ready::to(0, move || black_box(&plex_tv).sign_in(black_box(&credentials)))
}

fn token_details() -> Ready {
    let (plex_tv, token) = (PlexTv::new(identity()), token());
    Ready::to(0, move || black_box(&plex_tv).token_details(black_box(&token)))
}

fn transient_token() -> Ready {
    let server = server();
    Ready::to(0, move || black_box(&server).transient_token(TokenType::Delegation, Scope::All))
}

fn source() -> Ready {
    let (server, source) = (server(), requests().source.parse::<Source>().unwrap());
    Ready::to(0, move || black_box(&server).source_connection_information(black_box(&source)))
}
