//! Every command over HTTP and over HTTPS, and further tests of individual commands.

use std::fs;

use plex_auth_fake::{Authority, Misbehavior, Which, Who};
use serde_json::{Value, json};

use crate::devices;
use crate::harness::{Harness, Running, names};

#[test]
fn every_command_works_over_http_and_https() {
    let authority = Authority::new();
    for harness in [Harness::new(), Harness::https(&authority, authority.good())] {
        let url = harness.server.url().to_owned();
        let unclaimed = format!("{url}/unclaimed");
        let source = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
        harness.sign_in_with_code(Who::PlexPass);
        for (arguments, expected) in [
            (&["login", "--if-needed"][..], "Already signed in as rosa."),
            (&["status"], url.as_str()),
            (&["profiles"], "* default: rosa"),
            (&["whoami"], "rosa@example.org"),
            (&["token"], ""),
            (&["token", "--server", "Boathouse", "--url"], url.as_str()),
            (&["run", "--server", "Boathouse", "--", "printenv", "PLEX_URL"], url.as_str()),
            (&["check"], "The token is valid"),
            (&["servers"], "responded in"),
            (&["servers", "--wait", "Boathouse"], "responded in"),
            (&["transient", "Boathouse"], "transient-"),
            (&["source", "Boathouse", &source], "Attic"),
            (&["devices"], "(this device)"),
            (&["users"], "administrator"),
            (&["switch", "Nilo"], "Signed in as Nilo."),
            (&["profiles", "remove", "nilo"], "Removed the profile \"nilo\""),
            (&["claim"], "claim-"),
            (&["claim", "--server", &unclaimed], "Claimed the server"),
            (&["logout"], "Signed out."),
        ] {
            let shown = harness.succeed(arguments);
            assert!(shown.contains(expected), "{arguments:?} at {url}: {shown}");
        }
    }
}

#[test]
fn status_shows_what_is_saved() {
    let harness = devices::signed_in();
    let requests = harness.fake(|fake| fake.requests().len());
    let text = harness.succeed(&["status"]);
    let folder = harness.state_folder();
    for expected in ["Account    rosa", "with a device key", "renewed when it is used"] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(
        text.contains(folder.to_str().unwrap()) && text.contains(harness.server.url()),
        "{text}"
    );
    let json = harness.json(&["status", "--json"]);
    let left = json["expires_at"].as_i64().unwrap() - 7 * 24 * 60 * 60;
    assert!(left > 1_700_000_000, "{json}");
    assert_eq!(json["state_dir"], folder.to_str().unwrap());
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests, "a request was sent");

    harness.sign_in(Who::Free);
    assert!(harness.succeed(&["status"]).contains("with a token from `login --token`"));
}

#[test]
fn profiles_lists_and_removes() {
    let harness = Harness::new();
    assert!(harness.succeed(&["profiles"]).starts_with("No profile is saved in "));
    harness.sign_in(Who::PlexPass);
    harness.succeed(&["switch", "nilo"]);
    assert_eq!(harness.succeed(&["profiles", "--names"]), "default\nnilo\n");
    let text = harness.succeed(&["profiles", "--profile", "nilo"]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("  default: rosa, with a token, at http://"), "{text}");
    assert!(lines[1].starts_with("* nilo: Nilo, with a token"), "{text}");
    let requests = harness.fake(|fake| fake.requests().len());
    harness.succeed(&["profiles", "remove", "nilo"]);
    assert_eq!(harness.succeed(&["profiles", "--names"]), "default\n");
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests);
}

#[test]
fn a_removed_profile_leaves_nothing() {
    let harness = devices::signed_in();
    devices::set_token_age(&harness, devices::TOKEN_LIFETIME - 60);
    harness.succeed(&["token"]);
    harness.succeed(&["profiles", "remove", "default"]);
    assert!(!harness.files()["state.json"].contains("seed"));
    let names: Vec<_> = harness.files().into_keys().collect();
    assert_eq!(names, ["state.json", "state.json.lock"]);
}

