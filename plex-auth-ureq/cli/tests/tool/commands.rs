//! Each command's output and exit status.

use plex_auth_fake::Who;
use serde_json::{Value, json};

use crate::harness::{Harness, Running, names};

#[test]
fn whoami_shows_the_account() {
    let harness = Harness::signed_in(Who::PlexPass);
    let text = harness.succeed(&["whoami"]);
    for line in
        ["Email       rosa@example.org", "Plex Pass   yes, lifetime", "Home        administrator"]
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
            "signed_in_with",
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
    assert!(harness.succeed(&["whoami"]).contains("Plex Pass   yes, until 2030-03-17\n"));
    assert_eq!(harness.json(&["whoami", "--json"])["plex_pass_until"], 1_900_000_000);
    // A lifetime pass has no end, even if there is a period that has one.
    harness.fake(|fake| {
        let body = fake.account_mut(Who::PlexPass).body_mut();
        let lifetime = json!({ "type": "plexpass", "mode": "lifetime", "endsAt": null });
        body["subscriptions"].as_array_mut().unwrap().push(lifetime);
    });
    assert!(harness.succeed(&["whoami"]).contains("Plex Pass   yes, lifetime\n"));
    assert_eq!(harness.json(&["whoami", "--json"])["plex_pass_until"], Value::Null);
}

#[test]
fn names_cannot_control_the_terminal() {
    let harness = Harness::signed_in(Who::PlexPass);
    harness.fake(|fake| {
        fake.account_mut(Who::PlexPass)
            .body_mut()
            .insert("title".into(), "Ro\u{1b}[2Jsa\u{7}".into())
    });
    let text = harness.succeed(&["whoami"]);
    assert!(text.contains("Ro\\u{1b}[2Jsa\\u{7}") && !text.contains('\u{1b}'), "{text:?}");

    // JSON preserves the name, escaped so that it cannot control the terminal.
    let name = "Ro\u{9b}2J\u{202e}sa\u{7f}";
    harness.fake(|fake| {
        fake.account_mut(Who::PlexPass).body_mut().insert("title".into(), name.into())
    });
    let text = harness.succeed(&["whoami", "--json"]);
    assert!(text.contains(r"Ro\u009b2J\u202esa\u007f"), "{text:?}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["title"], name);
}

#[test]
fn token_prints_only_the_token() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    assert_eq!(harness.succeed(&["token"]), format!("{token}\n"));
    let json = harness.json(&["token", "--json", "--show-secrets"]);
    assert_eq!(json, json!({ "profile": "default", "token": token }));
}

