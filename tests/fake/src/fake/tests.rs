//! Tests of the fake without a socket.

use http::{Request, Response, StatusCode};
use serde_json::Value;

use super::*;

mod auth;
mod claim;
mod device_pins;
mod devices;
mod home;
mod media_server;
mod misbehavior;
mod pages;
mod pins;
#[cfg(feature = "qr")]
mod qr;
mod resources;
mod session;
mod sign_in;
mod user;

const NOW: u64 = 1_700_000_000;

/// A request with a body.
struct TestRequest(http::request::Builder, Vec<u8>);

fn request(method: &str, target: &str) -> TestRequest {
    let builder = Request::builder().method(method).uri(target);
    TestRequest(builder.header("x-plex-client-identifier", "a-television"), Vec::new())
}

fn sign_in(fields: &[(&str, &str)]) -> TestRequest {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = request("POST", "/api/v2/users/signin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    TestRequest(request.0, body.finish().into_bytes())
}

impl TestRequest {
    fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    fn token(self, token: &str) -> Self {
        self.header("x-plex-token", token)
    }

    fn json(self) -> Self {
        self.header("accept", "application/json")
    }

    fn without(mut self, name: &str) -> Self {
        self.0.headers_mut().unwrap().remove(name);
        self
    }

    fn send_at(self, plex: &mut FakePlex, now: u64) -> TestResponse {
        TestResponse(plex.answer(&self.0.body(self.1).unwrap(), now))
    }

    fn send(self, plex: &mut FakePlex) -> TestResponse {
        self.send_at(plex, NOW)
    }
}

struct TestResponse(Response<Vec<u8>>);

impl TestResponse {
    fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    fn content_type(&self) -> &str {
        self.0.headers()["content-type"].to_str().unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(self.0.body()).unwrap()
    }

    fn json_body(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap()
    }

    /// Returns the status and the error code of a plex.tv error response.
    fn error_code(&self) -> (u16, u64) {
        let error = &self.json_body()["errors"][0];
        assert_eq!(error["status"], self.status());
        (self.status(), error["code"].as_u64().unwrap())
    }
}

#[test]
fn each_new_fake_responds_the_same() {
    let mut responses = Vec::new();
    for _ in 0..2 {
        let mut plex = FakePlex::new();
        let fields = [("login", "rosa"), ("password", "nine kites & a lantern")];
        let signed_in = sign_in(&fields).json().send(&mut plex);
        responses.push(signed_in.text().to_owned());
    }
    assert_eq!(responses[0], responses[1]);
}

#[test]
fn requests_are_recorded_and_counted() {
    let mut plex = FakePlex::new();
    request("GET", "/api/v2/user?x=1").send(&mut plex);
    request("GET", "/user").send(&mut plex);
    request("POST", "/security/token?type=delegation").send(&mut plex);

    assert_eq!(plex.seen("GET", "/user"), 2);
    assert_eq!(plex.seen("GET", "/api/v2/user"), 1);
    assert_eq!(plex.seen("POST", "/user"), 0);
    assert_eq!(plex.seen("POST", "/security/token"), 1);
    assert_eq!(plex.requests()[0].target, "/api/v2/user?x=1");
    assert_eq!(plex.requests()[0].header("X-Plex-Client-Identifier"), Some("a-television"));

    plex.forget_requests();
    assert!(plex.requests().is_empty());
}

#[test]
fn record_of_requests_is_bounded() {
    let mut plex = FakePlex::new();
    let large = Request::put("/nothing").body(vec![b'x'; 1024 * 1024]).unwrap();
    for _ in 0..200 {
        plex.answer(&large, NOW);
    }
    request("GET", "/user").send(&mut plex);
    let recorded: usize = plex.requests().iter().map(|seen| seen.body.len()).sum();
    assert!(recorded <= 64 * 1024 * 1024, "{recorded} bytes");
    assert_eq!(plex.requests().last().unwrap().path(), "/user");
    assert_eq!(plex.seen("GET", "/user"), 1);

    let small = Request::get("/x").body(Vec::new()).unwrap();
    for _ in 0..140_000 {
        plex.answer(&small, NOW);
    }
    assert!(plex.requests().len() <= 131_072, "{} requests", plex.requests().len());
}

#[test]
fn unknown_paths_and_methods_are_refused() {
    let mut plex = FakePlex::new();
    assert_eq!(request("GET", "/api/v2/nothing").json().send(&mut plex).error_code(), (404, 1002));
    assert_eq!(request("GET", "/users/signin").json().send(&mut plex).error_code(), (405, 1005));
    assert_eq!(request("DELETE", "/user").json().send(&mut plex).error_code(), (405, 1005));
}

#[test]
fn errors_are_json_only_on_request() {
    let mut plex = FakePlex::new();
    let in_json = request("GET", "/user").json().send(&mut plex);
    assert_eq!(in_json.content_type(), "application/json;charset=utf-8");
    assert_eq!(
        in_json.json_body(),
        serde_json::json!({ "errors": [{ "code": 1001, "message": "User could not be authenticated", "status": 401 }] })
    );
    let in_xml = request("GET", "/user").send(&mut plex);
    assert_eq!(in_xml.0.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(in_xml.content_type(), "application/xml");
    assert!(in_xml.text().contains(
        "<errors><error code=\"1001\" message=\"User could not be authenticated\" status=\"401\"/></errors>"
    ));
}
