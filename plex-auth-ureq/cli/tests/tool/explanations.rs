//! Explanations of uncommon responses and inputs: each gives the likely cause and says what to do.

use plex_auth_fake::{Misbehavior, Who};
use serde_json::{Value, json};

use crate::harness::{Harness, Running};

/// Makes Plex send this response for one path, and the usual responses for all others.
fn answer(harness: &Harness, path: &str, status: u16, body: &Value) {
    let answer = Misbehavior::answer(status, "application/json", body.to_string());
    harness.fake(|fake| {
        fake.behave();
        fake.misbehave(path, answer);
    });
}

#[test]
fn uncommon_servers_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let server = |identifier: &str, more: Value| {
        let mut server = json!({
            "name": "Boathouse", "provides": "server", "clientIdentifier": identifier,
            "accessToken": "s3rv3r", "connections": [],
        });
        server.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server
    };
    let ordinary = || server("one", json!({}));
    for (list, code, expected) in [
        (
            json!([ordinary(), server("two", json!({ "name": "boathouse" }))]),
            64,
            [
                "more than one server is named \"Boathouse\"",
                "Their names are the same, ignoring case.",
                "Use the server's identifier instead. To list the identifiers: plex-auth servers",
            ],
        ),
        (
            json!([server("one", json!({ "accessToken": null }))]),
            1,
            [
                "Plex lists no token for this server",
                "The server is no longer shared with this account.",
                "See the account's servers: plex-auth servers",
            ],
        ),
        (
            json!([server("one", json!({ "clientIdentifier": null }))]),
            2,
            [
                "the server list has no identifier for this server",
                "Plex's API has changed.",
                "Try again. If the error persists, report it and include these lines.",
            ],
        ),
        (
            json!([ordinary()]),
            2,
            [
                "could not connect to the server: no connections are listed for it",
                "The server is not running, or cannot reach plex.tv.",
                "See the account's servers: plex-auth servers",
            ],
        ),
    ] {
        answer(&harness, "/resources", 200, &list);
        let arguments: &[_] = match code {
            1 => &["token", "--server", "Boathouse"],
            _ => &["transient", "Boathouse"],
        };
        harness.run(arguments).assert_failed(code, &expected);
    }
    let list = json!([
        server("one", json!({ "owned": true, "productVersion": "1.99" })),
        server("two", json!({ "owned": false, "sourceTitle": "ingrid" })),
        server("three", json!({})),
    ]);
    answer(&harness, "/resources", 200, &list);
    let shown = harness.run(&["servers"]).stdout;
    for expected in ["(yours, 1.99)", "(ingrid's, ?)", "(shared, ?)", "  no connections are listed"]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn uncommon_users_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let users = |list: Value| answer(&harness, "/home/users", 200, &json!({ "users": list }));
    users(json!([{ "uuid": "1", "title": "Nilo" }, { "uuid": "2", "username": "nilo" }]));
    harness.run(&["switch", "nilo"]).assert_failed(
        64,
        &[
            "the Home has more than one user named \"nilo\"",
            "Their names are the same, ignoring case.",
            "Use the user's identifier instead. To list the identifiers: plex-auth users",
        ],
    );
    users(json!([{ "title": "Nilo" }]));
    harness.run(&["switch", "nilo"]).assert_failed(
        2,
        &[
            "Plex sent no identifier for Nilo",
            "Plex's API has changed.",
            "Try again. If the error persists, report it",
        ],
    );
    users(json!([{ "uuid": "1" }, { "uuid": "2", "title": "Yaw", "guest": true }]));
    assert_eq!(harness.succeed(&["users"]), "1  a user without a name\n2  Yaw (guest)\n");
    users(json!([]));
    assert_eq!(harness.succeed(&["users"]), "This account has no Plex Home.\n");
    for (member, shown) in [("guest", "guest"), ("home", "member")] {
        answer(&harness, "/user", 200, &json!({ "id": 7, "uuid": "7", member: true }));
        assert!(harness.succeed(&["whoami"]).contains(&format!("Home        {shown}\n")));
    }
}