#[test]
fn check_reports_valid_and_invalid_tokens() {
    let harness = Harness::signed_in(Who::PlexPass);
    let shape = ["profile", "retry_in", "state", "why"];
    let json = harness.json(&["check", "--json"]);
    assert_eq!((names(&json), &json["state"]), (shape.to_vec(), &json!("valid")));

    harness.fake(|fake| {
        let token = fake.account(Who::PlexPass).token().to_owned();
        fake.revoke(&token);
    });
    harness.run(&["check"]).assert_failed(1, &["the token is no longer valid", "plex-auth login"]);
    let outcome = harness.run(&["check", "--json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        (outcome.code, names(&json), &json["state"]),
        (1, shape.to_vec(), &json!("invalid"))
    );
    let error = &outcome.json_lines()[0]["error"];
    assert_eq!((&error["what"], &error["class"]), (&json["why"], &json!("refused")));

    let signed_out = Harness::new();
    signed_out.run(&["check"]).assert_failed(3, &["not signed in", "plex-auth login"]);
    signed_out
        .run(&["check", "--profile", "work"])
        .assert_failed(3, &["the profile \"work\"", "plex-auth login --profile work"]);
}

#[test]
fn switch_saves_the_user_as_a_profile() {
    let harness = Harness::signed_in(Who::PlexPass);
    let json = harness.json(&["users", "--json"]);
    let users = json["users"].as_array().unwrap();
    assert_eq!(
        names(&users[0]),
        ["admin", "guest", "home_pin", "managed", "title", "username", "uuid"]
    );
    assert!(harness.succeed(&["users"]).contains("rosa (administrator, has a Home PIN)"));

    let text = harness.succeed(&["switch", "nilo"]);
    assert_eq!(text, "Signed in as Nilo. To use this account, pass --profile nilo\n");
    assert!(harness.succeed(&["whoami", "--profile", "nilo"]).contains("managed user"));
    assert!(
        harness.succeed(&["whoami"]).contains("rosa@example.org"),
        "the first profile was changed"
    );

    let own = ["switch", "ROSA", "--into", "own"];
    harness.run(&own).assert_failed(64, &["standard input ended"]);
    for typed in ["\n", "815\n"] {
        let expected = ["must be four digits", "nothing was entered", "the user's Home PIN"];
        harness.run_with_input(&own, typed).assert_failed(64, &expected);
    }
    harness.run_with_input(&own, "0815\n").assert_failed(1, &["Home PIN"]);
    assert_eq!(harness.run_with_input(&own, "4711\n").code, 0);
    let json = harness.json(&["switch", "nilo", "--json"]);
    assert_eq!(names(&json), ["profile", "title", "token", "username", "uuid"]);
    assert_eq!(json["token"], Value::Null);

    harness
        .run(&["switch", "nilo", "--into", "default"])
        .assert_failed(64, &["belongs to another account"]);
    harness
        .run(&["switch", "nobody"])
        .assert_failed(64, &["the Home has no user named", "plex-auth users"]);
}

#[test]
fn names_match_in_either_unicode_form() {
    let harness = Harness::signed_in(Who::PlexPass);
    for (title, typed) in [
        ("Zoe\u{301} ", "zo\u{e9}"),
        ("Zo\u{e9}", "\u{a0}ZOE\u{301}\t"),
        ("\u{c5}sa", "A\u{30a}sa"),
    ] {
        harness.fake(|fake| {
            fake.account_mut(Who::Managed).body_mut().insert("title".into(), title.into())
        });
        harness.succeed(&["switch", typed, "--into", "other"]);
    }
    harness
        .run(&["switch", "zoe", "--into", "other"])
        .assert_failed(64, &["the Home has no user named"]);
}

#[test]
fn profile_names_need_no_shell_quoting() {
    let harness = Harness::signed_in(Who::PlexPass);
    let uuid = harness.fake(|fake| fake.account(Who::Managed).body()["uuid"].clone());
    let uuid = uuid.as_str().unwrap();
    for (title, profile) in [
        ("$(reboot)", "reboot"),
        ("--Json", "json"),
        ("Nilo & José", "nilo-josé"),
        ("Nilo & Jose\u{301}", "nilo-josé"),
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
fn claim_prints_the_token_and_its_lifetime() {
    let harness = Harness::signed_in(Who::PlexPass);
    let outcome = harness.run(&["claim"]);
    assert!(
        outcome.stdout.starts_with("claim-") && outcome.stdout.lines().count() == 1,
        "{outcome:?}"
    );
    assert_eq!(outcome.stderr, "The claim token expires in 4 minutes.\n");
    let json = harness.json(&["claim", "--json", "--show-secrets"]);
    assert_eq!(names(&json), ["claim_token", "expires_in", "profile"]);
    assert!(json["claim_token"].as_str().unwrap().starts_with("claim-"), "{json}");
}

#[test]
fn invalid_arguments_are_a_usage_error() {
    let harness = Harness::new();
    for (arguments, expected) in [
        (&["nonsense"][..], "nonsense"),
        (&["login", "--token", "--password"], "cannot be used with"),
        (&["--timeout", "soon", "check"], "must be from 0.1 to 3600 seconds"),
        (&["--plex-tv", "plex.example", "check"], "did you mean"),
        (&["transient"], "<SERVER>"),
        (&["man", "nonsense"], "no such command: nonsense"),
    ] {
        harness.run(arguments).assert_failed(64, &[expected]);
    }
    assert!(!harness.state_folder().exists(), "a state folder was created");
}

#[test]
fn help_is_shown_without_a_command() {
    let harness = Harness::new();
    let mut without_variables = harness.command(&[]);
    without_variables.env_remove("PLEX_AUTH_PLEX_TV").env_remove("PLEX_AUTH_STATE_DIR");
    for command in [without_variables, harness.command(&[])] {
        let bare = Running::start(command, "").wait();
        assert!(bare.stderr.starts_with("Signs in to Plex"), "{bare:?}");
        assert!(bare.code == 64 && bare.stderr.contains("Exit status:"), "{bare:?}");
    }
}

#[test]
fn usage_errors_can_be_json() {
    let harness = Harness::new();
    for arguments in
        [&["--json"][..], &["nonsense", "--json"], &["--json", "--timeout", "-1", "check"]]
    {
        harness.run(arguments).assert_failed_as_json(64);
    }
    let harness = harness.with_variable("PLEX_AUTH_JSON", "1");
    harness.run(&["nonsense"]).assert_failed_as_json(64);
}

#[test]
fn help_and_completions_need_no_state() {
    let harness = Harness::new().with_variable("PLEX_AUTH_STATE_DIR", "/dev/null/nowhere");
    for arguments in [&["--help"][..], &["help", "login"], &["login", "--help"]] {
        let help = harness.succeed(arguments);
        assert!(help.contains("Examples:"), "{help}");
    }
    assert!(harness.succeed(&["--version"]).starts_with("plex-auth 0."));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(harness.succeed(&["completions", shell]).contains("plex-auth"), "{shell}");
    }
    assert!(harness.succeed(&["man"]).contains(".TH plex-auth 1"));
    let page = harness.succeed(&["man", "login"]);
    assert!(page.contains(".TH plex-auth-login 1  \"plex-auth 0."), "{page}");
    assert!(page.contains("PLEX_AUTH_TOKEN") && page.contains("PLEX_AUTH_PROFILE"), "{page}");
}

#[test]
fn variables_can_set_flags() {
    let harness = Harness::signed_in(Who::PlexPass)
        .with_variable("PLEX_AUTH_JSON", "1")
        .with_variable("PLEX_AUTH_PROFILE", "default");
    assert_eq!(harness.json(&["check"])["state"], "valid");
    let off = harness.with_variable("PLEX_AUTH_JSON", "0");
    assert!(off.succeed(&["check"]).starts_with("The token is valid"));
}

#[test]
fn empty_and_false_variables_are_ignored() {
    let harness = Harness::signed_in(Who::PlexPass);
    let mut harness =
        harness.with_variable("PLEX_AUTH_TOKEN", "0").with_variable("PLEX_AUTH_DEVICE_KEY", "");
    for name in ["PROFILE", "TIMEOUT", "CA_FILE", "JSON", "INTO"] {
        harness = harness.with_variable(&format!("PLEX_AUTH_{name}"), "");
    }
    assert!(harness.succeed(&["whoami"]).contains("profile default"));
    harness.succeed(&["switch", "nilo"]);
    let outcome =
        harness.run_with_input(&["login", "--password"], "rosa\nnine kites & a lantern\n");
    assert_eq!(outcome.code, 0, "{outcome:?}");

    let mut command = harness.command(&["whoami"]);
    command.env("PLEX_AUTH_PLEX_TV", "").env("PLEX_AUTH_STATE_DIR", "");
    Running::start(command, "").wait().assert_failed(3, &["not signed in"]);
}

impl crate::harness::Outcome {
    /// Asserts that the run failed with this exit status and reported an error as JSON.
    fn assert_failed_as_json(&self, code: i32) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let json: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|_| panic!("{self:?}"));
        assert_eq!(names(&json), ["error"]);
        assert_eq!(names(&json["error"]), ["class", "exit_code", "likely", "next", "what"]);
        assert_eq!(json["error"]["exit_code"], code);
    }
}

