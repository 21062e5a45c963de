//! The commands that reach a media server: how they find it, and which connections they use.

use plex_auth_fake::{FakePlex, Misbehavior, Which, Who};
use serde_json::{Value, json};

use crate::harness::{Harness, Running, names};

#[test]
fn servers_lists_the_best_connection_first() {
    let harness = Harness::signed_in(Who::PlexPass);
    let json = harness.json(&["servers", "--json"]);
    assert_eq!(names(&json), ["profile", "servers"]);
    let server = &json["servers"][0];
    assert_eq!(
        names(server),
        ["access_token", "client_identifier", "connections", "name", "owned", "owner", "version"]
    );
    assert_eq!((&server["name"], &server["access_token"]), (&json!("Boathouse"), &Value::Null));
    let connections = server["connections"].as_array().unwrap();
    assert_eq!(names(&connections[0]), ["kind", "milliseconds", "responds", "url", "why_not"]);
    let kinds: Vec<_> = connections
        .iter()
        .map(|connection| (connection["kind"].as_str().unwrap(), connection["responds"] == true))
        .collect();
    assert_eq!(kinds, [("local", true), ("local", true)]);
    let json = harness.json(&["servers", "--json", "--show-secrets"]);
    let token = harness
        .fake(|fake| fake.server(Which::Claimed).access_token(Who::PlexPass).map(str::to_owned));
    assert_eq!(json["servers"][0]["access_token"].as_str(), token.as_deref());

    // Connections are tried without a token.
    harness.fake(|fake| {
        let mut requests =
            fake.requests().iter().filter(|request| request.path().ends_with("/identity"));
        assert!(requests.all(|request| request.header("x-plex-token").is_none()));
        let busy = Misbehavior::answer(503, "text/html", "busy");
        fake.misbehave("/pms/identity", busy);
    });
    let text = harness.succeed(&["servers"]);
    let lines: Vec<_> = text.lines().skip(2).collect();
    assert!(!lines[0].contains("/pms ") && lines[0].contains("responded in"), "{text}");
    assert!(lines[1].contains("/pms ") && lines[1].contains("the server failed"), "{text}");
    assert_eq!(
        Harness::signed_in(Who::Free).succeed(&["servers"]),
        "This account has no servers.\n"
    );
}

#[test]
fn plain_http_needs_the_option() {
    let harness = Harness::signed_in(Who::PlexPass);
    let (identifier, token) = harness.fake(|fake| {
        let server = fake.server(Which::Claimed);
        let token = server.access_token(Who::PlexPass).unwrap();
        (server.machine_identifier().to_owned(), token.to_owned())
    });
    let url = format!("{}/pms", harness.server.url());
    // The server's owner is away from home.
    let list = json!([{
        "name": "Boathouse", "provides": "server", "clientIdentifier": identifier, "accessToken": token,
        "owned": true, "publicAddressMatches": false, "httpsRequired": false,
        "connections": [{ "uri": url, "local": true }],
    }]);
    let answer = Misbehavior::answer(200, "application/json", list.to_string());
    harness.fake(|fake| fake.misbehave("/resources", answer));
    let source = ["source", "Boathouse", "server://5f0e1c2d"];
    let address = ["token", "--server", "Boathouse", "--url"];
    let command = ["run", "--server", "Boathouse", "--", "printenv", "PLEX_URL"];
    for arguments in [&["transient", "Boathouse"][..], &source, &address, &command] {
        harness.run(arguments).assert_failed(
            2,
            &["plain HTTP is not allowed", "DNS rebinding protection", "--allow-plain-http"],
        );
    }
    assert_eq!(harness.fake(|fake| fake.seen("GET", "/pms/identity")), 0);
    let servers = harness.run(&["servers"]);
    assert!(servers.code == 2 && servers.stdout.contains("plain HTTP is not allowed"));

    assert!(harness.succeed(&["servers", "--allow-plain-http"]).contains("responded in"));
    let token = harness.succeed(&["transient", "Boathouse", "--allow-plain-http"]);
    assert!(token.starts_with("transient-"), "{token}");
    let shown = harness.succeed(&[&address[..], &["--allow-plain-http"]].concat());
    assert!(shown.ends_with(&format!("\n{url}\n")), "{shown}");
    let shown = harness.succeed(&[&["run", "--allow-plain-http"], &command[1..]].concat());
    assert_eq!(shown, format!("{url}\n"));
    let harness = harness.with_variable("PLEX_AUTH_ALLOW_PLAIN_HTTP", "1");
    assert!(harness.succeed(&["servers"]).contains("responded in"));
}

