//! What each command prints, and by which code it ends.

use plex_auth_fake::{Which, Who};
use serde_json::{Value, json};

use crate::harness::{Harness, Running};

/// The names in a JSON object: what is promised of its shape.
fn names(json: &Value) -> Vec<&str> {
    json.as_object()
        .unwrap_or_else(|| panic!("no object: {json}"))
        .keys()
        .map(String::as_str)
        .collect()
}

fn signed_in(who: Who) -> Harness {
    let harness = Harness::new();
    harness.sign_in(who);
    harness
}

#[test]
fn whoami_says_whose_token_it_is() {
    let harness = signed_in(Who::PlexPass);
    let text = harness.done(&["whoami"]);
    for line in
        ["E-mail      rosa@example.org", "Plex Pass   yes, lifetime", "Home        administrator"]
    {
        assert!(text.contains(line), "{text}");
    }
    let json = harness.json(&["--json", "whoami"]);
    assert_eq!(
        names(&json),
        [
            "client_identifier",
            "email",
            "guest",
            "home",
            "home_admin",
            "id",
            "managed",
            "plex_pass",
            "plex_pass_until",
            "profile",
            "signed_in_by",
            "title",
            "two_factor",
            "username",
            "uuid"
        ]
    );
    assert_eq!((&json["username"], &json["plex_pass"]), (&json!("rosa"), &json!(true)));

    let subscription = json!([{ "type": "plexpass", "state": "active", "endsAt": 1_900_000_000 }]);
    harness.fake(|fake| {
        fake.account_mut(Who::PlexPass).body_mut().insert("subscriptions".into(), subscription)
    });
    assert!(harness.done(&["whoami"]).contains("Plex Pass   yes, until 2030-03-17\n"));
    assert_eq!(harness.json(&["whoami", "--json"])["plex_pass_until"], 1_900_000_000);
}

