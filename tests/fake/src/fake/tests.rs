//! The fake, asked without a socket.

use http::{Request, Response, StatusCode};
use serde_json::Value;

use super::*;

mod auth;
mod claim;
mod device_pins;
mod devices;
mod home;
mod media_server;
mod misbehaviour;
mod pages;
mod pins;
#[cfg(feature = "qr")]
mod qr;
mod resources;
mod session;
mod sign_in;
mod user;

const NOW: u64 = 1_700_000_000;

/// A request that is asked of a fresh fake or of a given one.
struct Asking(http::request::Builder, Vec<u8>);

fn asking(method: &str, target: &str) -> Asking {
    let request = Request::builder().method(method).uri(target);
    Asking(request.header("x-plex-client-identifier", "a-television"), Vec::new())
}

fn sign_in(fields: &[(&str, &str)]) -> Asking {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let asking = asking("POST", "/api/v2/users/signin");
    let asking = asking.header("content-type", "application/x-www-form-urlencoded");
    Asking(asking.0, body.finish().into_bytes())
}

impl Asking {
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

    fn of_at(self, plex: &mut FakePlex, now: u64) -> Answer {
        Answer(plex.answer(&self.0.body(self.1).unwrap(), now))
    }

    fn of(self, plex: &mut FakePlex) -> Answer {
        self.of_at(plex, NOW)
    }
}

struct Answer(Response<Vec<u8>>);

impl Answer {
    fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    fn kind(&self) -> &str {
        self.0.headers()["content-type"].to_str().unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(self.0.body()).unwrap()
    }

    fn value(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap()
    }

    /// The one error of plex.tv in it.
    fn code(&self) -> (u16, u64) {
        let error = &self.value()["errors"][0];
        assert_eq!(error["status"], self.status());
        (self.status(), error["code"].as_u64().unwrap())
    }
}

#[test]
fn the_same_requests_get_the_same_answers_from_every_new_fake() {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut plex = FakePlex::new();
        let fields = [("login", "rosa"), ("password", "nine kites & a lantern")];
        let signed_in = sign_in(&fields).json().of(&mut plex);
        answers.push(signed_in.text().to_owned());
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn requests_are_remembered_and_counted() {
    let mut plex = FakePlex::new();
    asking("GET", "/api/v2/user?x=1").of(&mut plex);
    asking("GET", "/user").of(&mut plex);
    asking("POST", "/security/token?type=delegation").of(&mut plex);

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
fn an_unknown_place_and_a_wrong_verb_are_refused() {
    let mut plex = FakePlex::new();
    assert_eq!(asking("GET", "/api/v2/nothing").json().of(&mut plex).code(), (404, 1002));
    assert_eq!(asking("GET", "/users/signin").json().of(&mut plex).code(), (405, 1005));
    assert_eq!(asking("DELETE", "/user").json().of(&mut plex).code(), (405, 1005));
}

#[test]
fn an_error_is_json_only_when_asked_for() {
    let mut plex = FakePlex::new();
    let in_json = asking("GET", "/user").json().of(&mut plex);
    assert_eq!(in_json.kind(), "application/json;charset=utf-8");
    assert_eq!(
        in_json.value(),
        serde_json::json!({ "errors": [{ "code": 1001, "message": "User could not be authenticated", "status": 401 }] })
    );
    let in_xml = asking("GET", "/user").of(&mut plex);
    assert_eq!(in_xml.0.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(in_xml.kind(), "application/xml");
    assert!(in_xml.text().contains(
        "<errors><error code=\"1001\" message=\"User could not be authenticated\" status=\"401\"/></errors>"
    ));
}
