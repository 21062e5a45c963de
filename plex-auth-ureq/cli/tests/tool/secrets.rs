//! Secrets appear only in the output of commands that exist to print them, or in JSON with
//! `--show-secrets`: never in messages, errors, or the tool's own arguments or environment.

use plex_auth_fake::{Which, Who};

use crate::harness::{Harness, Running};

#[test]
fn output_contains_no_secret() {
    let harness = Harness::signed_in(Who::PlexPass);
    let mut secrets = harness.fake(|fake| {
        let server = fake.server(Which::Claimed).access_token(Who::PlexPass).unwrap().to_owned();
        vec![
            fake.account(Who::PlexPass).token().to_owned(),
            server,
            "4711".into(),
            "a lantern".into(),
            "an-invalid-token".into(),
        ]
    });
    let mut output = String::new();
    let mut run = |arguments: &[&str], input: &str| {
        let outcome = harness.run_with_input(arguments, input);
        output += &format!("{arguments:?}: {}{}\n", outcome.stdout, outcome.stderr);
    };
    let source = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
    for more in [&["-v"][..], &["-v", "--json"], &["--json"]] {
        let mut run = |arguments: &[&str], input: &str| run(&[arguments, more].concat(), input);
        run(&["whoami"], "");
        run(&["check"], "");
        run(&["servers"], "");
        run(&["users"], "");
        run(&["switch", "rosa", "--into", "own"], "4711\n");
        run(&["source", "boathouse", &source], "");
        run(&["login", "--token", "--profile", "other"], "an-invalid-token\n");
        run(&["login", "--password", "--profile", "third"], "rosa\nnine kites & a lantern\n");
        run(&["login", "--password", "--profile", "fourth"], "rosa\na lantern\n");
    }
    let mut run = |arguments: &[&str]| run(arguments, "");
    run(&["transient", "boathouse", "-v", "--json"]);
    run(&["claim", "-v", "--json"]);
    run(&["token", "--json"]);
    run(&["logout", "-v", "--profile", "third"]);
    for profile in ["own", "default"] {
        secrets.push(harness.succeed(&["token", "--profile", profile]).trim().to_owned());
    }
    // The port and the version could contain the digits of the Home PIN by chance.
    let version = harness.fake(|fake| fake.server(Which::Claimed).version().to_owned());
    let output =
        output.replace(&harness.server.port().to_string(), "PORT").replace(&version, "VERSION");
    assert!(output.contains("/***") && output.len() > 4000, "{output}");
    for secret in &secrets {
        assert!(!output.contains(secret), "{secret}: {output}");
    }
    for prefix in ["transient-", "claim-"] {
        assert!(!output.contains(prefix), "{output}");
    }
}

#[test]
fn a_secret_in_an_argument_is_not_repeated() {
    let harness = Harness::new();
    for (arguments, expected) in [
        (&["login", "--token", "a-lantern"][..], "too many arguments"),
        (&["login", "--token=a-lantern"], "--token takes no value"),
        (&["login", "--password", "a-lantern"], "too many arguments"),
        (&["switch", "nilo", "a-lantern"], "too many arguments"),
    ] {
        for more in [&[][..], &["--json"]] {
            let outcome = harness.run(&[arguments, more].concat());
            let stderr = &outcome.stderr;
            assert!(outcome.code == 64 && stderr.contains(expected), "{outcome:?}");
            assert!(stderr.contains("Secrets cannot be passed as arguments"), "{outcome:?}");
            assert!(!stderr.contains("lantern"), "{outcome:?}");
        }
    }
    // An option that asks for no secret has no reason to mention one.
    for arguments in [
        &["servers", "--json=1"][..],
        &["run", "--json=1", "--", "true"],
        &["login", "--json=1"],
        &["login", "--open=1"],
    ] {
        let outcome = harness.run(arguments);
        outcome.assert_failed(64, &["takes no value", "passing it turns it on"]);
        assert!(!outcome.stderr.contains("Secrets"), "{outcome:?}");
    }
}

#[test]
fn an_invalid_value_is_not_repeated() {
    let harness = Harness::new();
    let url = "https://user:a-lantern@plex.example";
    let mut of_variable = harness.command(&["whoami"]);
    of_variable.env("PLEX_AUTH_PLEX_TV", url);
    let of_variable = Running::start(of_variable, "").wait();
    for outcome in [
        of_variable,
        harness.run(&["whoami", "--plex-tv", url]),
        harness.run(&["whoami", "--json", "--plex-tv", url]),
        harness.run(&["whoami", "--timeout", "a-lantern"]),
    ] {
        assert_eq!(outcome.code, 64, "{outcome:?}");
        assert!(outcome.stderr.contains("invalid value for '"), "{outcome:?}");
        assert!(!outcome.stderr.contains("lantern"), "{outcome:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn other_users_cannot_see_a_secret() {
    use plex_auth_fake::{Delivery, Misbehavior};

    use crate::harness::wait_until;

    let harness = Harness::new();
    harness.fake(|fake| fake.misbehave("/users/signin", Misbehavior::deliver(Delivery::Never)));
    let lines = "rosa\nnine kites & a lantern\n";
    let login = Running::start(harness.command(&["login", "--password", "--timeout", "60"]), lines);
    wait_until("sent", || harness.fake(|fake| fake.seen("POST", "/users/signin")) > 0);
    let proc = |name: &str| std::fs::read(format!("/proc/{}/{name}", login.id())).unwrap();
    for name in ["cmdline", "environ"] {
        let seen = String::from_utf8_lossy(&proc(name)).into_owned();
        assert!(!seen.contains("lantern") && !seen.is_empty(), "{seen}");
    }
    // The tool starts no other program that could receive a secret.
    let children = String::from_utf8(proc(&format!("task/{}/children", login.id()))).unwrap();
    assert_eq!(children, "");
    let id = rustix::process::Pid::from_raw(login.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(login.wait().code, 130);
}