#[test]
fn a_name_that_gives_orders_to_terminals_gives_none() {
    let harness = signed_in(Who::PlexPass);
    harness.fake(|fake| {
        fake.account_mut(Who::PlexPass)
            .body_mut()
            .insert("title".into(), "Ro\u{1b}[2Jsa\u{7}".into())
    });
    let text = harness.done(&["whoami"]);
    assert!(text.contains("Ro\u{fffd}[2Jsa\u{fffd}") && !text.contains('\u{1b}'), "{text:?}");

    // As JSON it is what it is, in letters that no terminal takes for orders.
    let name = "Ro\u{9b}2J\u{202e}sa\u{7f}";
    harness.fake(|fake| {
        fake.account_mut(Who::PlexPass).body_mut().insert("title".into(), name.into())
    });
    let text = harness.done(&["whoami", "--json"]);
    assert!(text.contains(r"Ro\u009b2J\u202esa\u007f"), "{text:?}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["title"], name);
}

#[test]
fn the_token_is_printed_alone() {
    let harness = signed_in(Who::PlexPass);
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    assert_eq!(harness.done(&["token"]), format!("{token}\n"));
    harness.run(&["token", "--json"]).failed_as_json(64);
    let json = harness.json(&["token", "--json", "--show-secrets"]);
    assert_eq!(json, json!({ "profile": "default", "token": token }));
}

#[test]
fn check_tells_alive_dead_and_not_known_apart() {
    let harness = signed_in(Who::PlexPass);
    let shape = ["profile", "retry_in", "state", "why"];
    let json = harness.json(&["check", "--json"]);
    assert_eq!((names(&json), &json["state"]), (shape.to_vec(), &json!("alive")));

    harness.fake(|fake| {
        let token = fake.account(Who::PlexPass).token().to_owned();
        fake.revoke(&token);
    });
    harness.run(&["check"]).failed(1, &["the token is no longer valid", "plex-auth login"]);
    let outcome = harness.run(&["check", "--json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.code, names(&json), &json["state"]), (1, shape.to_vec(), &json!("dead")));

    let nobody = Harness::new();
    nobody.run(&["check"]).failed(64, &["nobody is signed in", "plex-auth login"]);
    nobody
        .run(&["check", "--profile", "work"])
        .failed(64, &["the profile work", "--profile work login"]);
}

#[test]
fn servers_come_with_what_becomes_of_each_connection_best_first() {
    let harness = signed_in(Who::PlexPass);
    let json = harness.json(&["servers", "--json"]);
    assert_eq!(names(&json), ["profile", "servers"]);
    let server = &json["servers"][0];
    assert_eq!(
        names(server),
        ["access_token", "client_identifier", "connections", "name", "owned", "owner", "version"]
    );
    assert_eq!((&server["name"], &server["access_token"]), (&json!("Boathouse"), &Value::Null));
    let ways = server["connections"].as_array().unwrap();
    assert_eq!(names(&ways[0]), ["answers", "kind", "milliseconds", "url", "why_not"]);
    let kinds: Vec<_> =
        ways.iter().map(|way| (way["kind"].as_str().unwrap(), way["answers"] == true)).collect();
    assert_eq!(kinds, [("local", true), ("remote", true)]);
    let json = harness.json(&["servers", "--json", "--show-secrets"]);
    let token = harness
        .fake(|fake| fake.server(Which::Claimed).access_token(Who::PlexPass).map(str::to_owned));
    assert_eq!(json["servers"][0]["access_token"].as_str(), token.as_deref());

    // No connection is asked with a token.
    harness.fake(|fake| {
        let mut asked =
            fake.requests().iter().filter(|request| request.path().ends_with("/identity"));
        assert!(asked.all(|request| request.header("x-plex-token").is_none()));
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.misbehave("/pms/identity", busy);
    });
    let text = harness.done(&["servers"]);
    let lines: Vec<_> = text.lines().skip(2).collect();
    assert!(lines[0].starts_with("  remote") && lines[0].contains("answers within"), "{text}");
    assert!(
        lines[1].starts_with("  local") && lines[1].contains("trouble at the server"),
        "{text}"
    );
    assert_eq!(signed_in(Who::Free).done(&["servers"]), "The account may use no server.\n");
}

#[test]
fn a_home_user_becomes_a_profile_of_its_own() {
    let harness = signed_in(Who::PlexPass);
    let json = harness.json(&["users", "--json"]);
    let users = json["users"].as_array().unwrap();
    assert_eq!(
        names(&users[0]),
        ["admin", "guest", "home_pin", "managed", "title", "username", "uuid"]
    );
    assert!(harness.done(&["users"]).contains("rosa (administrator, has a Home PIN)"));

    let text = harness.done(&["switch", "nilo"]);
    assert_eq!(text, "Signed in as Nilo; use it by --profile nilo\n");
    assert!(harness.done(&["whoami", "--profile", "nilo"]).contains("managed user"));
    assert!(
        harness.done(&["whoami"]).contains("rosa@example.org"),
        "the first profile is as it was"
    );

    let own = ["switch", "ROSA", "--into", "own"];
    harness.run(&own).failed(64, &["standard input ended"]);
    harness.run_with(&own, "815\n").failed(64, &["four digits"]);
    harness.run_with(&own, "0815\n").failed(1, &["Home PIN"]);
    assert_eq!(harness.run_with(&own, "4711\n").code, 0);
    let json = harness.json(&["switch", "nilo", "--json"]);
    assert_eq!(names(&json), ["profile", "title", "token", "username", "uuid"]);
    assert_eq!(json["token"], Value::Null);

    harness.run(&["switch", "nilo", "--into", "default"]).failed(64, &["somebody else's"]);
    harness.run(&["switch", "nobody"]).failed(64, &["nobody in the Home", "plex-auth users"]);
}

#[test]
fn whatever_somebody_is_called_a_shell_takes_the_profiles_name_for_one_plain_word() {
    let harness = signed_in(Who::PlexPass);
    let uuid = harness.fake(|fake| fake.account(Who::Managed).body()["uuid"].clone());
    let uuid = uuid.as_str().unwrap();
    for (title, profile) in [
        ("$(reboot)", "reboot"),
        ("--Json", "json"),
        ("Nilo & José", "nilo-josé"),
        ("\u{1b} ", uuid),
    ] {
        harness.fake(|fake| {
            fake.account_mut(Who::Managed).body_mut().insert("title".into(), title.into())
        });
        let json = harness.json(&["switch", uuid, "--json"]);
        assert_eq!(json["profile"], profile, "{title:?}");
        assert_eq!(harness.run(&["token", "--profile", profile]).code, 0, "{title:?}");
    }
}

#[test]
fn a_server_is_found_by_name_identifier_and_url() {
    let harness = signed_in(Who::PlexPass);
    let (identifier, source) = harness.fake(|fake| {
        let server = fake.server(Which::Claimed);
        (server.machine_identifier().to_owned(), server.sources()[0].uri.clone())
    });
    let url = harness.server.url().to_owned();
    for named in ["boathouse", identifier.as_str(), url.as_str()] {
        let token = harness.done(&["transient", named]);
        assert!(token.starts_with("transient-") && token.lines().count() == 1, "{token}");
    }
    assert_eq!(harness.json(&["transient", "Boathouse", "--json"])["transient_token"], Value::Null);
    let text = harness.done(&["source", "Boathouse", &source]);
    assert!(text.starts_with("Attic\n") && text.contains("relay"), "{text}");

    harness
        .run(&["source", "Boathouse", "server://unknown"])
        .failed(1, &["does not know server://unknown"]);
    harness.run(&["source", "Boathouse", "unknown"]).failed(64, &["prefix"]);
    harness.fake(plex_auth_fake::FakePlex::forget_requests);
    harness.run(&["transient", "http://a b"]).failed(64, &["white space"]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), 0, "nobody is asked for it");
    harness.run(&["transient", "Shed"]).failed(64, &["no server of the account is called Shed"]);
    let unclaimed = format!("{url}/unclaimed");
    harness.fake(plex_auth_fake::FakePlex::forget_requests);
    harness.run(&["transient", &unclaimed]).failed(1, &["none of the account's"]);
    let told = harness.fake(|fake| {
        let there =
            fake.requests().iter().filter(|request| request.path().starts_with("/unclaimed"));
        there.filter(|request| request.header("x-plex-token").is_some()).count()
    });
    assert_eq!(told, 0, "no token goes to a stranger");
}

#[test]
fn a_claim_token_comes_with_the_time_that_it_is_good_for() {
    let harness = signed_in(Who::PlexPass);
    let outcome = harness.run(&["claim"]);
    assert!(
        outcome.stdout.starts_with("claim-") && outcome.stdout.lines().count() == 1,
        "{outcome:?}"
    );
    assert_eq!(outcome.stderr, "It is good for 4:00 minutes.\n");
    let json = harness.json(&["claim", "--json"]);
    assert_eq!(json, json!({ "profile": "default", "claim_token": null, "good_for": 240 }));
}

#[test]
fn logout_ends_the_token_at_plex_and_here() {
    let harness = signed_in(Who::PlexPass);
    let token = harness.done(&["token"]);
    // While Plex does not answer, nothing is forgotten.
    harness.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy").times(1);
        fake.misbehave("/users/signout", busy);
    });
    harness.run(&["logout"]).failed(2, &["trouble at the server", "--forget"]);
    assert_eq!(harness.done(&["token"]), token);
    assert_eq!(harness.done(&["logout"]), "Signed out.\n");
    assert_eq!(harness.run(&["token"]).code, 64);
    assert!(!harness.files()["state.json"].contains(token.trim()));
    harness.run_with(&["login", "--token"], &token).failed(1, &["the token is no longer valid"]);

    let other = signed_in(Who::PlexPass);
    other.fake(|fake| {
        fake.misbehave("/users/signout", plex_auth_fake::Misbehaviour::answer(503, "", ""));
    });
    assert!(other.done(&["logout", "--forget"]).starts_with("Forgotten here"));
    assert_eq!(other.run(&["token"]).code, 64);
}

