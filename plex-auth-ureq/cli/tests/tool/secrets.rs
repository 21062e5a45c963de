//! No secret is shown but by the commands that are for it: not in arguments, the environment, what is said or errors.

use plex_auth_fake::{Which, Who};

use crate::harness::Harness;

#[test]
fn nothing_that_is_said_has_a_secret() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let mut secrets = harness.fake(|fake| {
        let server = fake.server(Which::Claimed).access_token(Who::PlexPass).unwrap().to_owned();
        vec![
            fake.account(Who::PlexPass).token().to_owned(),
            server,
            "4711".into(),
            "a lantern".into(),
            "a-dead-one".into(),
        ]
    });
    let mut said = String::new();
    let mut run = |arguments: &[&str], input: &str| {
        let outcome = harness.run_with(arguments, input);
        said += &format!("{arguments:?}: {}{}\n", outcome.stdout, outcome.stderr);
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
        run(&["login", "--token", "--profile", "other"], "a-dead-one\n");
        run(&["login", "--password", "--profile", "third"], "rosa\nnine kites & a lantern\n");
        run(&["login", "--password", "--profile", "fourth"], "rosa\na lantern\n");
    }
    let mut run = |arguments: &[&str]| run(arguments, "");
    run(&["transient", "boathouse", "-v", "--json"]);
    run(&["claim", "-v", "--json"]);
    run(&["token", "--json"]);
    run(&["logout", "-v", "--profile", "third"]);
    for profile in ["own", "default"] {
        secrets.push(harness.done(&["token", "--profile", profile]).trim().to_owned());
    }
    // These may have any digits, those of the Home PIN, too.
    let version = harness.fake(|fake| fake.server(Which::Claimed).version().to_owned());
    let said =
        said.replace(&harness.server.port().to_string(), "PORT").replace(&version, "VERSION");
    assert!(said.contains("/***") && said.len() > 4000, "{said}");
    for secret in &secrets {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    for made in ["transient-", "claim-"] {
        assert!(!said.contains(made), "{said}");
    }
}

#[test]
fn a_secret_that_was_typed_as_an_argument_is_not_said_again() {
    let harness = Harness::new();
    for (arguments, says) in [
        (&["login", "--token", "a-lantern"][..], "an argument too many"),
        (&["login", "--token=a-lantern"], "--token takes no value"),
        (&["login", "--password", "a-lantern"], "an argument too many"),
        (&["switch", "nilo", "a-lantern"], "an argument too many"),
    ] {
        for more in [&[][..], &["--json"]] {
            let outcome = harness.run(&[arguments, more].concat());
            let said = &outcome.stderr;
            assert!(outcome.code == 64 && said.contains(says), "{outcome:?}");
            assert!(said.contains("Secrets are no arguments"), "{outcome:?}");
            assert!(!said.contains("lantern"), "{outcome:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn other_users_of_the_machine_see_no_secret_while_it_runs() {
    use plex_auth_fake::{Delivery, Misbehaviour};

    use crate::harness::Running;

    let harness = Harness::new();
    harness.fake(|fake| fake.misbehave("/users/signin", Misbehaviour::deliver(Delivery::Never)));
    let lines = "rosa\nnine kites & a lantern\n";
    let login = Running::start(harness.command(&["login", "--password", "--timeout", "60"]), lines);
    while harness.fake(|fake| fake.seen("POST", "/users/signin")) == 0 {
        std::thread::yield_now();
    }
    let proc = |name: &str| std::fs::read(format!("/proc/{}/{name}", login.id())).unwrap();
    for name in ["cmdline", "environ"] {
        let seen = String::from_utf8_lossy(&proc(name)).into_owned();
        assert!(!seen.contains("lantern") && !seen.is_empty(), "{seen}");
    }
    // It starts no other program that could be told one.
    let children = String::from_utf8(proc(&format!("task/{}/children", login.id()))).unwrap();
    assert_eq!(children, "");
    let id = rustix::process::Pid::from_raw(login.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(login.end().code, 130);
}