#[test]
fn token_of_a_server_is_its_access_token() {
    let harness = Harness::signed_in(Who::PlexPass);
    let (identifier, token) = harness.fake(|fake| {
        let server = fake.server(Which::Claimed);
        (
            server.machine_identifier().to_owned(),
            server.access_token(Who::PlexPass).unwrap().to_owned(),
        )
    });
    let probes = || harness.fake(|fake| fake.seen("GET", "/identity"));
    for named in ["boathouse", identifier.as_str()] {
        assert_eq!(harness.succeed(&["token", "--server", named]), format!("{token}\n"));
    }
    assert_eq!(probes(), 0, "the server was contacted");
    let lines = harness.succeed(&["token", "--server", "Boathouse", "--url"]);
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines[0], token);
    assert!(lines[1].starts_with(harness.server.url()), "{lines:?}");
    let by_url = harness.succeed(&["token", "--server", harness.server.url()]);
    assert_eq!(by_url.trim(), token);
    harness.run(&["token", "--url"]).assert_failed(64, &["--server"]);
    harness.run(&["token", "--server", "Shed"]).assert_failed(64, &["no server named \"Shed\""]);
}

#[cfg(unix)]
#[test]
fn run_sets_only_the_commands_environment() {
    use std::os::unix::fs::PermissionsExt;

    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    let print = "printf '%s|%s\\n' \"$PLEX_TOKEN\" \"${PLEX_URL-none}\"";
    let shown = harness.succeed(&["run", "--", "sh", "-c", print]);
    assert_eq!(shown, format!("{token}|none\n"));
    let shown = harness.succeed(&["run", "--server", "Boathouse", "--", "sh", "-c", print]);
    let (of_server, url) = shown.trim().split_once('|').unwrap();
    let expected = harness
        .fake(|fake| fake.server(Which::Claimed).access_token(Who::PlexPass).map(str::to_owned));
    assert_eq!(Some(of_server.to_owned()), expected);
    assert!(url.starts_with(harness.server.url()), "{url}");
    // The command keeps its own exit status, standard input and options.
    assert_eq!(harness.run(&["run", "--", "sh", "-c", "exit 42"]).code, 42);
    assert_eq!(harness.run_with_input(&["run", "--", "cat"], "input").stdout, "input");
    assert_eq!(harness.succeed(&["run", "--", "echo", "--json", "-v"]), "--json -v\n");
    harness.run(&["run", "--", "no-such-program"]).assert_failed(127, &["cannot run"]);
    harness.run(&["run", "--", "/"]).assert_failed(126, &["cannot run"]);
    harness.run(&["run"]).assert_failed(64, &["COMMAND"]);
    if !crate::harness::unix::is_root() {
        return;
    }
    // `PATH` may contain a folder that this user cannot read, such as one of root's.
    let closed = harness.folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(harness.state_folder(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in harness.files().keys() {
        let open = fs::Permissions::from_mode(0o604);
        fs::set_permissions(harness.state_folder().join(name), open).unwrap();
    }
    let mut run = crate::harness::unix::unprivileged(&harness, &["run", "--", "no-such-program"]);
    run.env("PATH", format!("{}:/bin", closed.display()));
    Running::start(run, "").wait().assert_failed(127, &["not in PATH"]);
}

#[test]
fn devices_are_listed_and_removed() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    // Adds a second device to the same account.
    let mut login = harness.command(&["login", "--client-identifier", "attic-pc"]);
    login.env("PLEX_AUTH_STATE_DIR", harness.folder.path().join("other"));
    login.env("PLEX_AUTH_DEVICE_NAME", "Attic \u{200b}PC");
    let mut login = Running::start(login, "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);

    let json = harness.json(&["devices", "--json"]);
    let list = json["devices"].as_array().unwrap();
    let own: Vec<_> = list.iter().filter(|device| device["this_device"] == true).collect();
    let status = harness.json(&["status", "--json"]);
    assert_eq!(own.len(), 1, "{json}");
    assert_eq!(own[0]["client_identifier"], status["client_identifier"]);
    let attic = list.iter().find(|device| device["client_identifier"] == "attic-pc").unwrap();
    let id = |device: &Value| device["id"].to_string();
    assert!(!harness.succeed(&["devices", "--json", "--show-secrets"]).contains("\"token\""));

    harness.run(&["devices", "remove", &id(own[0])]).assert_failed(64, &["plex-auth logout"]);
    assert!(harness.succeed(&["devices", "remove", &id(attic)]).starts_with("Removed device"));
    let json = harness.json(&["devices", "--json"]);
    assert!(!json.to_string().contains("attic-pc"), "{json}");
    harness.run(&["devices", "remove", &id(attic)]).assert_failed(64, &["no device"]);
}

#[test]
fn claim_claims_a_server() {
    let harness = Harness::signed_in(Who::PlexPass);
    let url = format!("{}/unclaimed", harness.server.url());
    let json = harness.json(&["claim", "--server", &url, "--json"]);
    assert_eq!(names(&json), ["claimed", "client_identifier", "profile", "url"]);
    assert_eq!(json["url"], url.as_str());
    assert!(harness.fake(|fake| fake.server(Which::Unclaimed).admin()) == Some(Who::PlexPass));
    harness.run(&["claim", "--server", &url]).assert_failed(1, &["is already claimed"]);

    // A server may refuse the claim.
    let harness = Harness::signed_in(Who::PlexPass);
    let url = format!("{}/unclaimed", harness.server.url());
    harness.fake(|fake| {
        let refused = Misbehavior::answer(401, "text/html", "<html>no</html>");
        fake.misbehave("/unclaimed/myplex/claim", refused);
    });
    harness.run(&["claim", "--server", &url]).assert_failed(1, &["from its own network"]);
}

#[test]
fn servers_waits_until_one_responds() {
    let harness = Harness::signed_in(Who::PlexPass);
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| {
        fake.misbehave("/pms/identity", busy.clone());
        fake.misbehave("/identity", busy.clone());
        // Just after the computer has booted, plex.tv may be unreachable, too.
        fake.misbehave("/resources", busy.times(1));
    });
    let arguments = ["servers", "--wait", "Boathouse"];
    let mut waiting = Running::start(harness.command(&arguments), "");
    waiting.wait_for("Waiting for Boathouse");
    harness.fake(plex_auth_fake::FakePlex::behave);
    let outcome = waiting.wait();
    assert!(outcome.code == 0 && outcome.stdout.contains("responded in"), "{outcome:?}");

    harness.fake(|fake| {
        let busy = Misbehavior::answer(503, "text/html", "busy");
        fake.misbehave("/resources", busy);
    });
    harness.run(&["servers", "--wait", "--timeout", "0.4"]).assert_failed(2, &["error: "]);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.run(&["servers", "--wait", "Shed"]).assert_failed(64, &["no server named \"Shed\""]);
}

#[test]
fn login_if_needed_keeps_a_valid_sign_in() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--if-needed"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);
    let token = harness.succeed(&["token"]);
    assert_eq!(harness.succeed(&["login", "--if-needed"]), "Already signed in as rosa.\n");
    assert_eq!(harness.succeed(&["token"]), token);
    // An outage is no reason to sign in again.
    harness.fake(|fake| {
        let outage = Misbehavior::answer(502, "text/html", "busy").header("retry-after", "120");
        fake.misbehave("/user", outage);
    });
    harness.run(&["login", "--if-needed"]).assert_failed(2, &["the server failed"]);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.fake(|fake| fake.revoke(token.trim()));
    let mut login = Running::start(harness.command(&["login", "--if-needed"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn login_opens_the_page_in_a_browser() {
    use std::os::unix::fs::PermissionsExt;

    let harness = Harness::new();
    let bin = harness.folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let browser = bin.join("xdg-open");
    fs::write(&browser, "#!/bin/sh\nprintf '%s\\n' \"$1\" >opened.new; mv opened.new opened\n")
        .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for (display, is_opened) in [(":0", true), ("", false)] {
        let mut login = harness.command(&["login", "--open"]);
        login.env("PATH", &path).env("DISPLAY", display);
        let mut login = Running::start(login, "");
        let line = login.line();
        let page = line.trim_end().strip_prefix("Sign in on this page: ").unwrap().to_owned();
        let code = harness.fake(|fake| fake.pins().last().unwrap().code().to_owned());
        assert!(page.contains(&code) && page.contains("/auth#?"), "{page}");
        let opened = harness.folder.path().join("opened");
        if is_opened {
            crate::harness::wait_until("opened", || opened.exists());
            assert_eq!(fs::read_to_string(&opened).unwrap().trim(), page);
            fs::remove_file(&opened).unwrap();
        } else {
            assert_eq!(
                login.line(),
                "Could not open a browser here. Open the page on any device.\n"
            );
            assert!(!opened.exists());
        }
        harness.link(&code, Who::PlexPass);
        let outcome = login.wait();
        assert_eq!(outcome.stdout, "Signed in as rosa.\n", "{outcome:?}");
    }
}

#[test]
fn hosted_page_is_available_as_json() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--open", "--json"]), "");
    let line: Value = serde_json::from_str(&login.line()).unwrap();
    assert_eq!(names(&line["link"]), ["code", "expires_in", "filled_page", "page"]);
    let code = line["link"]["code"].as_str().unwrap();
    assert!(line["link"]["page"].as_str().unwrap().contains(code), "{line}");
    harness.link(code, Who::Free);
    let outcome = login.wait();
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["username"], json!("tariq"));
}