#[test]
fn uncommon_devices_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let devices = |body: &str| {
        let body =
            format!("<MediaContainer publicAddress=\"203.0.113.45\">{body}</MediaContainer>");
        let answer = Misbehavior::answer(200, "application/xml", body);
        harness.fake(|fake| {
            fake.behave();
            fake.misbehave("/devices.xml", answer);
        });
    };
    devices("");
    assert_eq!(harness.succeed(&["devices"]), "The account has no devices.\n");
    devices("<Device id=\"7\"/>");
    assert_eq!(harness.succeed(&["devices"]), "7  unnamed\n");
}

#[test]
fn refusals_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let code = |code: u32| json!({ "errors": [{ "code": code }] });
    for (status, number, expected) in [
        (
            401,
            1030,
            [
                "the account uses email sign-in instead of a password",
                "The account has no password.",
                "Sign in on Plex's page: plex-auth login --open",
            ],
        ),
        (
            401,
            1031,
            [
                "too many failed attempts",
                "A script or another device at this IP address keeps trying the wrong password.",
                "Wait before you try again.",
            ],
        ),
        (
            403,
            1043,
            [
                "access was denied",
                "Plex does not let this account or this device sign in.",
                "Try again later, or use an existing token: plex-auth login --token",
            ],
        ),
        (
            404,
            1002,
            [
                "the request was rejected",
                "Plex's API has changed, or another program responded instead of Plex.",
                "Try again. If the error persists, report it and include these lines.",
            ],
        ),
    ] {
        answer(&harness, "/users/signin", status, &code(number));
        harness
            .run_with_input(&["login", "--password"], "rosa\na lantern\n")
            .assert_failed(1, &expected);
    }
    answer(&harness, "/pms/security/token", 401, &json!({}));
    harness
        .run(&["transient", "Boathouse"])
        .assert_failed(1, &["The server does not accept this account or this kind of token."]);
    answer(&harness, "/pms/security/token", 503, &json!({}));
    harness.run(&["transient", "Boathouse"]).assert_failed(
        2,
        &["The server is starting or overloaded, or a proxy in front of it failed."],
    );
}

#[test]
fn wrong_hosts_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let url = harness.server.url().to_owned();
    for status in [401, 404, 200] {
        answer(&harness, "/identity", status, &json!({}));
        harness.run(&["claim", "--server", &url]).assert_failed(
            2,
            &["The URL does not point to a Plex Media Server", "Check the URL of the server"],
        );
    }
    harness
        .run(&["claim", "--server", "http://nowhere.invalid:32400"])
        .assert_failed(2, &["The host name is misspelled, or the router blocks plex.direct names"]);
    let harness = harness.with_variable("HTTP_PROXY", "http://127.0.0.1:1");
    harness.run(&["whoami", "--proxy-from-env"]).assert_failed(
        2,
        &["The proxy's address or password is wrong", "leave out --proxy-from-env"],
    );
}

#[cfg(unix)]
#[test]
fn unusable_files_and_commands_are_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let key = harness.folder.path().join("key.pem");
    std::fs::write(&key, "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n").unwrap();
    let key = key.to_str().unwrap();
    harness.run(&["whoami", "--ca-file", key]).assert_failed(
        74,
        &[
            "key.pem contains no certificate",
            "It is a private key, or is not in PEM format.",
            "Use a file that contains -----BEGIN CERTIFICATE-----.",
        ],
    );
    let text = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    std::fs::write(key, text).unwrap();
    harness.run(&["whoami", "--ca-file", key]).assert_failed(
        74,
        &["certificate 1 in --ca-file is invalid", "is damaged or incomplete", "Replace the file"],
    );
    harness.run(&["run", "--", "/"]).assert_failed(
        126,
        &["cannot run /", "It is not an executable file.", "Check the command after `--`."],
    );
    let script = "exec \"$0\" login --token </";
    let login = harness.command_for("sh", &["-c", script, crate::harness::PROGRAM]);
    Running::start(login, "").wait().assert_failed(
        74,
        &[
            "the answer to \"Token\" could not be read: ",
            "standard input is not a readable file.",
            "Run the command in a terminal, or pass one line for each prompt.",
        ],
    );
    let bare = harness.run(&["--json"]).json_lines();
    assert_eq!(bare[0]["error"]["what"], "no command was given");
}
