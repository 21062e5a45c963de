//! Signing in, in every way there is, without a terminal.

use plex_auth_fake::{Authority, Misbehaviour, Who};
use plex_auth_tests::{RawServer, Step};
use serde_json::json;

use crate::harness::{Harness, Running};

#[test]
fn a_code_that_somebody_types_signs_in() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login"]), "");
    let code = login.code();
    harness.link(&code, Who::PlexPass);
    let outcome = login.end();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    let page = format!("Open {}/link and type the code {code}\n", harness.server.url());
    // Without a terminal there is neither a spinner nor a picture.
    assert_eq!(outcome.stderr, page);
    assert!(harness.done(&["whoami"]).contains("rosa@example.org"));
}

#[test]
fn a_program_reads_the_code_as_json() {
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
        let good_for = shown["link"]["good_for"].as_u64().unwrap();
        assert!((890..=900).contains(&good_for), "{good_for}");
        if codes.is_empty() {
            harness.expire_last_pin();
        }
        codes.push(code);
    }
    assert_ne!(codes[0], codes[1]);
    harness.link(&codes[1], Who::PlexPass);
    let outcome = login.end();
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["username"], "rosa");
    assert!(outcome.stderr.is_empty(), "{outcome:?}");
}

#[test]
fn a_code_that_nobody_types_in_time_ends_and_another_is_shown_where_that_is_wanted() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login"]), "");
    login.code();
    harness.expire_last_pin();
    login.end().failed(1, &["nobody has linked the PIN in time", "plex-auth login"]);
    assert_eq!(harness.run(&["whoami"]).code, 64);

    let mut login = Running::start(harness.command(&["login", "--renew"]), "");
    let first = login.code();
    harness.expire_last_pin();
    let second = login.code();
    assert_ne!(first, second);
    harness.link(&second, Who::Free);
    let outcome = login.end();
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as tariq.\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_token_is_kept_also_where_plex_does_not_say_whose_it_is() {
    let harness = Harness::new();
    harness.fake(|fake| {
        fake.misbehave("/user", Misbehaviour::answer(503, "text/html", "busy").times(1));
    });
    let mut login = Running::start(harness.command(&["login"]), "");
    harness.link(&login.code(), Who::PlexPass);
    let outcome = login.end();
    outcome.failed(2, &["trouble at the server", "plex-auth whoami"]);
    // All that is said but the code is the error, also where that is JSON.
    assert_eq!(outcome.stderr.lines().count(), 4, "{outcome:?}");
    assert!(outcome.stderr.contains("the token is kept"), "{outcome:?}");
    assert!(harness.done(&["whoami"]).contains("rosa"));
}

#[test]
fn a_token_from_a_pipe_is_checked_before_it_is_kept() {
    let harness = Harness::new();
    let token = harness.fake(|fake| fake.account(Who::Free).token().to_owned());
    let outcome = harness.run_with(&["login", "--token"], &format!("  {token}\r\n"));
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as tariq.\n"),
        "{outcome:?}"
    );
    assert_eq!(harness.done(&["token"]), format!("{token}\n"));

    harness
        .run_with(&["login", "--token"], "a-dead-one")
        .failed(1, &["the token is no longer valid"]);
    harness.run_with(&["login", "--token"], "two words").failed(64, &["white space"]);
    harness.run_with(&["login", "--token"], "").failed(64, &["standard input ended"]);
    // What was there is as it was.
    assert_eq!(harness.done(&["token"]), format!("{token}\n"));
}

#[cfg(unix)]
#[test]
fn what_is_no_line_of_text_is_not_read_to_its_end() {
    let harness = Harness::new();
    let program = crate::harness::PROGRAM;
    for (input, says) in [
        ("exec </dev/zero", "the answer is too long: Token"),
        ("printf '\\377\\n' >bytes; exec <bytes", "the answer is not text in UTF-8: Token"),
    ] {
        // Less memory than would take long to fill.
        let script = format!("ulimit -v 2000000; {input}; exec \"$0\" login --token");
        let login = harness.prepared("sh", &["-c", &script, program]);
        Running::start(login, "").end().failed(64, &[says, "another file than was meant"]);
    }
}

#[test]
fn login_password_and_code_come_from_a_pipe() {
    let harness = Harness::new();
    let sign_in = |lines: &str| harness.run_with(&["login", "--password"], lines);
    let outcome = sign_in("rosa\nnine kites & a lantern\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    let outcome = sign_in("ingrid@example.org\r\nFjellvåk-81\r\n123456\r\n");
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as ingrid.\n"),
        "{outcome:?}"
    );

    sign_in("ingrid\nFjellvåk-81\n").failed(1, &["a verification code is needed", "third line"]);
    sign_in("ingrid\nFjellvåk-81\n654321\n").failed(1, &["wrong or too old"]);
    sign_in("rosa\nwrong\n").failed(1, &["the login or the password is wrong"]);
    sign_in("yaw\nanything\n").failed(1, &["e-mail only", "plex-auth login"]);
    sign_in("rosa\n\n").failed(64, &["the password is empty"]);
    sign_in("rosa").failed(64, &["standard input ended before the answer: Password"]);
    assert_eq!(harness.json(&["whoami", "--json"])["username"], "ingrid");
}

#[test]
fn everything_works_over_https_with_an_authority_of_ones_own() {
    let authority = Authority::new();
    let harness = Harness::https(&authority, authority.good());
    let mut login = Running::start(harness.command(&["login"]), "");
    harness.link(&login.code(), Who::PlexPass);
    assert_eq!(login.end().code, 0);
    assert_eq!(harness.run(&["check"]).code, 0);
    let servers = harness.json(&["servers", "--json"]);
    let answers =
        servers["servers"][0]["connections"].as_array().unwrap().iter().map(|way| &way["answers"]);
    assert_eq!(answers.collect::<Vec<_>>(), [&json!(true); 2]);

    let stranger = harness.with("PLEX_AUTH_CA_FILE", "nowhere.pem");
    let outcome = stranger.run(&["whoami"]);
    outcome.failed(74, &["cannot read"]);
}

#[test]
fn a_proxy_is_used_where_that_is_wanted_and_never_because_a_variable_names_one() {
    let account = r#"{"id":7,"uuid":"5e1f","username":"nilo","title":"nilo"}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{account}", account.len());
    let tunnel = b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec();
    let proxy = RawServer::start(vec![
        Step::Write(tunnel),
        Step::AwaitRequest,
        Step::Write(answer.into_bytes()),
    ]);
    let harness = Harness::new().with("HTTPS_PROXY", &proxy.url()).with("HTTP_PROXY", &proxy.url());
    harness.sign_in(Who::PlexPass);
    assert!(harness.done(&["whoami"]).contains("rosa"));
    assert_eq!(proxy.connections(), 0);

    assert!(harness.done(&["whoami", "--proxy-from-env"]).contains("nilo"));
    assert_eq!(proxy.connections(), 1);
    let harness =
        harness.with("PLEX_AUTH_PROXY_FROM_ENV", "1").with("ALL_PROXY", "socks5://rosa:pw@x");
    harness.run(&["whoami"]).failed(74, &["ALL_PROXY", "http:// URL"]);
}

#[test]
fn a_sign_in_is_remembered_with_the_place_that_it_is_from() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let asked = harness.fake(|fake| fake.seen("GET", "/user"));
    let mut command = harness.command(&["whoami"]);
    command.env_remove("PLEX_AUTH_PLEX_TV");
    let outcome = Running::start(command, "").end();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(harness.fake(|fake| fake.seen("GET", "/user")), asked + 1);
}
