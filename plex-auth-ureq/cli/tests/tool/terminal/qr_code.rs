//! The QR code for the link page, and the countdown below it.

use plex_auth_fake::Who;

use crate::harness::Harness;
use crate::harness::terminal::Terminal;

#[test]
fn a_qr_code_and_a_countdown_are_shown() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let code = terminal.link_code();
    terminal.expect_text("or scan this code:");
    let qr_code = terminal.expect_text("Waiting; the code expires");
    assert_eq!(decode(&qr_code), format!("{}/link/?pin={code}", harness.server.url()));
    // The time counts down.
    let mut left = || {
        terminal.expect_text("in ");
        terminal.expect_text("\u{1b}").split_whitespace().next().map(str::to_owned)
    };
    let first = left();
    while left() == first {}
    harness.link(&code, Who::PlexPass);
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("Signed in as rosa."), "{shown:?}");
}

/// Decodes the QR code as a camera would read it from the screen. Each cell sets its own colors, so
/// the terminal's background does not matter.
fn decode(output: &str) -> String {
    // rexpect returns each byte as a character.
    let bytes: Vec<_> = output.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    let output = String::from_utf8(bytes).unwrap();
    let mut rows = Vec::new();
    for line in output.lines().filter(|line| line.contains("\u{1b}[48;5;")) {
        let (upper, lower) = brightness_of(line);
        rows.push(upper);
        // Without blocks, a module is two characters wide, and a line is one row.
        rows.extend(output.contains(['▀', '▄', '█']).then_some(lower));
    }
    if rows[0].len() > rows.len() + 1 {
        rows.iter_mut().for_each(|row| *row = row.iter().copied().step_by(2).collect());
    }
    let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
    let brightness = |x: usize, y: usize| rows[y / SCALE].get(x / SCALE).copied().unwrap_or(255);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, brightness);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "{output}");
    grids[0].decode().unwrap().1
}

/// Returns the brightness of the upper half and the lower half of each character in a line.
fn brightness_of(line: &str) -> (Vec<u8>, Vec<u8>) {
    let level = |color: &str| match color {
        "16" => 0,
        "231" => 255,
        _ => panic!("not pure black or white: {color}"),
    };
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    let (mut foreground, mut background) = (None, None);
    let mut rest = line.trim_end_matches('\r');
    while let Some(character) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let (sequence, after) = sequence.split_once('m').unwrap();
            match sequence.rsplit_once(';') {
                Some(("38;5", color)) => foreground = Some(level(color)),
                Some(("48;5", color)) => background = Some(level(color)),
                _ => (foreground, background) = (None, None),
            }
            rest = after;
            continue;
        }
        let (up, down) = match character {
            '▀' => (foreground, background),
            '▄' => (background, foreground),
            '█' => (foreground, foreground),
            ' ' => (background, background),
            other => panic!("{other:?} in {line:?}"),
        };
        upper.push(up.unwrap());
        lower.push(down.unwrap());
        rest = &rest[character.len_utf8()..];
    }
    (upper, lower)
}

/// Pixels per module of the QR code.
const SCALE: usize = 4;

#[test]
fn a_qr_code_suits_the_terminal() {
    const ROOM: &str = "rows 50 cols 100";
    const AUTOMATIC: &str = "--renew";
    // All runs start together, because each one takes a while.
    let runs = [
        ("rows 10 cols 100", "TERM", "xterm", AUTOMATIC, None),
        ("rows 50 cols 30", "TERM", "xterm", AUTOMATIC, None),
        ("rows 30 cols 100", "LANG", "C", AUTOMATIC, None),
        ("rows 30 cols 100", "LANG", "C", "--qr", Some(false)),
        (ROOM, "TERM", "dumb", AUTOMATIC, None),
        (ROOM, "LANG", "C.UTF-8", "--no-qr", None),
        (ROOM, "LANG", "C", AUTOMATIC, Some(false)),
        (ROOM, "LC_ALL", "C", AUTOMATIC, Some(false)),
        (ROOM, "LANG", "", AUTOMATIC, Some(true)),
        (ROOM, "LC_ALL", "de_DE.UTF-8", AUTOMATIC, Some(true)),
        (ROOM, "LANG", "de_DE.utf8", AUTOMATIC, Some(true)),
    ]
    .map(|(size, variable, value, option, has_blocks)| {
        let harness = Harness::new().with_variable(variable, value);
        let terminal = Terminal::with_size(&harness, size, &["login", option]);
        (format!("{size} {variable}={value} {option}"), harness, terminal, has_blocks)
    });
    for (setting, harness, mut terminal, has_blocks) in runs {
        let code = terminal.link_code();
        // A terminal that understands no control sequences has no countdown.
        let is_dumb = setting.contains("dumb");
        let output = if is_dumb { String::new() } else { terminal.expect_text("expires in ") };
        let shown = output.split_once("or scan this code:");
        assert_eq!(shown.is_some(), has_blocks.is_some(), "{setting}: {output}");
        if let Some((_, picture)) = shown {
            assert_eq!(decode(picture), format!("{}/link/?pin={code}", harness.server.url()));
            assert_eq!(!picture.is_ascii(), has_blocks.unwrap(), "{setting}");
        }
        terminal.0.send_control('c').unwrap();
        assert!(!terminal.wait_for_exit(130).contains("scan this"), "{setting}");
    }
}