#[test]
fn plain_http_option_obeys_https_required() {
    let harness = Harness::signed_in(Who::PlexPass);
    let list = json!([{
        "name": "Boathouse", "provides": "server", "clientIdentifier": "5f0e1c2d", "accessToken": "s3rv3r",
        "httpsRequired": true, "connections": [{ "uri": format!("{}/pms", harness.server.url()) }],
    }]);
    let answer = Misbehavior::answer(200, "application/json", list.to_string());
    harness.fake(|fake| fake.misbehave("/resources", answer));
    harness
        .run(&["transient", "Boathouse", "--allow-plain-http"])
        .assert_failed(2, &["plain HTTP is not allowed", "cannot be reached from this network"]);
}

#[test]
fn a_server_is_found_by_name_identifier_and_url() {
    let harness = Harness::signed_in(Who::PlexPass);
    let (identifier, source) = harness.fake(|fake| {
        let server = fake.server(Which::Claimed);
        (server.machine_identifier().to_owned(), server.sources()[0].uri.clone())
    });
    let url = harness.server.url().to_owned();
    for named in ["boathouse", identifier.as_str(), url.as_str()] {
        let token = harness.succeed(&["transient", named]);
        assert!(token.starts_with("transient-") && token.lines().count() == 1, "{token}");
    }
    // Apart from the name of the token's field, the fields are those of `token --server --url`.
    let json = harness.json(&["transient", &url, "--json", "--show-secrets"]);
    assert_eq!(names(&json), ["profile", "server", "transient_token", "url"]);
    assert_eq!((&json["server"], &json["url"]), (&json!("Boathouse"), &json!(url)));
    let text = harness.succeed(&["source", "Boathouse", &source]);
    assert!(text.starts_with("Attic\n") && text.contains("relay"), "{text}");

    harness
        .run(&["source", "Boathouse", "server://unknown"])
        .assert_failed(1, &["does not know server://unknown"]);
    harness.fake(|fake| {
        let invalid = Misbehavior::answer(400, "text/html", "Bad Request");
        fake.misbehave("/pms/security/resources", invalid);
    });
    let advice =
        "Correct the identifier after `://`. To list the servers' identifiers: plex-auth servers";
    harness
        .run(&["source", "Boathouse", "server://unknown"])
        .assert_failed(1, &["The identifier is wrong.", advice]);
    harness.fake(FakePlex::behave);
    harness.run(&["source", "Boathouse", "unknown"]).assert_failed(64, &["prefix"]);
    harness.fake(FakePlex::forget_requests);
    harness.run(&["transient", "http://a b"]).assert_failed(64, &["whitespace"]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), 0, "a request was sent");
    harness.run(&["transient", "Shed"]).assert_failed(
        64,
        &["this account has no server named \"Shed\"", "The name is misspelled"],
    );
    harness
        .run(&["transient", "10.0.0.7:32400"])
        .assert_failed(64, &["The URL does not start with http:// or https://"]);
    let unclaimed = format!("{url}/unclaimed");
    harness.fake(FakePlex::forget_requests);
    harness
        .run(&["transient", &unclaimed])
        .assert_failed(1, &["is not in this account's server list"]);
    let with_token = harness.fake(|fake| {
        let unclaimed =
            fake.requests().iter().filter(|request| request.path().starts_with("/unclaimed"));
        unclaimed.filter(|request| request.header("x-plex-token").is_some()).count()
    });
    assert_eq!(with_token, 0, "a token was sent to an unclaimed server");
}

#[test]
fn a_server_is_awaited_by_url() {
    let harness = Harness::signed_in(Who::PlexPass);
    let url = harness.server.url().to_owned();
    // The list contains no connection that responds.
    harness.fake(|fake| {
        let identifier = fake.server(Which::Claimed).machine_identifier().to_owned();
        let list = json!([{
            "name": "Boathouse", "provides": "server", "clientIdentifier": identifier,
            "connections": [{ "uri": "http://127.0.0.1:1", "local": true }],
        }]);
        let answer = Misbehavior::answer(200, "application/json", list.to_string());
        fake.misbehave("/resources", answer);
        let busy = Misbehavior::answer(503, "text/html", "busy");
        fake.misbehave("/identity", busy.times(1));
    });
    let mut waiting = Running::start(harness.command(&["servers", "--wait", &url]), "");
    waiting.wait_for(&format!("Waiting for {url}"));
    let outcome = waiting.wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains(&format!("{url}  responded in ")), "{outcome:?}");

    let unclaimed = format!("{url}/unclaimed");
    harness
        .run(&["servers", "--wait", &unclaimed])
        .assert_failed(1, &["is not in this account's server list"]);
    harness
        .run(&["servers", "--wait", "http://127.0.0.1:1", "--timeout", "0.4"])
        .assert_failed(2, &["refused"]);
}
