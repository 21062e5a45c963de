use super::*;

const TOKEN: &str = "/security/token?type=delegation&scope=all";
const UNAUTHORIZED: &str =
    "<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>";

fn token_of(plex: &FakePlex, who: Who) -> String {
    plex.account(who).token().to_owned()
}

fn transient(plex: &mut FakePlex, who: Who) -> String {
    let token = token_of(plex, who);
    let response = request("POST", TOKEN).token(&token).json().send(plex);
    assert_eq!((response.status(), response.content_type()), (200, "application/json"));
    response.json_body()["MediaContainer"]["token"].as_str().unwrap().to_owned()
}

fn resources(plex: &FakePlex, source: &str) -> TestRequest {
    let source: String = form_urlencoded::byte_serialize(source.as_bytes()).collect();
    request("GET", &format!("/security/resources?source={source}"))
        .token(plex.account(Who::PlexPass).token())
}

#[test]
fn every_method_issues_a_transient_token() {
    let mut plex = FakePlex::new();
    let token = token_of(&plex, Who::PlexPass);
    for (verb, target) in
        [("POST", TOKEN.to_owned()), ("GET", TOKEN.to_owned()), ("PUT", format!("/pms{TOKEN}"))]
    {
        let in_json = request(verb, &target).token(&token).json().send(&mut plex).json_body();
        assert_eq!(in_json["MediaContainer"]["size"], 0);
        assert!(in_json["MediaContainer"]["token"].as_str().unwrap().starts_with("transient-"));

        let in_xml = request(verb, &target).token(&token).send(&mut plex);
        assert!(
            in_xml.text().contains("<MediaContainer size=\"0\" token=\"transient-"),
            "{}",
            in_xml.text()
        );
    }
}

#[test]
fn a_transient_token_ends_with_a_restart() {
    let mut plex = FakePlex::new();
    let rosas = transient(&mut plex, Who::PlexPass);
    let nilos = transient(&mut plex, Who::Managed);
    let status = |plex: &mut FakePlex, target: &str, token: &str, now| {
        request("GET", target).token(token).json().send_at(plex, now).status()
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
fn invalid_requests_get_an_error_page() {
    let mut plex = FakePlex::new();
    let token = token_of(&plex, Who::PlexPass);
    for target in [
        "/security/token",
        "/security/token?type=delegation",
        "/security/token?type=other&scope=all",
    ] {
        let response = request("POST", target).token(&token).json().send(&mut plex);
        assert_eq!((response.status(), response.content_type()), (400, "text/html"), "{target}");
    }
    let stranger = token_of(&plex, Who::Free);
    for request in [
        request("POST", TOKEN),
        request("POST", TOKEN).token("unknown"),
        request("POST", TOKEN).token(&stranger),
    ] {
        let response = request.json().send(&mut plex);
        assert_eq!(
            (response.status(), response.content_type(), response.text()),
            (401, "text/html", UNAUTHORIZED)
        );
    }
}

#[test]
fn a_source_lists_its_connections() {
    let mut plex = FakePlex::new();
    for source in plex.server(Which::Claimed).sources().to_vec() {
        let in_json = resources(&plex, &source.uri).json().send(&mut plex).json_body();
        let device = &in_json["MediaContainer"]["Device"];
        let device = device.get(0).unwrap_or(device);
        assert_eq!(in_json["MediaContainer"]["size"], 1);
        assert_eq!(device["clientIdentifier"], *source.client_identifier);
        assert!(device["accessToken"].as_str().unwrap().starts_with("transient-"));
        let connections = device["Connection"].as_array().unwrap();
        assert_eq!(connections.len(), source.connections.len());
        assert!(connections.iter().any(|connection| connection["relay"] == true));

        let in_xml = resources(&plex, &source.uri).send(&mut plex);
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
    let response = resources(&plex, "server://nobody").json().send(&mut plex);
    assert_eq!(response.json_body(), serde_json::json!({ "MediaContainer": { "size": 0 } }));
}

#[test]
fn resources_need_a_source_and_the_admin() {
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
            request("GET", target).token(&rosa).json().send(&mut plex).status(),
            400,
            "{target}"
        );
    }
    let target = "/security/resources?source=server://a&refresh=1";
    let nilo = token_of(&plex, Who::Managed);
    assert_eq!(request("GET", target).token(&rosa).json().send(&mut plex).status(), 200);
    assert_eq!(request("GET", target).token(&nilo).json().send(&mut plex).status(), 403);
    assert_eq!(request("GET", target).json().send(&mut plex).status(), 401);
    assert_eq!(request("POST", target).token(&rosa).json().send(&mut plex).status(), 405);
}

#[test]
fn an_unclaimed_server_issues_no_tokens() {
    let mut plex = FakePlex::new();
    let response = request("POST", &format!("/unclaimed{TOKEN}")).json().send(&mut plex);
    assert_eq!(response.json_body(), serde_json::json!({ "MediaContainer": { "size": 0 } }));
    let response = request("POST", &format!("/unclaimed{TOKEN}")).send(&mut plex);
    assert!(response.text().ends_with("<MediaContainer size=\"0\"/>\n"));
}

#[test]
fn the_identity_needs_no_token() {
    let mut plex = FakePlex::new();
    for (prefix, which, claimed) in [
        ("", Which::Claimed, true),
        ("/pms", Which::Claimed, true),
        ("/unclaimed", Which::Unclaimed, false),
    ] {
        let identity =
            request("GET", &format!("{prefix}/identity")).json().send(&mut plex).json_body();
        let container = &identity["MediaContainer"];
        assert_eq!(container["machineIdentifier"], plex.server(which).machine_identifier());
        assert_eq!(container["claimed"], claimed);
    }
    assert_eq!(request("GET", "/").json().send(&mut plex).text(), UNAUTHORIZED);
    let rosa = token_of(&plex, Who::PlexPass);
    let root = request("GET", "/").token(&rosa).json().send(&mut plex).json_body();
    assert_eq!(root["MediaContainer"]["friendlyName"], "Boathouse");
}
