use super::*;

#[test]
fn each_token_returns_its_account() {
    let mut plex = FakePlex::new();
    for who in [Who::PlexPass, Who::Free, Who::TwoFactor, Who::Managed, Who::EmailOnly] {
        let token = plex.account(who).token().to_owned();
        let in_json = request("GET", "/user").token(&token).json().send(&mut plex);
        assert_eq!(in_json.status(), 200);
        assert_eq!(in_json.json_body()["authToken"], *token);
        assert_eq!(in_json.json_body()["uuid"], plex.account(who).body()["uuid"]);

        let in_xml = request("GET", "/api/v2/user").token(&token).send(&mut plex);
        assert_eq!(in_xml.status(), 200);
        assert!(in_xml.text().contains(&format!("authToken=\"{token}\"")));
    }
}

#[test]
fn an_xml_account_has_elements_for_its_lists() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::PlexPass).token().to_owned();
    let response = request("GET", "/user").token(&token).send(&mut plex);
    for part in [
        "subscribedAt=\"2019-03-11 17:42:08 UTC\"",
        "<features><feature id=\"harbour-lantern\"/>",
        "<roles><role id=\"plexpass\"/></roles>",
        "<entitlements><entitlement id=\"all\"/>",
        "<services><service endpoint=",
        "homeAdmin=\"1\"",
        "attributionPartner=\"\"",
    ] {
        assert!(response.text().contains(part), "no {part} in {}", response.text());
    }
}

#[test]
fn a_token_in_the_query_is_accepted() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    let response = request("GET", &format!("/user?X-Plex-Token={token}")).json().send(&mut plex);
    assert_eq!(response.json_body()["username"], "tariq");
}

#[test]
fn unknown_and_revoked_tokens_are_refused() {
    let mut plex = FakePlex::new();
    assert_eq!(request("GET", "/user").json().send(&mut plex).error_code(), (401, 1001));
    assert_eq!(
        request("GET", "/user").token("unknown").json().send(&mut plex).error_code(),
        (401, 1001)
    );

    let token = plex.issue_token(Who::Free);
    assert_eq!(request("GET", "/user").token(&token).json().send(&mut plex).status(), 200);
    plex.revoke(&token);
    assert_eq!(
        request("GET", "/user").token(&token).json().send(&mut plex).error_code(),
        (401, 1001)
    );

    let anonymous = request("GET", "/user").without("x-plex-client-identifier").json();
    assert_eq!(anonymous.send(&mut plex).error_code(), (400, 1000));
}

#[test]
fn changes_to_an_account_are_returned() {
    let mut plex = FakePlex::new();
    plex.account_mut(Who::Free).body_mut().insert("homeSize".to_owned(), Value::from("1"));
    let token = plex.account(Who::Free).token().to_owned();
    assert_eq!(
        request("GET", "/user").token(&token).json().send(&mut plex).json_body()["homeSize"],
        "1"
    );
}
