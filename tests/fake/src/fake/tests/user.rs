use super::*;

#[test]
fn each_account_is_told_by_its_token_in_json_and_xml() {
    let mut plex = FakePlex::new();
    for who in [Who::PlexPass, Who::Free, Who::TwoFactor, Who::Managed, Who::EmailOnly] {
        let token = plex.account(who).token().to_owned();
        let in_json = asking("GET", "/user").token(&token).json().of(&mut plex);
        assert_eq!(in_json.status(), 200);
        assert_eq!(in_json.value()["authToken"], *token);
        assert_eq!(in_json.value()["uuid"], plex.account(who).body()["uuid"]);

        let in_xml = asking("GET", "/api/v2/user").token(&token).of(&mut plex);
        assert_eq!(in_xml.status(), 200);
        assert!(in_xml.text().contains(&format!("authToken=\"{token}\"")));
    }
}

#[test]
fn the_account_in_xml_has_lists_as_elements_and_its_date_as_older_paths_write_it() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::PlexPass).token().to_owned();
    let answer = asking("GET", "/user").token(&token).of(&mut plex);
    for part in [
        "subscribedAt=\"2019-03-11 17:42:08 UTC\"",
        "<features><feature id=\"harbour-lantern\"/>",
        "<roles><role id=\"plexpass\"/></roles>",
        "<entitlements><entitlement id=\"all\"/>",
        "<services><service endpoint=",
        "homeAdmin=\"1\"",
        "attributionPartner=\"\"",
    ] {
        assert!(answer.text().contains(part), "{part} in {}", answer.text());
    }
}

#[test]
fn a_token_in_the_query_works_as_well() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::Free).token().to_owned();
    let answer = asking("GET", &format!("/user?X-Plex-Token={token}")).json().of(&mut plex);
    assert_eq!(answer.value()["username"], "tariq");
}

#[test]
fn no_token_an_unknown_one_and_a_revoked_one_are_refused() {
    let mut plex = FakePlex::new();
    assert_eq!(asking("GET", "/user").json().of(&mut plex).code(), (401, 1001));
    assert_eq!(asking("GET", "/user").token("unknown").json().of(&mut plex).code(), (401, 1001));

    let token = plex.issue_token(Who::Free);
    assert_eq!(asking("GET", "/user").token(&token).json().of(&mut plex).status(), 200);
    plex.revoke(&token);
    assert_eq!(asking("GET", "/user").token(&token).json().of(&mut plex).code(), (401, 1001));

    let nobody = asking("GET", "/user").without("x-plex-client-identifier").json();
    assert_eq!(nobody.of(&mut plex).code(), (400, 1000));
}

#[test]
fn what_a_test_changes_in_an_account_is_what_comes() {
    let mut plex = FakePlex::new();
    plex.account_mut(Who::Free).body_mut().insert("homeSize".to_owned(), Value::from("1"));
    let token = plex.account(Who::Free).token().to_owned();
    assert_eq!(asking("GET", "/user").token(&token).json().of(&mut plex).value()["homeSize"], "1");
}
