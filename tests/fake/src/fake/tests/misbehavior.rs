use std::time::Duration;

use super::*;

#[test]
fn misbehaviors_apply_in_order() {
    let mut plex = FakePlex::new();
    plex.misbehave("/user", Misbehavior::answer(200, "text/html", "<html>welcome</html>").times(1));
    plex.misbehave("/user", Misbehavior::answer(502, "", "").times(2));
    let statuses: Vec<_> =
        (0..4).map(|_| request("GET", "/api/v2/user").send(&mut plex).status()).collect();
    assert_eq!(statuses, [200, 502, 502, 401]);
    assert_eq!(plex.seen("GET", "/user"), 4);
}

#[test]
fn a_misbehavior_affects_only_its_path() {
    let mut plex = FakePlex::new();
    plex.misbehave("/user", Misbehavior::answer(418, "", ""));
    assert_eq!(request("GET", "/identity").send(&mut plex).status(), 200);
    assert_eq!(request("GET", "/user").send(&mut plex).status(), 418);
    plex.behave();
    assert_eq!(request("GET", "/user").send(&mut plex).status(), 401);
}

#[test]
fn a_redirect_has_a_location() {
    let mut plex = FakePlex::new();
    plex.misbehave("/user", Misbehavior::redirect(308, "//elsewhere.example/x"));
    let response = request("GET", "/user").send(&mut plex);
    assert_eq!(
        (response.status(), &response.0.headers()["location"]),
        (308, &"//elsewhere.example/x".parse().unwrap())
    );
}

#[test]
fn a_bad_delivery_still_takes_effect() {
    let mut plex = FakePlex::new();
    plex.misbehave("/users/signin", Misbehavior::deliver(Delivery::CloseUnanswered));
    let fields = [("login", "tariq"), ("password", "copper+teapot%7")];
    let TestRequest(builder, body) = sign_in(&fields).json();
    let reply = plex.reply(&builder.body(body).unwrap(), NOW);
    assert_eq!(reply.delivery, Delivery::CloseUnanswered);

    let account: Value = serde_json::from_slice(reply.response.body()).unwrap();
    let token = account["authToken"].as_str().unwrap();
    assert_eq!(request("GET", "/user").token(token).send(&mut plex).status(), 200);
}

#[test]
fn response_and_delivery_can_both_misbehave() {
    let mut plex = FakePlex::new();
    let slow = Delivery::After(Duration::from_secs(60));
    let response =
        Misbehavior::answer(429, "", "").header("retry-after", "120").header("retry-after", "7");
    plex.misbehave("/user", response.delivered(slow));
    let TestRequest(builder, body) = request("GET", "/user");
    let reply = plex.reply(&builder.body(body).unwrap(), NOW);
    assert_eq!((reply.response.status().as_u16(), reply.delivery), (429, slow));
    assert_eq!(reply.response.headers().get_all("retry-after").iter().count(), 2);
}
