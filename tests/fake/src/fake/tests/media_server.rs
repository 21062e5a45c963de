use super::*;

const TOKEN: &str = "/security/token?type=delegation&scope=all";
const UNAUTHORIZED: &str =
    "<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>";

fn token_of(plex: &FakePlex, who: Who) -> String {
    plex.account(who).token().to_owned()
}

fn transient(plex: &mut FakePlex, who: Who) -> String {
    let token = token_of(plex, who);
    let answer = asking("POST", TOKEN).token(&token).json().of(plex);
    assert_eq!((answer.status(), answer.kind()), (200, "application/json"));
    answer.value()["MediaContainer"]["token"].as_str().unwrap().to_owned()
}

fn resources(plex: &FakePlex, source: &str) -> Asking {
    let source: String = form_urlencoded::byte_serialize(source.as_bytes()).collect();
    asking("GET", &format!("/security/resources?source={source}"))
        .token(plex.account(Who::PlexPass).token())
}

#[test]
fn a_transient_token_comes_in_json_and_xml_to_every_verb() {
    let mut plex = FakePlex::new();
    let token = token_of(&plex, Who::PlexPass);
    for (verb, target) in
        [("POST", TOKEN.to_owned()), ("GET", TOKEN.to_owned()), ("PUT", format!("/pms{TOKEN}"))]
    {
        let in_json = asking(verb, &target).token(&token).json().of(&mut plex).value();
        assert_eq!(in_json["MediaContainer"]["size"], 0);
        assert!(in_json["MediaContainer"]["token"].as_str().unwrap().starts_with("transient-"));

        let in_xml = asking(verb, &target).token(&token).of(&mut plex);
        assert!(
            in_xml.text().contains("<MediaContainer size=\"0\" token=\"transient-"),
            "{}",
            in_xml.text()
        );
    }
}

#[test]
fn a_transient_token_works_like_the_one_that_asked_until_the_server_restarts() {
    let mut plex = FakePlex::new();
    let rosas = transient(&mut plex, Who::PlexPass);
    let nilos = transient(&mut plex, Who::Managed);
    let status = |plex: &mut FakePlex, target: &str, token: &str, now| {
        asking("GET", target).token(token).json().of_at(plex, now).status()
    };
    let source = "/security/resources?source=server://unknown";
    assert_eq!(status(&mut plex, source, &rosas, NOW), 200);
    assert_eq!(status(&mut plex, source, &nilos, NOW), 403);
    assert_eq!(status(&mut plex, "/", &nilos, NOW), 200);

    let two_days = 48 * 60 * 60;
    assert_eq!(status(&mut plex, source, &rosas, NOW + two_days - 1), 200);
    assert_eq!(status(&mut plex, source, &rosas, NOW + two_days), 401);

    plex.restart(Which::Claimed);
    assert_eq!(status(&mut plex, source, &rosas, NOW), 401);
    assert_eq!(status(&mut plex, "/api/v2/user", &rosas, NOW), 401);
}

#[test]
fn wrong_parameters_and_tokens_are_refused_with_a_page() {
    let mut plex = FakePlex::new();
    let token = token_of(&plex, Who::PlexPass);
    for target in [
        "/security/token",
        "/security/token?type=delegation",
        "/security/token?type=other&scope=all",
    ] {
        let answer = asking("POST", target).token(&token).json().of(&mut plex);
        assert_eq!((answer.status(), answer.kind()), (400, "text/html"), "{target}");
    }
    let stranger = token_of(&plex, Who::Free);
    for asking in [
        asking("POST", TOKEN),
        asking("POST", TOKEN).token("unknown"),
        asking("POST", TOKEN).token(&stranger),
    ] {
        let answer = asking.json().of(&mut plex);
        assert_eq!(
            (answer.status(), answer.kind(), answer.text()),
            (401, "text/html", UNAUTHORIZED)
        );
    }
}

