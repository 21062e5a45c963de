use super::*;

fn resources(plex: &mut FakePlex, who: Who) -> Vec<Value> {
    let token = plex.account(who).token().to_owned();
    let request = request("GET", "http://127.0.0.1:4711/api/v2/resources?includeHttps=1");
    let response = request.token(&token).json().send(plex);
    assert_eq!(response.status(), 200);
    response.json_body().as_array().unwrap().clone()
}

#[test]
fn accounts_list_only_their_servers() {
    let mut plex = FakePlex::new();
    for (who, servers) in [(Who::PlexPass, 1), (Who::Managed, 1), (Who::Free, 0)] {
        let rows = resources(&mut plex, who);
        let found = rows.iter().filter(|row| row["provides"] == "server").count();
        assert_eq!((found, rows.len()), (servers, servers + 1), "{who:?}");
        let player = &rows[servers];
        assert_eq!(player["provides"], "player");
        assert!(player["accessToken"].is_null());
    }
    assert_eq!(resources(&mut plex, Who::PlexPass)[0]["owned"], true);
    let nilos = &resources(&mut plex, Who::Managed)[0];
    assert_eq!((&nilos["owned"], &nilos["sourceTitle"]), (&false.into(), &"rosa".into()));
    assert_eq!(request("GET", "/resources").json().send(&mut plex).error_code(), (401, 1001));
}

#[test]
fn a_server_token_is_valid_only_there() {
    let mut plex = FakePlex::new();
    let boathouse = &resources(&mut plex, Who::PlexPass)[0];
    let token = boathouse["accessToken"].as_str().unwrap();
    let connections = boathouse["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 2);
    for connection in connections {
        assert_eq!(
            (&connection["address"], &connection["port"]),
            (&"127.0.0.1".into(), &4711.into())
        );
        let uri = connection["uri"].as_str().unwrap();
        let root =
            request("GET", &format!("{uri}/")).token(token).json().send(&mut plex).json_body();
        assert_eq!(root["MediaContainer"]["machineIdentifier"], boathouse["clientIdentifier"]);
    }
    assert_eq!(
        request("GET", "/user").token(token).json().send(&mut plex).error_code(),
        (401, 1001)
    );
    let nilos = &resources(&mut plex, Who::Managed)[0];
    assert_ne!(nilos["accessToken"], *token);
}

#[test]
fn the_base_url_defaults_to_the_host_header() {
    let mut plex = FakePlex::new();
    let token = plex.account(Who::PlexPass).token().to_owned();
    let uri = |plex: &mut FakePlex| {
        let request = request("GET", "/resources").header("host", "plex.example:8080");
        let rows = request.token(&token).json().send(plex).json_body();
        rows[0]["connections"][0]["uri"].as_str().unwrap().to_owned()
    };
    assert_eq!(uri(&mut plex), "http://plex.example:8080/pms");
    plex.set_base_url("https://localhost:1/");
    assert_eq!(uri(&mut plex), "https://localhost:1/pms");

    let in_xml = request("GET", "/resources").token(&token).send(&mut plex);
    let start = "?>\n<resources><resource accessToken=";
    assert!(in_xml.text().contains(start), "{}", in_xml.text());
    assert!(in_xml.text().contains("<connections><connection IPv6=\"0\""), "{}", in_xml.text());
}
