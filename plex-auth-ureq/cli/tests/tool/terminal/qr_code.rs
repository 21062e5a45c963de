//! The QR code of the link page, and the countdown below it.

use plex_auth_fake::Who;

use crate::harness::Harness;
use crate::harness::terminal::Terminal;

#[test]
fn a_qr_code_and_a_countdown_are_shown() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let code = terminal.link_code();
    terminal.expect_text("or scan this:");
    let qr_code = terminal.expect_text("Waiting; the code is ");
    assert_eq!(decode(&qr_code), format!("{}/link/?pin={code}", harness.server.url()));
    // The time counts down.
    let mut left = || {
        terminal.expect_text("good for ");
        terminal.expect_text("\u{1b}").split_whitespace().next().map(str::to_owned)
    };
    let first = left();
    while left() == first {}
    harness.link(&code, Who::PlexPass);
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("Signed in as rosa."), "{shown:?}");
}

/// Decodes the QR code as a camera reads it from the screen, which is light on dark.
fn decode(output: &str) -> String {
    // rexpect returns each byte as a character.
    let bytes: Vec<_> = output.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    let output = String::from_utf8(bytes).unwrap();
    let is_row =
        |line: &&str| line.chars().count() > 20 && line.chars().all(|c| "▀▄█ ".contains(c));
    let mut rows = Vec::new();
    for line in output.lines().filter(is_row) {
        let lit = |blocks: &str| line.chars().map(|c| blocks.contains(c)).collect::<Vec<_>>();
        rows.push(lit("▀█"));
        rows.push(lit("▄█"));
    }
    let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
    let brightness = |x: usize, y: usize| {
        let lit = rows[y / SCALE].get(x / SCALE).copied().unwrap_or_default();
        if lit { 255 } else { 0 }
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, brightness);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "{output}");
    grids[0].decode().unwrap().1
}

/// Pixels per module of the QR code.
const SCALE: usize = 4;

#[test]
fn a_qr_code_needs_room_and_utf_8() {
    const ROOM: &str = "rows 50 cols 100";
    // Started together, because each of them takes its time.
    let runs = [
        ("rows 10 cols 100", "TERM", "xterm", false),
        ("rows 50 cols 30", "TERM", "xterm", false),
        (ROOM, "LANG", "C", false),
        (ROOM, "LC_ALL", "C", false),
        (ROOM, "LC_ALL", "de_DE.UTF-8", true),
        (ROOM, "LC_CTYPE", "UTF-8", true),
        (ROOM, "LANG", "de_DE.utf8", true),
    ]
    .map(|(size, variable, value, is_shown)| {
        let harness = Harness::new();
        let harness = if is_shown { harness.with_variable("LANG", "") } else { harness };
        let harness = harness.with_variable(variable, value);
        let terminal = Terminal::with_size(&harness, size, &["login"]);
        (format!("{size} {variable}={value}"), harness, terminal, is_shown)
    });
    for (setting, _harness, mut terminal, is_shown) in runs {
        let output = terminal.expect_text("good for ");
        assert_eq!(output.contains("or scan this:"), is_shown, "{setting}: {output}");
        terminal.0.send_control('c').unwrap();
        terminal.wait_for_exit(130);
    }
}
