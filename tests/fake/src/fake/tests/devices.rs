use super::auth::{device, post};
use super::*;
use serde_json::json;

fn sign_in_as(plex: &mut FakePlex, identifier: &str) -> String {
    let fields = [("login", "tariq"), ("password", "copper+teapot%7")];
    let request = sign_in(&fields).without("x-plex-client-identifier");
    let request = request.header("x-plex-client-identifier", identifier);
    let request =
        request.header("x-plex-device-name", "Hallway").header("x-plex-product", "Lamp & Co");
    request.json().send(plex).json_body()["authToken"].as_str().unwrap().to_owned()
}

#[test]
fn each_client_identifier_is_listed_once() {
    let mut plex = FakePlex::new();
    let first = sign_in_as(&mut plex, "a-lamp");
    let second = sign_in_as(&mut plex, "a-lamp");
    sign_in_as(&mut plex, "another-lamp");
    assert_eq!(plex.devices(Who::Free).count(), 3);
    let lamp = plex.devices(Who::Free).nth(1).unwrap();
    assert_eq!((lamp.name(), lamp.token(), lamp.created_at()), ("Hallway", second.as_str(), NOW));

    let list = request("GET", "/devices.xml").token(&first).json().send(&mut plex);
    assert_eq!((list.status(), list.content_type()), (200, "application/xml"));
    for part in ["<MediaContainer publicAddress=", "product=\"Lamp &amp; Co\"", "<Connection uri="]
    {
        assert!(list.text().contains(part), "no {part} in {}", list.text());
    }
    assert_eq!(list.text().matches("<Device ").count(), 3);
    let inside = request("GET", "/api/v2/devices.xml").token(&first).json().send(&mut plex);
    assert_eq!(inside.error_code(), (404, 1002));
    assert_eq!(request("GET", "/devices.xml").json().send(&mut plex).error_code(), (401, 1001));
}

#[test]
fn removing_a_device_revokes_its_tokens() {
    let mut plex = FakePlex::new();
    let (first, second) = (sign_in_as(&mut plex, "a-lamp"), sign_in_as(&mut plex, "a-lamp"));
    let token = plex.account(Who::Free).token().to_owned();
    let id = plex.devices(Who::Free).nth(1).unwrap().id();
    let remove = |plex: &mut FakePlex, token: &str, id: &str| {
        request("DELETE", &format!("/devices/{id}.xml")).token(token).json().send(plex).status()
    };
    let rosa = plex.account(Who::PlexPass).token().to_owned();
    assert_eq!(remove(&mut plex, &rosa, &id.to_string()), 404);
    assert_eq!(remove(&mut plex, &token, "x"), 404);
    assert_eq!(remove(&mut plex, &token, &id.to_string()), 204);
    assert_eq!(remove(&mut plex, &token, &id.to_string()), 404);
    for revoked in [&first, &second] {
        assert_eq!(
            request("GET", "/user").token(revoked).json().send(&mut plex).error_code(),
            (401, 1001)
        );
    }
    assert_eq!(request("GET", "/user").token(&token).json().send(&mut plex).status(), 200);
}

#[test]
fn signing_out_removes_the_device() {
    let mut plex = FakePlex::new();
    let token = sign_in_as(&mut plex, "a-lamp");
    assert_eq!(plex.devices(Who::Free).count(), 2);
    request("DELETE", "/users/signout").token(&token).send(&mut plex);
    assert_eq!(plex.devices(Who::Free).count(), 1);
}

#[test]
fn a_device_linked_by_pin_can_be_removed() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    for body in [json!({}), json!({ "jwk": device(1).jwk() })] {
        let made = post("/api/v2/pins", &body).header("x-plex-product", "Lamp").send(&mut plex);
        let code = made.json_body()["code"].as_str().unwrap().to_owned();
        let linked = plex.link_pin(&code, Who::Free, NOW).unwrap();
        let lamp = plex.devices(Who::Free).nth(1).unwrap().clone();
        assert_eq!((lamp.product(), lamp.token()), ("Lamp", linked.as_str()));

        let file = format!("/devices/{}.xml", lamp.id());
        assert_eq!(request("DELETE", &file).token(&token).send(&mut plex).status(), 204);
        let revoked = request("GET", "/user").token(&linked).json().send(&mut plex);
        assert_eq!(revoked.error_code(), (401, 1001));
    }
    assert_eq!(plex.devices(Who::Free).count(), 1);
    assert!(plex.device_keys().next().unwrap().is_removed());
}