#[test]
fn what_cannot_be_understood_is_wrong_usage() {
    let harness = Harness::new();
    for (arguments, says) in [
        (&["nonsense"][..], "nonsense"),
        (&["login", "--token", "--password"], "cannot be used with"),
        (&["--timeout", "soon", "check"], "from 0.1 to 3600 seconds"),
        (&["--plex-tv", "plex.tv", "check"], "did you mean"),
        (&["transient"], "<SERVER>"),
        (&["man", "nonsense"], "there is no command nonsense"),
    ] {
        harness.run(arguments).failed(64, &[says]);
    }
    assert!(!harness.state().exists(), "nothing is made for it");
}

#[test]
fn without_a_command_there_is_the_help() {
    let harness = Harness::new();
    let mut without_variables = harness.command(&[]);
    without_variables.env_remove("PLEX_AUTH_PLEX_TV").env_remove("PLEX_AUTH_STATE_DIR");
    for command in [without_variables, harness.command(&[])] {
        let bare = Running::start(command, "").end();
        assert!(bare.stderr.starts_with("Signs in to Plex"), "{bare:?}");
        assert!(bare.code == 64 && bare.stderr.contains("Exit codes:"), "{bare:?}");
    }
}

#[test]
fn wrong_usage_is_said_in_json_where_json_is_wanted() {
    let harness = Harness::new();
    for arguments in [
        &["--json"][..],
        &["nonsense", "--json"],
        &["--json", "--timeout", "-1", "check"],
        &["--json", "whoami"],
    ] {
        harness.run(arguments).failed_as_json(64);
    }
    let harness = harness.with("PLEX_AUTH_JSON", "1");
    harness.run(&["nonsense"]).failed_as_json(64);
}

