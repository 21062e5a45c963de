//! The README's Rust blocks, compiled and run as they stand, with the fake in Plex's place.

use std::cell::RefCell;

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_proto::error::RetryAfter;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Body, ServerUrl, Token};
use plex_auth_tests::bare_client;

use plex_auth_tests::carrier::runtime;

type Outcome = Result<(), Box<dyn std::error::Error>>;

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

thread_local! {
    /// One fake for each test; the blocks reach it by the names that they use.
    static FAKE: Server = Server::http(FakePlex::new());
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
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
    KEPT.with_borrow_mut(|saved| saved.push(token.to_owned()));
}

/// Shows the code to somebody who types it at once.
fn show(line: String) {
    let code = line.split(' ').next().unwrap_or_default();
    FAKE.with(|fake| fake.with(|plex| plex.link_pin(code, Who::Free, now())));
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn hand_over(token: Token) {
    store(token.expose());
}

#[allow(non_upper_case_globals, reason = "the README's reader has a variable")]
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
fn the_ten_lines_store_a_token_of_the_account() {
    block_1().unwrap();
    let token = KEPT.take().pop().unwrap();
    let request = Request::get("/user")
        .header("x-plex-client-identifier", "id")
        .header("x-plex-token", token)
        .body(Vec::new())
        .unwrap();
    let answer = FAKE.with(|fake| fake.with(|plex| plex.answer(&request, 0)));
    assert_eq!(answer.status(), 200);
}

#[test]
fn the_async_block_hands_over_a_transient_token() {
    runtime().block_on(block_2()).unwrap();
    assert!(KEPT.take().pop().unwrap().starts_with("transient-"));
    assert_eq!(seen("GET", "/security/resources"), 1);
}

#[test]
fn the_block_with_a_runtime_of_ones_own_asks_for_the_account() {
    block_3().unwrap();
    assert_eq!(seen("GET", "/user"), 1);
}

#[test]
fn the_block_about_a_pin_stores_the_token_of_whoever_linked_it() {
    block_4().unwrap();
    assert_eq!(KEPT.take().len(), 1);
}

#[test]
fn the_block_about_errors_tells_them_apart() {
    let http = plex_auth_ureq::Transport::new();
    let me = plex_auth_proto::ClientIdentity::builder("id").build().unwrap();
    let plex_tv = plex_auth_proto::PlexTv::at(me, plex_tv());
    let sign_in = |login: &str, password: &str| {
        let credentials = plex_auth_proto::Credentials::new(login, password).unwrap();
        block_5::signed_in(&http, plex_tv.sign_in(&credentials).map(|signed_in| signed_in.account))
    };
    assert!(matches!(sign_in("rosa", "nine kites & a lantern"), Next::Welcome(Some(_))));
    assert_eq!(sign_in("ingrid", "Fjellvåk-81"), Next::AskForCode);
    assert!(matches!(sign_in("rosa", "wrong"), Next::Tell(_)));
    let dead = Token::new("dead").unwrap();
    assert_eq!(block_5::signed_in(&http, plex_tv.token_details(&dead)), Next::SignInAgain);
    FAKE.with(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.with(|plex| plex.misbehave("/user", busy));
    });
    assert_eq!(block_5::signed_in(&http, plex_tv.token_details(&dead)), Next::TryLater(None));
}
