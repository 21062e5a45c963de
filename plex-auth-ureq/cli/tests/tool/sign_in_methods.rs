//! Each sign-in method, without a terminal.

use plex_auth_fake::{Authority, Misbehavior, Who};
use plex_auth_tests::{RawServer, Step};
use serde_json::json;

use crate::harness::{Harness, Running};

#[test]
fn a_linked_code_signs_in() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login"]), "");
    let code = login.link_code();
    harness.link(&code, Who::PlexPass);
    let outcome = login.wait();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    let page = format!("Open {}/link and enter the code {code}\n", harness.server.url());
    // Without a terminal, there is neither a spinner nor a QR code.
    assert_eq!(outcome.stderr, page);
    assert!(harness.succeed(&["whoami"]).contains("rosa@example.org"));
}

#[test]
fn each_code_is_available_as_json() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--json", "--renew"]), "");
    let mut codes = Vec::new();
    for _ in 0..2 {
        let line = login.line();
        let shown: serde_json::Value = serde_json::from_str(&line).unwrap();
        let code = shown["link"]["code"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned();
        let page = format!("{}/link", harness.server.url());
        assert_eq!(shown["link"]["page"], page);
        assert_eq!(shown["link"]["filled_page"], format!("{page}/?pin={code}"));
        let expires_in = shown["link"]["expires_in"].as_u64().unwrap();
        assert!((840..=900).contains(&expires_in), "{expires_in}");
        if codes.is_empty() {
            harness.expire_last_pin();
        }
        codes.push(code);
    }
    assert_ne!(codes[0], codes[1]);
    harness.link(&codes[1], Who::PlexPass);
    let outcome = login.wait();
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["username"], "rosa");
    assert!(outcome.stderr.is_empty(), "{outcome:?}");
}

#[test]
fn an_expired_code_ends_the_login() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login"]), "");
    login.link_code();
    harness.expire_last_pin();
    login
        .wait()
        .assert_failed(1, &["the login expired before it was completed", "plex-auth login"]);
    assert_eq!(harness.run(&["whoami"]).code, 3);
}

