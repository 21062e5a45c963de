//! The Rust blocks of the README, compiled unchanged and run with the fake.

use std::cell::RefCell;

use plex_auth_fake::{FakePlex, Misbehaviour, Server, Who};
use plex_auth_proto::error::RetryAfter;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Body, ClientIdentity, Credentials, PlexTv, ServerUrl, Token};
use plex_auth_tests::bare_client;
use plex_auth_tests::carrier::runtime;

use crate::harness::unix_now;

type Outcome = Result<(), Box<dyn std::error::Error>>;

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

thread_local! {
    /// One fake for each test, which the blocks reach through the functions below.
    static FAKE: Server = Server::http(FakePlex::new());
    static STORED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn plex_tv() -> ServerUrl {
    FAKE.with(|fake| format!("{}/api/v2", fake.url()).parse().unwrap())
}

fn media_server() -> ServerUrl {
    FAKE.with(|fake| fake.url().parse().unwrap())
}

fn stored() -> String {
    FAKE.with(|fake| fake.with(|plex| plex.account(Who::PlexPass).token().to_owned()))
}

fn store(token: &str) {
    STORED.with_borrow_mut(|stored| stored.push(token.to_owned()));
}

/// Shows the code to a user who types it at once.
fn show(line: String) {
    let code = line.split(' ').next().unwrap_or_default();
    FAKE.with(|fake| fake.with(|plex| plex.link_pin(code, Who::Free, unix_now())));
}

fn hand_over(token: Token) {
    store(token.expose());
}

#[allow(non_upper_case_globals, reason = "a variable in the README")]
const my_runtime: MyRuntime = MyRuntime;

struct MyRuntime;

impl MyRuntime {
    fn fetch(&self, request: Request<Body>) -> std::io::Result<Response<Vec<u8>>> {
        bare_client::exchange(&request, None)
    }
}

#[derive(Debug, PartialEq)]
enum Next {
    Welcome(Option<String>),
    AskForCode,
    SignInAgain,
    TryLater(Option<RetryAfter>),
    Tell(String),
}

fn seen(method: &str, path: &str) -> usize {
    FAKE.with(|fake| fake.with(|plex| plex.seen(method, path)))
}

#[test]
fn first_block_stores_a_valid_token() {
    block_1().unwrap();
    let token = STORED.take().pop().unwrap();
    let request = Request::get("/user")
        .header("x-plex-client-identifier", "id")
        .header("x-plex-token", token)
        .body(Vec::new())
        .unwrap();
    let response = FAKE.with(|fake| fake.with(|plex| plex.answer(&request, 0)));
    assert_eq!(response.status(), 200);
}

#[test]
fn async_block_passes_a_transient_token() {
    runtime().block_on(block_2()).unwrap();
    assert!(STORED.take().pop().unwrap().starts_with("transient-"));
    assert_eq!(seen("GET", "/security/resources"), 1);
}

#[test]
fn own_runtime_block_requests_the_account() {
    block_3().unwrap();
    assert_eq!(seen("GET", "/user"), 1);
}

#[test]
fn pin_block_stores_the_token() {
    block_4().unwrap();
    assert_eq!(STORED.take().len(), 1);
}

#[test]
fn error_block_distinguishes_the_errors() {
    let http = plex_auth_ureq::Transport::new();
    let me = ClientIdentity::builder("id").build().unwrap();
    let plex_tv = PlexTv::at(me, plex_tv());
    let sign_in = |login: &str, password: &str| {
        let credentials = Credentials::new(login, password).unwrap();
        block_5::signed_in(&http, plex_tv.sign_in(&credentials).map(|signed_in| signed_in.account))
    };
    assert!(matches!(sign_in("rosa", "nine kites & a lantern"), Next::Welcome(Some(_))));
    assert_eq!(sign_in("ingrid", "Fjellvåk-81"), Next::AskForCode);
    assert!(matches!(sign_in("rosa", "wrong"), Next::Tell(_)));
    let invalid = Token::new("invalid").unwrap();
    assert_eq!(block_5::signed_in(&http, plex_tv.token_details(&invalid)), Next::SignInAgain);
    let busy = Misbehaviour::answer(503, "text/html", "busy");
    FAKE.with(|fake| fake.with(|plex| plex.misbehave("/user", busy)));
    assert_eq!(block_5::signed_in(&http, plex_tv.token_details(&invalid)), Next::TryLater(None));
}

#[test]
fn token_source_block_sends_with_a_transient_token() {
    block_6().unwrap();
    assert_eq!((seen("POST", "/security/token"), seen("GET", "/")), (1, 1));
}
