//! A QR code in the terminal. It sets its own colors, so it is black on white on any background.

use std::env;

use anstyle::{Ansi256Color, Style};
use console::Term;
use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

use crate::cli::LoginMethod;

/// Black and white from the 256-color palette, because a terminal's theme may change the first 16
/// colors.
const BLACK: Ansi256Color = Ansi256Color(16);
const WHITE: Ansi256Color = Ansi256Color(231);

/// The width of the white border, in modules.
const QUIET_ZONE: usize = 4;

/// The number of lines shown above and below the QR code, in total.
const OTHER_LINES: usize = 3;

/// Returns the QR code for the given text. Returns `None` with `--no-qr`, if the terminal has no
/// colors, or if standard error is not a terminal with enough room. `--qr` skips the last check.
pub(super) fn picture(text: &str, method: &LoginMethod) -> Option<Zeroizing<String>> {
    let terminal = Term::stderr();
    if method.no_qr || !has_colors() || !(method.qr || terminal.is_term()) {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width().saturating_add(2 * QUIET_ZONE);
    let is_dense = has_blocks();
    // The size in characters. A block character shows two modules, one above the other. Without
    // blocks, a module is two characters wide.
    let (columns, lines) =
        if is_dense { (width, width.div_ceil(2)) } else { (width.saturating_mul(2), width) };
    let (rows, room) = terminal.size();
    let fits =
        columns <= usize::from(room) && lines.saturating_add(OTHER_LINES) <= usize::from(rows);
    if !fits && !method.qr {
        return None;
    }
    Some(Zeroizing::new(if is_dense { dense(&code) } else { ascii(&code) }))
}

/// Draws two rows of modules in one line of text.
fn dense(code: &QrCode) -> String {
    let style = BLACK.on(WHITE);
    let picture = code.render::<Dense1x2>().build();
    picture.lines().map(|line| colored(style, line)).collect::<Vec<_>>().join("\n")
}

/// Draws each module as two spaces.
fn ascii(code: &QrCode) -> String {
    let width = code.width();
    let colors = code.to_colors();
    let border = [Color::Light; QUIET_ZONE];
    let blank = vec![Color::Light; width.saturating_add(2 * QUIET_ZONE)];
    let mut rows = vec![blank.clone(); QUIET_ZONE];
    for row in colors.chunks(width) {
        rows.push([&border[..], row, &border[..]].concat());
    }
    rows.extend(vec![blank; QUIET_ZONE]);
    let lines = rows.iter().map(|row| {
        let runs = row.chunk_by(|one, other| one == other);
        runs.map(|run| {
            let color = if run.first() == Some(&Color::Dark) { BLACK } else { WHITE };
            colored(Style::new().bg_color(Some(color.into())), &"  ".repeat(run.len()))
        })
        .collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn colored(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

fn has_colors() -> bool {
    env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Returns whether the terminal can show more than ASCII, according to the locale. If no locale is
/// set, as in `docker exec`, assumes that it can, because it is probably a desktop terminal.
pub(super) fn has_blocks() -> bool {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = variables.filter_map(env::var_os).find(|value| !value.is_empty());
    let Some(locale) = locale else { return true };
    let locale = locale.to_string_lossy().to_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_qr_code_fits_80_by_24() {
        let code = qrcode::QrCode::with_error_correction_level(
            "https://plex.tv/link/?pin=G7KX",
            qrcode::EcLevel::L,
        );
        let width = code.unwrap().width() + 2 * super::QUIET_ZONE;
        assert!(width <= 80 && width.div_ceil(2) + super::OTHER_LINES <= 24, "{width}");
    }
}
