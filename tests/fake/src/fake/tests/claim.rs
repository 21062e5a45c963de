use super::*;

const TOKEN: &str = "/api/claim/token.json";

fn claim_token(plex: &mut FakePlex, who: Who) -> String {
    let token = plex.account(who).token().to_owned();
    let response = request("GET", TOKEN).token(&token).json().send(plex);
    assert_eq!(response.status(), 200);
    response.json_body()["token"].as_str().unwrap().to_owned()
}

fn claim(plex: &mut FakePlex, claim_token: &str, now: u64) -> TestResponse {
    request("POST", &format!("/unclaimed/myplex/claim?token={claim_token}"))
        .json()
        .send_at(plex, now)
}

#[test]
fn claim_tokens_are_outside_the_api_path() {
    let mut plex = FakePlex::new();
    assert!(claim_token(&mut plex, Who::Free).starts_with("claim-"));
    assert_ne!(claim_token(&mut plex, Who::Free), claim_token(&mut plex, Who::Free));
    let refused = request("GET", TOKEN).send(&mut plex);
    assert_eq!((refused.status(), refused.json_body()["error"].is_string()), (401, true));
    let token = plex.account(Who::Free).token().to_owned();
    let inside = request("GET", &format!("/api/v2{TOKEN}")).token(&token).json().send(&mut plex);
    assert_eq!(inside.error_code(), (404, 1002));
}

#[test]
fn a_claimed_server_belongs_to_the_account() {
    let mut plex = FakePlex::new();
    let token = claim_token(&mut plex, Who::Free);
    let response = claim(&mut plex, &token, NOW);
    assert_eq!(
        (response.status(), &response.json_body()["MyPlex"]["signInState"]),
        (200, &"ok".into())
    );
    assert_eq!(plex.server(Which::Unclaimed).admin(), Some(Who::Free));

    let identity = request("GET", "/unclaimed/identity").json().send(&mut plex).json_body();
    assert_eq!(identity["MediaContainer"]["claimed"], true);
    let own = plex.server(Which::Unclaimed).access_token(Who::Free).unwrap().to_owned();
    let rosas = plex.account(Who::PlexPass).token().to_owned();
    for (token, status) in [(&own, 200), (&rosas, 401)] {
        assert_eq!(
            request("GET", "/unclaimed/").token(token).json().send(&mut plex).status(),
            status
        );
    }
    let again = claim_token(&mut plex, Who::PlexPass);
    assert_eq!(claim(&mut plex, &again, NOW).status(), 401);
}

#[test]
fn a_claim_token_is_valid_once_for_four_minutes() {
    let mut plex = FakePlex::new();
    let token = claim_token(&mut plex, Who::Free);
    assert_eq!(claim(&mut plex, &token, NOW + 240).status(), 403);
    let token = claim_token(&mut plex, Who::Free);
    assert_eq!(claim(&mut plex, &token, NOW + 239).status(), 200);
    let own = plex.server(Which::Unclaimed).access_token(Who::Free).unwrap().to_owned();
    let unclaimed = request("DELETE", "/unclaimed/myplex/account").token(&own).send(&mut plex);
    assert!(unclaimed.text().contains("signInState=\"none\""), "{}", unclaimed.text());
    assert_eq!(claim(&mut plex, &token, NOW).status(), 403);
    assert_eq!(request("POST", "/unclaimed/myplex/claim").json().send(&mut plex).status(), 400);
}

#[test]
fn only_the_owner_can_unclaim_a_server() {
    let mut plex = FakePlex::new();
    let unclaim = |plex: &mut FakePlex, token: &str| {
        request("DELETE", "/myplex/account").token(token).json().send(plex).status()
    };
    let token = |plex: &FakePlex, who| plex.account(who).token().to_owned();
    let (rosa, nilo, tariq) =
        (token(&plex, Who::PlexPass), token(&plex, Who::Managed), token(&plex, Who::Free));
    let own = plex.server(Which::Claimed).access_token(Who::Managed).unwrap().to_owned();
    assert_eq!((unclaim(&mut plex, &tariq), unclaim(&mut plex, &nilo)), (401, 403));
    assert_eq!(request("GET", "/").token(&own).json().send(&mut plex).status(), 200);
    assert_eq!((unclaim(&mut plex, &rosa), plex.server(Which::Claimed).admin()), (200, None));
    assert_eq!(plex.server(Which::Claimed).access_token(Who::Managed), None);

    let token = claim_token(&mut plex, Who::Free);
    let response = request("POST", &format!("/myplex/claim?token={token}")).json().send(&mut plex);
    assert_eq!(response.status(), 200);
    for revoked in [&own, &rosa, &nilo] {
        assert_eq!(request("GET", "/").token(revoked).json().send(&mut plex).status(), 401);
    }
}
