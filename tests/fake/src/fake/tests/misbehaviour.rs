use std::time::Duration;

use super::*;

#[test]
fn a_path_misbehaves_so_many_times_and_then_the_next_way() {
    let mut plex = FakePlex::new();
    plex.misbehave(
        "/user",
        Misbehaviour::answer(200, "text/html", "<html>welcome</html>").times(1),
    );
    plex.misbehave("/user", Misbehaviour::answer(502, "", "").times(2));
    let statuses: Vec<_> =
        (0..4).map(|_| asking("GET", "/api/v2/user").of(&mut plex).status()).collect();
    assert_eq!(statuses, [200, 502, 502, 401]);
    assert_eq!(plex.seen("GET", "/user"), 4);
}

#[test]
fn a_misbehaviour_concerns_its_path_only_and_ends_when_told() {
    let mut plex = FakePlex::new();
    plex.misbehave("/user", Misbehaviour::answer(418, "", ""));
    assert_eq!(asking("GET", "/identity").of(&mut plex).status(), 200);
    assert_eq!(asking("GET", "/user").of(&mut plex).status(), 418);
    plex.behave();
    assert_eq!(asking("GET", "/user").of(&mut plex).status(), 401);
}

#[test]
fn a_redirect_says_where_to() {
    let mut plex = FakePlex::new();
    plex.misbehave("/user", Misbehaviour::redirect(308, "//elsewhere.example/x"));
    let answer = asking("GET", "/user").of(&mut plex);
    assert_eq!(
        (answer.status(), &answer.0.headers()["location"]),
        (308, &"//elsewhere.example/x".parse().unwrap())
    );
}

#[test]
fn a_bad_delivery_carries_the_right_answer_which_has_its_effect() {
    let mut plex = FakePlex::new();
    plex.misbehave("/users/signin", Misbehaviour::deliver(Delivery::CloseUnanswered));
    let fields = [("login", "tariq"), ("password", "copper+teapot%7")];
    let Asking(request, body) = sign_in(&fields).json();
    let reply = plex.reply(&request.body(body).unwrap(), NOW);
    assert_eq!(reply.delivery, Delivery::CloseUnanswered);

    let account: Value = serde_json::from_slice(reply.response.body()).unwrap();
    let token = account["authToken"].as_str().unwrap();
    assert_eq!(asking("GET", "/user").token(token).of(&mut plex).status(), 200);
}

#[test]
fn an_answer_and_its_delivery_can_both_be_wrong() {
    let mut plex = FakePlex::new();
    let slow = Delivery::After(Duration::from_secs(60));
    let response =
        Misbehaviour::answer(429, "", "").header("retry-after", "120").header("retry-after", "7");
    plex.misbehave("/user", response.delivered(slow));
    let Asking(request, body) = asking("GET", "/user");
    let reply = plex.reply(&request.body(body).unwrap(), NOW);
    assert_eq!((reply.response.status().as_u16(), reply.delivery), (429, slow));
    assert_eq!(reply.response.headers().get_all("retry-after").iter().count(), 2);
}
