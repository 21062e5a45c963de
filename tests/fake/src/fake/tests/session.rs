use super::*;

#[test]
fn a_ping_says_whether_a_token_is_alive() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    let in_json = asking("GET", "/api/v2/ping").token(&token).json().of(&mut plex);
    assert_eq!((in_json.status(), in_json.value()), (200, serde_json::json!({ "pong": true })));
    let in_xml = asking("GET", "/ping").token(&token).of(&mut plex);
    assert!(in_xml.text().ends_with("<pong>true</pong>\n"), "{}", in_xml.text());
    assert_eq!(asking("GET", "/ping").token("unknown").json().of(&mut plex).code(), (401, 1001));
    assert_eq!(asking("GET", "/ping").json().of(&mut plex).code(), (401, 1001));
}

#[test]
fn signing_out_ends_the_token_that_was_asked_with_and_no_other() {
    let mut plex = FakePlex::new();
    let (one, other) = (plex.issue_token(Who::Free), plex.issue_token(Who::Free));
    let answer = asking("DELETE", "/users/signout").token(&one).json().of(&mut plex);
    assert_eq!((answer.status(), answer.text()), (204, ""));
    assert_eq!(asking("GET", "/user").token(&one).json().of(&mut plex).code(), (401, 1001));
    assert_eq!(asking("GET", "/user").token(&other).json().of(&mut plex).status(), 200);
    let again = asking("DELETE", "/users/signout").token(&one).json().of(&mut plex);
    assert_eq!(again.code(), (401, 1001));
}
