use super::*;

const TOKEN: &str = "/api/claim/token.json";

fn claim_token(plex: &mut FakePlex, who: Who) -> String {
    let token = plex.account(who).token().to_owned();
    let answer = asking("GET", TOKEN).token(&token).json().of(plex);
    assert_eq!(answer.status(), 200);
    answer.value()["token"].as_str().unwrap().to_owned()
}

fn claim(plex: &mut FakePlex, claim_token: &str, now: u64) -> Answer {
    asking("POST", &format!("/unclaimed/myplex/claim?token={claim_token}")).json().of_at(plex, now)
}

#[test]
fn a_claim_token_comes_outside_the_api_and_refuses_in_a_shape_of_its_own() {
    let mut plex = FakePlex::new();
    assert!(claim_token(&mut plex, Who::Free).starts_with("claim-"));
    assert_ne!(claim_token(&mut plex, Who::Free), claim_token(&mut plex, Who::Free));
    let refused = asking("GET", TOKEN).of(&mut plex);
    assert_eq!((refused.status(), refused.value()["error"].is_string()), (401, true));
    let token = plex.account(Who::Free).token().to_owned();
    let inside = asking("GET", &format!("/api/v2{TOKEN}")).token(&token).json().of(&mut plex);
    assert_eq!(inside.code(), (404, 1002));
}

#[test]
fn a_claimed_server_belongs_to_whoever_the_token_was_of() {
    let mut plex = FakePlex::new();
    let token = claim_token(&mut plex, Who::Free);
    let answer = claim(&mut plex, &token, NOW);
    assert_eq!((answer.status(), &answer.value()["MyPlex"]["signInState"]), (200, &"ok".into()));
    assert_eq!(plex.server(Which::Unclaimed).admin(), Some(Who::Free));

    let identity = asking("GET", "/unclaimed/identity").json().of(&mut plex).value();
    assert_eq!(identity["MediaContainer"]["claimed"], true);
    let own = plex.server(Which::Unclaimed).access_token(Who::Free).unwrap().to_owned();
    let rosas = plex.account(Who::PlexPass).token().to_owned();
    for (token, status) in [(&own, 200), (&rosas, 401)] {
        assert_eq!(asking("GET", "/unclaimed/").token(token).json().of(&mut plex).status(), status);
    }
    let again = claim_token(&mut plex, Who::PlexPass);
    assert_eq!(claim(&mut plex, &again, NOW).status(), 401);
}

#[test]
fn a_claim_token_is_good_once_and_for_four_minutes() {
    let mut plex = FakePlex::new();
    let token = claim_token(&mut plex, Who::Free);
    assert_eq!(claim(&mut plex, &token, NOW + 240).status(), 403);
    let token = claim_token(&mut plex, Who::Free);
    assert_eq!(claim(&mut plex, &token, NOW + 239).status(), 200);
    let own = plex.server(Which::Unclaimed).access_token(Who::Free).unwrap().to_owned();
    let unclaimed = asking("DELETE", "/unclaimed/myplex/account").token(&own).of(&mut plex);
    assert!(unclaimed.text().contains("signInState=\"none\""), "{}", unclaimed.text());
    assert_eq!(claim(&mut plex, &token, NOW).status(), 403);
    assert_eq!(asking("POST", "/unclaimed/myplex/claim").json().of(&mut plex).status(), 400);
}

#[test]
fn only_its_owner_gives_a_server_up_and_its_tokens_die_with_that() {
    let mut plex = FakePlex::new();
    let unclaim = |plex: &mut FakePlex, token: &str| {
        asking("DELETE", "/myplex/account").token(token).json().of(plex).status()
    };
    let token = |plex: &FakePlex, who| plex.account(who).token().to_owned();
    let (rosa, nilo, tariq) =
        (token(&plex, Who::PlexPass), token(&plex, Who::Managed), token(&plex, Who::Free));
    let own = plex.server(Which::Claimed).access_token(Who::Managed).unwrap().to_owned();
    assert_eq!((unclaim(&mut plex, &tariq), unclaim(&mut plex, &nilo)), (401, 403));
    assert_eq!(asking("GET", "/").token(&own).json().of(&mut plex).status(), 200);
    assert_eq!((unclaim(&mut plex, &rosa), plex.server(Which::Claimed).admin()), (200, None));
    assert_eq!(plex.server(Which::Claimed).access_token(Who::Managed), None);

    let token = claim_token(&mut plex, Who::Free);
    let answer = asking("POST", &format!("/myplex/claim?token={token}")).json().of(&mut plex);
    assert_eq!(answer.status(), 200);
    for dead in [&own, &rosa, &nilo] {
        assert_eq!(asking("GET", "/").token(dead).json().of(&mut plex).status(), 401);
    }
}
