//! Compiles the README's Rust blocks, runs them against the fake, and checks the README's length.

use std::cell::RefCell;
use std::convert::Infallible;

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::Response;
use plex_auth_proto::{Outgoing, ServerUrl, Token, TransportError};
use plex_auth_tests::bare_client;
use plex_auth_tests::carrier::runtime;

use crate::harness::unix_now;

type Outcome = Result<(), Box<dyn std::error::Error>>;

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

const README: &str = include_str!("../../../../README.md");

thread_local! {
    /// One fake for each test, which the blocks reach through the functions below.
    static FAKE: Server = Server::http(FakePlex::new());
    static SAVED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn plex_tv() -> ServerUrl {
    FAKE.with(|fake| format!("{}/api/v2", fake.url()).parse().unwrap())
}

fn saved_identifier() -> Result<String, Infallible> {
    Ok("an-identifier".to_owned())
}

fn saved_token() -> Result<Token, plex_auth_proto::error::InvalidToken> {
    Token::new(FAKE.with(|fake| fake.with(|plex| plex.account(Who::PlexPass).token().to_owned())))
}

fn save_token(token: &str) {
    SAVED.with_borrow_mut(|saved| saved.push(token.to_owned()));
}

/// Enters the code that `line` contains, as a user would.
fn show(line: String) {
    let code = line.split(' ').nth(1).unwrap_or_default();
    FAKE.with(|fake| fake.with(|plex| plex.link_pin(code, Who::Free, unix_now())));
}

#[allow(non_upper_case_globals, reason = "a variable in the README")]
const my_client: MyClient = MyClient;

struct MyClient;

impl MyClient {
    fn fetch(&self, outgoing: Outgoing) -> Result<Response<Vec<u8>>, TransportError> {
        bare_client::exchange(outgoing.request(), None)
            .map_err(|_| outgoing.transport_error(TransportErrorKind::Other, true))
    }
}

fn seen(method: &str, path: &str) -> usize {
    FAKE.with(|fake| fake.with(|plex| plex.seen(method, path)))
}

#[test]
fn pin_block_saves_a_valid_token() {
    block_1().unwrap();
    let token = SAVED.take().pop().unwrap();
    let is_known = |plex: &FakePlex| plex.account(Who::Free).token() == token;
    assert!(token.len() > 10 && !FAKE.with(|fake| fake.with(|plex| is_known(plex))));
    assert_eq!(seen("POST", "/pins"), 1);
}

#[test]
fn async_block_requests_the_resources() {
    runtime().block_on(block_2()).unwrap();
    assert_eq!(seen("GET", "/resources"), 1);
}

#[test]
fn own_client_block_requests_the_account() {
    block_3().unwrap();
    assert_eq!(seen("GET", "/user"), 1);
}

#[test]
fn readme_is_a_front_page() {
    assert!(README.lines().count() <= 150, "{} lines", README.lines().count());
}
