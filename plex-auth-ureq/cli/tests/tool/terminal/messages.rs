//! Output that differs in a terminal.

use plex_auth_fake::{Misbehavior, Who};

use crate::harness::Harness;
use crate::harness::terminal::Terminal;

#[test]
fn token_needs_show_at_a_terminal() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    let shown = Terminal::start(&harness, &["token"]).wait_for_exit(64);
    assert!(!shown.contains(&token) && shown.contains("--show"), "{shown:?}");
    let shown = Terminal::start(&harness, &["token", "--show"]).wait_for_exit(0);
    assert!(shown.contains(&token), "{shown:?}");
}

#[test]
fn errors_are_colored_unless_no_color_is_set() {
    let harness = Harness::new();
    let shown = Terminal::start(&harness, &["whoami"]).wait_for_exit(3);
    assert!(shown.contains("\u{1b}[") && shown.contains("not signed in"), "{shown:?}");
    let harness = harness.with_variable("NO_COLOR", "1");
    let shown = Terminal::start(&harness, &["whoami"]).wait_for_exit(3);
    assert!(!shown.contains('\u{1b}') && shown.contains("error: not signed in"), "{shown:?}");
}

#[test]
fn a_slow_check_reports_why() {
    let harness = Harness::signed_in(Who::PlexPass);
    harness.fake(|fake| {
        let busy = Misbehavior::answer(502, "text/html", "busy");
        fake.misbehave("/user", busy.times(1));
    });
    let shown = Terminal::start(&harness, &["check"]).wait_for_exit(0);
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].contains("the server failed") && lines[0].contains("; trying again in "));
    assert!(lines[0].ends_with(" seconds") || lines[0].ends_with(" 1 second"), "{lines:?}");
    assert_eq!(lines[1..], ["The token is valid. It belongs to rosa."], "{lines:?}");
}

#[test]
fn a_dumb_terminal_gets_no_escape_sequence() {
    for arguments in [&["login"][..], &["login", "--qr"], &["whoami"], &["nonsense"], &["--help"]] {
        let harness = Harness::new().with_variable("TERM", "dumb");
        let mut terminal = Terminal::start(&harness, arguments);
        let code = match arguments[0] {
            "login" => {
                let before = terminal.expect_text(" the code ");
                assert!(!before.contains('\u{1b}'), "{arguments:?}: {before:?}");
                let code = terminal.expect_text("\r\n");
                harness.link(&code, Who::PlexPass);
                0
            }
            "whoami" => 3,
            "nonsense" => 64,
            _ => 0,
        };
        let shown = terminal.wait_for_exit(code);
        assert!(!shown.contains('\u{1b}'), "{arguments:?}: {shown:?}");
    }
}