#[test]
fn verbose_shows_each_request_and_its_result() {
    let harness = Harness::signed_in(Who::PlexPass);
    let outcome = harness.run(&["whoami", "-v"]);
    let url = format!("GET {}/api/v2/user", harness.server.url());
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome:?}");
    assert_eq!(lines[0], format!("> {url}"));
    assert!(lines[1].starts_with(&format!("< 200 OK for {url} in ")), "{outcome:?}");

    let arguments = ["login", "--token", "-v", "--timeout", "1", "--plex-tv", "http://127.0.0.1:1"];
    let outcome = harness.run_with_input(&arguments, "a-lantern");
    let line = "< the connection was refused (GET http://127.0.0.1:1/api/v2/user, ";
    assert!(outcome.stderr.contains(line), "{outcome:?}");
}

#[test]
fn verbose_is_json_lines_with_json() {
    let harness = Harness::signed_in(Who::PlexPass);
    let lines = harness.run(&["whoami", "-v", "--json"]).json_lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let url = format!("{}/api/v2/user", harness.server.url());
    assert_eq!(lines[0], json!({ "request": { "method": "GET", "url": url, "attempt": 1 } }));
    let response = &lines[1]["response"];
    assert_eq!(names(response), ["attempt", "error", "method", "milliseconds", "status", "url"]);
    assert_eq!((&response["status"], &response["error"]), (&json!(200), &Value::Null));

    let lines = harness.whoami_at("http://127.0.0.1:1/api/v2", &["-v", "--json"]).json_lines();
    let response = &lines[1]["response"];
    let expected = (&Value::Null, &json!("the connection was refused"));
    assert_eq!((&response["status"], &response["error"]), expected);
    assert_eq!(names(&lines[2]), ["error"]);
}
