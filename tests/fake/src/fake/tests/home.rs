use super::*;

fn token(plex: &FakePlex, who: Who) -> String {
    plex.account(who).token().to_owned()
}

fn switch(plex: &mut FakePlex, from: Who, to: Who, query: &str) -> TestResponse {
    let uuid = plex.account(to).body()["uuid"].as_str().unwrap().to_owned();
    let target = format!("/api/v2/home/users/{uuid}/switch{query}");
    request("POST", &target).token(&token(plex, from)).json().send(plex)
}

#[test]
fn a_home_lists_its_users() {
    let mut plex = FakePlex::new();
    for (who, names) in [
        (Who::PlexPass, vec!["rosa", "Nilo"]),
        (Who::Managed, vec!["rosa", "Nilo"]),
        (Who::Free, vec!["tariq"]),
    ] {
        let token = token(&plex, who);
        let home = request("GET", "/home/users").token(&token).json().send(&mut plex).json_body();
        let users = home["users"].as_array().unwrap();
        let found: Vec<_> = users.iter().map(|user| user["title"].as_str().unwrap()).collect();
        assert_eq!(found, names);
        assert_eq!(plex.account(who).body()["homeSize"], names.len());
    }
    let rosa = token(&plex, Who::PlexPass);
    let in_xml = request("GET", "/home/users").token(&rosa).send(&mut plex);
    assert!(in_xml.text().contains("<users><user admin=\"1\""), "{}", in_xml.text());
    assert_eq!(request("GET", "/home/users").json().send(&mut plex).error_code(), (401, 1001));
}

#[test]
fn switching_issues_a_new_token() {
    let mut plex = FakePlex::new();
    let response = switch(&mut plex, Who::PlexPass, Who::Managed, "");
    assert_eq!((response.status(), &response.json_body()["title"]), (201, &"Nilo".into()));
    let nilos = response.json_body()["authToken"].as_str().unwrap().to_owned();
    assert_ne!(nilos, token(&plex, Who::Managed));
    let details = request("GET", "/user").token(&nilos).json().send(&mut plex).json_body();
    assert_eq!(details["title"], "Nilo");
    let rosa = token(&plex, Who::PlexPass);
    assert_eq!(request("GET", "/user").token(&rosa).json().send(&mut plex).status(), 200);
}

#[test]
fn a_home_pin_is_required_and_limited() {
    let mut plex = FakePlex::new();
    let pin = plex.account(Who::PlexPass).home_pin().unwrap().to_owned();
    for wrong in ["", "?pin=", "?pin=0000", "?pin=47111"] {
        assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, wrong).error_code(), (403, 1041));
    }
    let right = format!("?pin={pin}");
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).status(), 201);
    for _ in 0..5 {
        assert_eq!(
            switch(&mut plex, Who::Managed, Who::PlexPass, "?pin=0000").error_code(),
            (403, 1041)
        );
    }
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).error_code(), (429, 1003));
    plex.forgive();
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).status(), 201);
}

#[test]
fn users_of_another_home_are_refused() {
    let mut plex = FakePlex::new();
    assert_eq!(switch(&mut plex, Who::PlexPass, Who::Free, "").error_code(), (403, 1043));
    assert_eq!(switch(&mut plex, Who::Free, Who::Managed, "").error_code(), (403, 1043));
    assert_eq!(switch(&mut plex, Who::Free, Who::Free, "").status(), 201);
}

#[test]
fn the_older_paths_switch_by_id() {
    let mut plex = FakePlex::new();
    let (rosa, pin) = (token(&plex, Who::PlexPass), plex.account(Who::PlexPass).home_pin());
    let right = format!("?pin={}", pin.unwrap());
    let others = request("GET", "/api/users/").token(&rosa).json().send(&mut plex);
    assert_eq!((others.status(), others.content_type()), (200, "application/xml"));
    assert_eq!(others.text().matches("<User ").count(), 1, "{}", others.text());
    assert!(others.text().contains(" id=\"40417004\""), "{}", others.text());
    assert!(others.text().contains(" title=\"Nilo\" username=\"\"/>"), "{}", others.text());
    assert_eq!(request("GET", "/api/users/").json().send(&mut plex).error_code(), (401, 1001));

    let switch = |id: &str, query: &str, token: &str| {
        request("POST", &format!("/api/home/users/{id}/switch{query}")).token(token).json()
    };
    let response = switch("40417004", "", &rosa).send(&mut plex);
    assert_eq!((response.status(), response.content_type()), (201, "application/xml"));
    let (_, nilos) = response.text().split_once(" authenticationToken=\"").unwrap();
    let nilos = nilos.split('"').next().unwrap();
    let details = request("GET", "/user").token(nilos).json().send(&mut plex).json_body();
    assert_eq!(details["title"], "Nilo");

    assert_eq!(switch("40417001", "", nilos).send(&mut plex).error_code(), (403, 1041));
    assert_eq!(switch("40417001", &right, nilos).send(&mut plex).status(), 201);
    assert_eq!(switch("40417002", "", &rosa).send(&mut plex).error_code(), (403, 1043));
    assert_eq!(switch("x", "", &rosa).send(&mut plex).error_code(), (400, 1004));
}