#[test]
fn a_source_is_told_with_its_connections_in_json_and_xml() {
    let mut plex = FakePlex::new();
    for source in plex.server(Which::Claimed).sources().to_vec() {
        let in_json = resources(&plex, &source.uri).json().of(&mut plex).value();
        let device = &in_json["MediaContainer"]["Device"];
        let device = device.get(0).unwrap_or(device);
        assert_eq!(in_json["MediaContainer"]["size"], 1);
        assert_eq!(device["clientIdentifier"], *source.client_identifier);
        assert!(device["accessToken"].as_str().unwrap().starts_with("transient-"));
        let connections = device["Connection"].as_array().unwrap();
        assert_eq!(connections.len(), source.connections.len());
        assert!(connections.iter().any(|connection| connection["relay"] == true));

        let in_xml = resources(&plex, &source.uri).of(&mut plex);
        let count = |text: &str| in_xml.text().matches(text).count();
        assert_eq!(
            (count("<Device "), count("<Connection "), count(" relay=")),
            (1, connections.len(), 1)
        );
    }
}

#[test]
fn an_unknown_source_is_an_empty_container() {
    let mut plex = FakePlex::new();
    let answer = resources(&plex, "server://nobody").json().of(&mut plex);
    assert_eq!(answer.value(), serde_json::json!({ "MediaContainer": { "size": 0 } }));
}

#[test]
fn resources_refuse_a_wrong_source_and_whoever_is_not_the_admin() {
    let mut plex = FakePlex::new();
    let rosa = token_of(&plex, Who::PlexPass);
    for target in [
        "/security/resources",
        "/security/resources?source=",
        "/security/resources?source=server://",
        "/security/resources?source=nonsense",
        "/security/resources?source=server://a&refresh=2",
    ] {
        assert_eq!(
            asking("GET", target).token(&rosa).json().of(&mut plex).status(),
            400,
            "{target}"
        );
    }
    let target = "/security/resources?source=server://a&refresh=1";
    let nilo = token_of(&plex, Who::Managed);
    assert_eq!(asking("GET", target).token(&rosa).json().of(&mut plex).status(), 200);
    assert_eq!(asking("GET", target).token(&nilo).json().of(&mut plex).status(), 403);
    assert_eq!(asking("GET", target).json().of(&mut plex).status(), 401);
    assert_eq!(asking("POST", target).token(&rosa).json().of(&mut plex).status(), 405);
}

#[test]
fn an_unclaimed_server_has_no_tokens() {
    let mut plex = FakePlex::new();
    let answer = asking("POST", &format!("/unclaimed{TOKEN}")).json().of(&mut plex);
    assert_eq!(answer.value(), serde_json::json!({ "MediaContainer": { "size": 0 } }));
    let answer = asking("POST", &format!("/unclaimed{TOKEN}")).of(&mut plex);
    assert!(answer.text().ends_with("<MediaContainer size=\"0\"/>\n"));
}

#[test]
fn a_server_says_who_it_is_without_a_token_and_more_with_one() {
    let mut plex = FakePlex::new();
    for (prefix, which, claimed) in [
        ("", Which::Claimed, true),
        ("/pms", Which::Claimed, true),
        ("/unclaimed", Which::Unclaimed, false),
    ] {
        let identity = asking("GET", &format!("{prefix}/identity")).json().of(&mut plex).value();
        let container = &identity["MediaContainer"];
        assert_eq!(container["machineIdentifier"], plex.server(which).machine_identifier());
        assert_eq!(container["claimed"], claimed);
    }
    assert_eq!(asking("GET", "/").json().of(&mut plex).text(), UNAUTHORIZED);
    let rosa = token_of(&plex, Who::PlexPass);
    let root = asking("GET", "/").token(&rosa).json().of(&mut plex).value();
    assert_eq!(root["MediaContainer"]["friendlyName"], "Boathouse");
}
