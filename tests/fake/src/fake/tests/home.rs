use super::*;

fn token(plex: &FakePlex, who: Who) -> String {
    plex.account(who).token().to_owned()
}

fn switch(plex: &mut FakePlex, from: Who, to: Who, query: &str) -> Answer {
    let uuid = plex.account(to).body()["uuid"].as_str().unwrap().to_owned();
    let target = format!("/api/v2/home/users/{uuid}/switch{query}");
    asking("POST", &target).token(&token(plex, from)).json().of(plex)
}

#[test]
fn a_home_lists_its_people_and_who_is_in_none_is_alone() {
    let mut plex = FakePlex::new();
    for (who, names) in [
        (Who::PlexPass, vec!["rosa", "Nilo"]),
        (Who::Managed, vec!["rosa", "Nilo"]),
        (Who::Free, vec!["tariq"]),
    ] {
        let token = token(&plex, who);
        let home = asking("GET", "/home/users").token(&token).json().of(&mut plex).value();
        let users = home["users"].as_array().unwrap();
        let found: Vec<_> = users.iter().map(|user| user["title"].as_str().unwrap()).collect();
        assert_eq!(found, names);
        assert_eq!(plex.account(who).body()["homeSize"], names.len());
    }
    let rosa = token(&plex, Who::PlexPass);
    let in_xml = asking("GET", "/home/users").token(&rosa).of(&mut plex);
    assert!(in_xml.text().contains("<users><user admin=\"1\""), "{}", in_xml.text());
    assert_eq!(asking("GET", "/home/users").json().of(&mut plex).code(), (401, 1001));
}

#[test]
fn switching_makes_a_new_token_of_the_other_account() {
    let mut plex = FakePlex::new();
    let answer = switch(&mut plex, Who::PlexPass, Who::Managed, "");
    assert_eq!((answer.status(), &answer.value()["title"]), (201, &"Nilo".into()));
    let nilos = answer.value()["authToken"].as_str().unwrap().to_owned();
    assert_ne!(nilos, token(&plex, Who::Managed));
    let details = asking("GET", "/user").token(&nilos).json().of(&mut plex).value();
    assert_eq!(details["title"], "Nilo");
    let rosa = token(&plex, Who::PlexPass);
    assert_eq!(asking("GET", "/user").token(&rosa).json().of(&mut plex).status(), 200);
}

#[test]
fn a_pin_is_asked_for_and_counted() {
    let mut plex = FakePlex::new();
    let pin = plex.account(Who::PlexPass).home_pin().unwrap().to_owned();
    for wrong in ["", "?pin=", "?pin=0000", "?pin=47111"] {
        assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, wrong).code(), (403, 1041));
    }
    let right = format!("?pin={pin}");
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).status(), 201);
    for _ in 0..5 {
        assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, "?pin=0000").code(), (403, 1041));
    }
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).code(), (429, 1003));
    plex.forgive();
    assert_eq!(switch(&mut plex, Who::Managed, Who::PlexPass, &right).status(), 201);
}

#[test]
fn nobody_switches_into_another_home() {
    let mut plex = FakePlex::new();
    assert_eq!(switch(&mut plex, Who::PlexPass, Who::Free, "").code(), (403, 1043));
    assert_eq!(switch(&mut plex, Who::Free, Who::Managed, "").code(), (403, 1043));
    assert_eq!(switch(&mut plex, Who::Free, Who::Free, "").status(), 201);
}

#[test]
fn older_clients_find_the_others_and_switch_by_number() {
    let mut plex = FakePlex::new();
    let (rosa, pin) = (token(&plex, Who::PlexPass), plex.account(Who::PlexPass).home_pin());
    let right = format!("?pin={}", pin.unwrap());
    let others = asking("GET", "/api/users/").token(&rosa).json().of(&mut plex);
    assert_eq!((others.status(), others.kind()), (200, "application/xml"));
    assert_eq!(others.text().matches("<User ").count(), 1, "{}", others.text());
    assert!(others.text().contains(" id=\"40417004\""), "{}", others.text());
    assert!(others.text().contains(" title=\"Nilo\" username=\"\"/>"), "{}", others.text());
    assert_eq!(asking("GET", "/api/users/").json().of(&mut plex).code(), (401, 1001));

    let switch = |id: &str, query: &str, token: &str| {
        asking("POST", &format!("/api/home/users/{id}/switch{query}")).token(token).json()
    };
    let answer = switch("40417004", "", &rosa).of(&mut plex);
    assert_eq!((answer.status(), answer.kind()), (201, "application/xml"));
    let (_, nilos) = answer.text().split_once(" authenticationToken=\"").unwrap();
    let nilos = nilos.split('"').next().unwrap();
    let details = asking("GET", "/user").token(nilos).json().of(&mut plex).value();
    assert_eq!(details["title"], "Nilo");

    assert_eq!(switch("40417001", "", nilos).of(&mut plex).code(), (403, 1041));
    assert_eq!(switch("40417001", &right, nilos).of(&mut plex).status(), 201);
    assert_eq!(switch("40417002", "", &rosa).of(&mut plex).code(), (403, 1043));
    assert_eq!(switch("x", "", &rosa).of(&mut plex).code(), (400, 1004));
}
