use super::auth::{device, post};
use super::*;
use serde_json::json;

fn sign_in_as(plex: &mut FakePlex, identifier: &str) -> String {
    let fields = [("login", "tariq"), ("password", "copper+teapot%7")];
    let asking = sign_in(&fields).without("x-plex-client-identifier");
    let asking = asking.header("x-plex-client-identifier", identifier);
    let asking =
        asking.header("x-plex-device-name", "Hallway").header("x-plex-product", "Lamp & Co");
    asking.json().of(plex).value()["authToken"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_signs_in_is_in_the_list_once_for_each_identifier() {
    let mut plex = FakePlex::new();
    let first = sign_in_as(&mut plex, "a-lamp");
    let second = sign_in_as(&mut plex, "a-lamp");
    sign_in_as(&mut plex, "another-lamp");
    assert_eq!(plex.devices(Who::Free).count(), 3);
    let lamp = plex.devices(Who::Free).nth(1).unwrap();
    assert_eq!((lamp.name(), lamp.token(), lamp.created_at()), ("Hallway", second.as_str(), NOW));

    let list = asking("GET", "/devices.xml").token(&first).json().of(&mut plex);
    assert_eq!((list.status(), list.kind()), (200, "application/xml"));
    for part in ["<MediaContainer publicAddress=", "product=\"Lamp &amp; Co\"", "<Connection uri="]
    {
        assert!(list.text().contains(part), "{part} in {}", list.text());
    }
    assert_eq!(list.text().matches("<Device ").count(), 3);
    let inside = asking("GET", "/api/v2/devices.xml").token(&first).json().of(&mut plex);
    assert_eq!(inside.code(), (404, 1002));
    assert_eq!(asking("GET", "/devices.xml").json().of(&mut plex).code(), (401, 1001));
}

#[test]
fn a_removed_device_has_no_token_that_is_alive() {
    let mut plex = FakePlex::new();
    let (first, second) = (sign_in_as(&mut plex, "a-lamp"), sign_in_as(&mut plex, "a-lamp"));
    let token = plex.account(Who::Free).token().to_owned();
    let id = plex.devices(Who::Free).nth(1).unwrap().id();
    let remove = |plex: &mut FakePlex, token: &str, id: &str| {
        asking("DELETE", &format!("/devices/{id}.xml")).token(token).json().of(plex).status()
    };
    let rosa = plex.account(Who::PlexPass).token().to_owned();
    assert_eq!(remove(&mut plex, &rosa, &id.to_string()), 404);
    assert_eq!(remove(&mut plex, &token, "x"), 404);
    assert_eq!(remove(&mut plex, &token, &id.to_string()), 204);
    assert_eq!(remove(&mut plex, &token, &id.to_string()), 404);
    for dead in [&first, &second] {
        assert_eq!(asking("GET", "/user").token(dead).json().of(&mut plex).code(), (401, 1001));
    }
    assert_eq!(asking("GET", "/user").token(&token).json().of(&mut plex).status(), 200);
}

#[test]
fn a_device_that_signs_out_is_off_the_list() {
    let mut plex = FakePlex::new();
    let token = sign_in_as(&mut plex, "a-lamp");
    assert_eq!(plex.devices(Who::Free).count(), 2);
    asking("DELETE", "/users/signout").token(&token).of(&mut plex);
    assert_eq!(plex.devices(Who::Free).count(), 1);
}

#[test]
fn a_device_that_came_by_a_pin_is_in_the_list_and_is_removed_with_its_key() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    for body in [json!({}), json!({ "jwk": device(1).jwk() })] {
        let made = post("/api/v2/pins", &body).header("x-plex-product", "Lamp").of(&mut plex);
        let code = made.value()["code"].as_str().unwrap().to_owned();
        let linked = plex.link_pin(&code, Who::Free, NOW).unwrap();
        let lamp = plex.devices(Who::Free).nth(1).unwrap().clone();
        assert_eq!((lamp.product(), lamp.token()), ("Lamp", linked.as_str()));

        let file = format!("/devices/{}.xml", lamp.id());
        assert_eq!(asking("DELETE", &file).token(&token).of(&mut plex).status(), 204);
        let dead = asking("GET", "/user").token(&linked).json().of(&mut plex);
        assert_eq!(dead.code(), (401, 1001));
    }
    assert_eq!(plex.devices(Who::Free).count(), 1);
    assert!(plex.device_keys().next().unwrap().is_removed());
}
