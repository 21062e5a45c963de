//! Prompts: secrets are not echoed, and an interruption restores the terminal.

use plex_auth_fake::Who;

use crate::harness::Harness;
use crate::harness::terminal::Terminal;

#[test]
fn a_password_is_not_echoed() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Username or email: ");
    assert!(terminal.is_echoing());
    terminal.type_line("ingrid");
    let shown = terminal.expect_text("Password: ");
    assert!(shown.contains("ingrid"), "the username is not echoed: {shown:?}");
    assert!(!terminal.is_echoing());
    terminal.type_line("Fjellvåk-81");
    let shown = terminal.expect_text("Verification code: ");
    assert!(!shown.contains("Fjell") && terminal.is_echoing(), "{shown:?}");
    terminal.type_line("000000");
    terminal.expect_text("warning: the code is wrong or has expired");
    terminal.expect_text("Verification code: ");
    terminal.type_line("123456");
    assert!(terminal.wait_for_exit(0).contains("Signed in as ingrid."));
}

#[test]
fn prompts_are_json_lines_with_json() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--password", "--json"]);
    terminal.expect_text("{\"prompt\":\"Username or email\"}\r\n");
    terminal.type_line("ingrid");
    // This prompt is on the terminal, not on standard error.
    terminal.expect_text("Password: ");
    terminal.type_line("Fjellvåk-81");
    terminal.expect_text("{\"prompt\":\"Verification code\"}\r\n");
    terminal.type_line("000000");
    terminal.expect_text("{\"warning\":\"the code is wrong or has expired\"}\r\n");
    terminal.expect_text("{\"prompt\":\"Verification code\"}\r\n");
    terminal.type_line("123456");
    assert!(terminal.wait_for_exit(0).contains("\"username\":\"ingrid\""));
}

#[test]
fn a_token_and_a_home_pin_are_not_echoed() {
    let harness = Harness::new();
    let token = harness.token(Who::PlexPass);
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.expect_text("Token: ");
    assert!(!terminal.is_echoing());
    terminal.type_line(&token);
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("Signed in as rosa.") && !shown.contains(&token), "{shown:?}");

    let mut terminal = Terminal::start(&harness, &["switch", "rosa", "--into", "own"]);
    terminal.expect_text("Home PIN for rosa: ");
    assert!(!terminal.is_echoing());
    terminal.type_line("4711");
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("--profile own") && !shown.contains("4711"), "{shown:?}");
}

#[test]
fn an_interrupted_prompt_restores_the_terminal() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.expect_text("Token: ");
    terminal.0.send_control('d').unwrap();
    assert!(terminal.wait_for_exit(64).contains("standard input ended"));

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Username or email: ");
    terminal.0.send_control('d').unwrap();
    let shown = terminal.wait_for_exit(64);
    assert!(shown.starts_with("\r\n"), "the error does not start on a new line: {shown:?}");

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Username or email: ");
    terminal.0.send_control('c').unwrap();
    terminal.wait_for_exit(130);
    assert_eq!(harness.run(&["token"]).code, 3);
}

#[test]
fn a_new_code_is_offered_after_expiry() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let first = terminal.link_code();
    harness.expire_last_pin();
    terminal.expect_text("The code has expired.");
    terminal.expect_text("Get a new code? [Y/n]: ");
    terminal.type_line("");
    let second = terminal.link_code();
    assert_ne!(first, second);
    harness.expire_last_pin();
    terminal.expect_text("Get a new code? [Y/n]: ");
    terminal.type_line("n");
    assert!(terminal.wait_for_exit(1).contains("the login expired before it was completed"));
}

/// After a prompt has ended, the next output (the shell's prompt or an error) starts on a new line,
/// with no empty line before it.
#[test]
fn an_ended_prompt_leaves_one_line_break() {
    let prompts =
        [(&["login", "--password"][..], "Username or email: "), (&["login", "--token"], "Token: ")];
    for (arguments, prompt) in prompts {
        for (key, code) in [('c', 130), ('d', 64)] {
            let harness = Harness::new();
            let mut terminal = Terminal::start(&harness, arguments);
            terminal.expect_text(prompt);
            terminal.0.send_control(key).unwrap();
            let shown = terminal.wait_for_exit(code);
            let rest = shown.trim_start_matches("^C").strip_prefix("\r\n");
            let rest = rest.unwrap_or_else(|| panic!("{arguments:?} {key}: {shown:?}"));
            assert!(!rest.starts_with(['\r', '\n']), "{arguments:?} {key}: {shown:?}");
        }
    }
}
