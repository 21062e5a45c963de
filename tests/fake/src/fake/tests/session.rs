use super::*;

#[test]
fn a_ping_needs_a_valid_token() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    let in_json = request("GET", "/api/v2/ping").token(&token).json().send(&mut plex);
    assert_eq!((in_json.status(), in_json.json_body()), (200, serde_json::json!({ "pong": true })));
    let in_xml = request("GET", "/ping").token(&token).send(&mut plex);
    assert!(in_xml.text().ends_with("<pong>true</pong>\n"), "{}", in_xml.text());
    assert_eq!(
        request("GET", "/ping").token("unknown").json().send(&mut plex).error_code(),
        (401, 1001)
    );
    assert_eq!(request("GET", "/ping").json().send(&mut plex).error_code(), (401, 1001));
}

#[test]
fn signing_out_revokes_only_its_token() {
    let mut plex = FakePlex::new();
    let (one, other) = (plex.issue_token(Who::Free), plex.issue_token(Who::Free));
    let response = request("DELETE", "/users/signout").token(&one).json().send(&mut plex);
    assert_eq!((response.status(), response.text()), (204, ""));
    assert_eq!(
        request("GET", "/user").token(&one).json().send(&mut plex).error_code(),
        (401, 1001)
    );
    assert_eq!(request("GET", "/user").token(&other).json().send(&mut plex).status(), 200);
    let again = request("DELETE", "/users/signout").token(&one).json().send(&mut plex);
    assert_eq!(again.error_code(), (401, 1001));
}