#[test]
fn a_token_is_saved_without_its_account() {
    let harness = Harness::new();
    harness.fake(|fake| {
        fake.misbehave("/user", Misbehavior::answer(503, "text/html", "busy").times(1));
    });
    let mut login = Running::start(harness.command(&["login"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    let outcome = login.wait();
    outcome.assert_failed(2, &["the server failed", "plex-auth whoami"]);
    // Apart from the code, standard error contains only the error, and no warning.
    assert_eq!(outcome.stderr.lines().count(), 4, "{outcome:?}");
    assert!(outcome.stderr.contains("the token is saved"), "{outcome:?}");
    assert!(harness.succeed(&["status"]).contains("unknown; see `plex-auth whoami`"));
    assert!(harness.succeed(&["profiles"]).contains("an unknown account, with a token"));
    assert!(harness.succeed(&["whoami"]).contains("rosa"));
}

#[test]
fn a_piped_token_is_checked_before_saving() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    let outcome = harness.run_with_input(&["login", "--token"], &format!("  {token}\r\n"));
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as tariq.\n"),
        "{outcome:?}"
    );
    assert_eq!(harness.succeed(&["token"]), format!("{token}\n"));

    harness
        .run_with_input(&["login", "--token"], "an-invalid-token")
        .assert_failed(1, &["Plex does not accept this token", "plex-auth login --open"]);
    harness.run_with_input(&["login", "--token"], "two words").assert_failed(
        64,
        &["whitespace", "The copied text is incomplete or contains more than the token."],
    );
    harness.run_with_input(&["login", "--token"], "").assert_failed(64, &["standard input ended"]);
    // The earlier token is unchanged.
    assert_eq!(harness.succeed(&["token"]), format!("{token}\n"));
}

#[cfg(unix)]
#[test]
fn endless_and_binary_input_is_rejected() {
    let harness = Harness::new();
    let program = crate::harness::PROGRAM;
    for (input, expected) in [
        ("exec </dev/zero", "the answer to \"Token\" is too long"),
        ("printf '\\377\\n' >bytes; exec <bytes", "the answer to \"Token\" is not UTF-8 text"),
    ] {
        // If the tool tried to read all of the input, this memory limit would soon make it fail.
        let script = format!("ulimit -v 2000000; {input}; exec \"$0\" login --token");
        let login = harness.command_for("sh", &["-c", &script, program]);
        Running::start(login, "")
            .wait()
            .assert_failed(64, &[expected, "The wrong file was redirected"]);
    }
}

#[test]
fn a_refused_code_login_mentions_no_password() {
    let harness = Harness::new();
    let refusal = r#"{"errors":[{"code":1001,"message":"User could not be authenticated"}]}"#;
    harness.fake(|fake| {
        fake.misbehave("/pins", Misbehavior::answer(401, "application/json", refusal));
    });
    for arguments in [&["login"][..], &["login", "--device-key"]] {
        let outcome = harness.run(arguments);
        outcome.assert_failed(1, &["Plex does not let this device sign in"]);
        assert!(!outcome.stderr.contains("password"), "{outcome:?}");
    }
}

#[test]
fn credentials_can_be_piped() {
    let harness = Harness::new();
    let sign_in =
        |lines: &str| harness.run_with_input(&["login", "--password", "--replace"], lines);
    let outcome = sign_in("rosa\nnine kites & a lantern\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    let outcome = sign_in("ingrid@example.org\r\nFjellvåk-81\r\n123456\r\n");
    assert!(outcome.stdout.starts_with("Signed in as ingrid.\n"), "{outcome:?}");

    sign_in("ingrid\nFjellvåk-81\n")
        .assert_failed(1, &["a verification code is required", "third line"]);
    sign_in("ingrid\nFjellvåk-81\n654321\n").assert_failed(1, &["is wrong or has expired"]);
    sign_in("rosa\nwrong\n").assert_failed(1, &["the username or password is wrong"]);
    sign_in("yaw\nanything\n").assert_failed(1, &["uses email sign-in", "plex-auth login"]);
    sign_in("rosa\n\n").assert_failed(64, &["the password is empty", "A line of the input"]);
    sign_in("rosa").assert_failed(64, &["standard input ended at the prompt: Password"]);
    assert_eq!(harness.json(&["whoami", "--json"])["username"], "ingrid");
}

#[test]
fn a_private_authority_can_be_trusted() {
    let authority = Authority::new();
    let harness = Harness::https(&authority, authority.good());
    harness.sign_in(Who::PlexPass);
    assert_eq!(harness.run(&["check"]).code, 0);
    let servers = harness.json(&["servers", "--json"]);
    let connections = servers["servers"][0]["connections"].as_array().unwrap();
    let answers = connections.iter().map(|connection| &connection["responds"]);
    assert_eq!(answers.collect::<Vec<_>>(), [&json!(true); 2]);

    let missing = harness.with_variable("PLEX_AUTH_CA_FILE", "nowhere.pem");
    let outcome = missing.run(&["whoami"]);
    outcome.assert_failed(74, &["cannot read"]);
}

#[test]
fn a_proxy_is_used_only_on_request() {
    let account = r#"{"id":7,"uuid":"5e1f","username":"nilo","title":"nilo"}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{account}", account.len());
    let tunnel = b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec();
    let proxy = RawServer::start(vec![
        Step::Write(tunnel),
        Step::AwaitRequest,
        Step::Write(answer.into_bytes()),
    ]);
    let harness = Harness::new()
        .with_variable("HTTPS_PROXY", &proxy.url())
        .with_variable("HTTP_PROXY", &proxy.url());
    harness.sign_in(Who::PlexPass);
    assert!(harness.succeed(&["whoami"]).contains("rosa"));
    assert_eq!(proxy.connections(), 0);

    assert!(harness.succeed(&["whoami", "--proxy-from-env"]).contains("nilo"));
    assert_eq!(proxy.connections(), 1);
    let harness = harness
        .with_variable("PLEX_AUTH_PROXY_FROM_ENV", "1")
        .with_variable("ALL_PROXY", "socks5://rosa:pw@x");
    harness.run(&["whoami"]).assert_failed(74, &["ALL_PROXY", "http:// URL"]);
    let harness = harness
        .with_variable("ALL_PROXY", &proxy.url())
        .with_variable("NO_PROXY", "localhost, 10.0.0.0/8");
    harness.run(&["whoami"]).assert_failed(74, &["NO_PROXY entry 2", "not supported"]);
}

#[test]
fn a_profile_remembers_its_plex_tv() {
    let harness = Harness::signed_in(Who::PlexPass);
    let before = harness.fake(|fake| fake.seen("GET", "/user"));
    let mut command = harness.command(&["whoami"]);
    command.env_remove("PLEX_AUTH_PLEX_TV");
    let outcome = Running::start(command, "").wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(harness.fake(|fake| fake.seen("GET", "/user")), before + 1);
}

#[cfg(unix)]
#[test]
fn a_login_uses_the_saved_plex_tv() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    let password = "rosa\nnine kites & a lantern\n";
    // The variable is not set, and a request to the real plex.tv would fail: the proxy refuses each
    // connection.
    let start = |arguments: &[&str], input: &str| {
        let mut command = harness.command(arguments);
        command.env_remove("PLEX_AUTH_PLEX_TV");
        command
            .env("PLEX_AUTH_PROXY_FROM_ENV", "1")
            .envs([("ALL_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "127.0.0.1")]);
        Running::start(command, input)
    };
    for (arguments, input) in [
        (&["login", "--token"][..], token.as_str()),
        (&["login", "--if-needed"], ""),
        (&["login", "--password"], password),
    ] {
        let outcome = start(arguments, input).wait();
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    for arguments in [&["login"][..], &["login", "--device-key"]] {
        let mut login = start(arguments, "");
        login.link_code();
        let id = rustix::process::Pid::from_raw(login.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert_eq!(login.wait().code, 143);
    }
    // The profile still has its plex.tv, and each hint to sign in includes the URL.
    let url = format!("--plex-tv {}/api/v2", harness.server.url());
    start(&["login", "--token"], &harness.token(Who::Free)).wait().assert_failed(64, &[&url]);
    harness.run(&["login", "--token"]).assert_failed(64, &["standard input ended"]);
    start(&["login", "--token"], "an-invalid-token").wait().assert_failed(1, &[&url]);
}