#[test]
fn help_version_completions_and_manual_need_nothing() {
    let harness = Harness::new().with("PLEX_AUTH_STATE_DIR", "/dev/null/nowhere");
    for arguments in [&["--help"][..], &["help", "login"], &["login", "--help"]] {
        let help = harness.done(arguments);
        assert!(help.contains("Examples:"), "{help}");
    }
    assert!(harness.done(&["--version"]).starts_with("plex-auth 0."));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(harness.done(&["completions", shell]).contains("plex-auth"), "{shell}");
    }
    assert!(harness.done(&["man"]).contains(".TH plex-auth 1"));
    let page = harness.done(&["man", "login"]);
    assert!(page.contains(".TH plex-auth-login 1  \"plex-auth 0."), "{page}");
    assert!(page.contains("PLEX_AUTH_BY_TOKEN") && page.contains("PLEX_AUTH_PROFILE"), "{page}");
}

#[test]
fn a_flag_can_be_said_by_its_variable() {
    let harness =
        signed_in(Who::PlexPass).with("PLEX_AUTH_JSON", "1").with("PLEX_AUTH_PROFILE", "default");
    assert_eq!(harness.json(&["check"])["state"], "alive");
    let off = harness.with("PLEX_AUTH_JSON", "0");
    assert!(off.done(&["check"]).starts_with("The token is alive"));
}

#[test]
fn a_variable_that_is_empty_or_says_no_is_as_good_as_none() {
    let harness = signed_in(Who::PlexPass);
    let mut harness = harness.with("PLEX_AUTH_BY_TOKEN", "0").with("PLEX_AUTH_DEVICE_KEY", "");
    for name in ["PROFILE", "TIMEOUT", "CA_FILE", "JSON", "INTO"] {
        harness = harness.with(&format!("PLEX_AUTH_{name}"), "");
    }
    assert!(harness.done(&["whoami"]).contains("profile default"));
    harness.done(&["switch", "nilo"]);
    let outcome = harness.run_with(&["login", "--password"], "rosa\nnine kites & a lantern\n");
    assert_eq!(outcome.code, 0, "{outcome:?}");

    let mut command = harness.command(&["whoami"]);
    command.env("PLEX_AUTH_PLEX_TV", "").env("PLEX_AUTH_STATE_DIR", "");
    Running::start(command, "").end().failed(64, &["nobody is signed in"]);
}

impl crate::harness::Outcome {
    /// That it ended so, and says it in JSON.
    fn failed_as_json(&self, code: i32) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let json: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|_| panic!("{self:?}"));
        assert_eq!(names(&json), ["error"]);
        assert_eq!(names(&json["error"]), ["class", "exit_code", "likely", "next", "what"]);
        assert_eq!(json["error"]["exit_code"], code);
    }
}
