//! What is shown while a code waits to be typed: where, the code, a QR code where a terminal can show one, and how
//! long it is still good; as one JSON object to a program.

use std::env;
use std::io::{self, IsTerminal};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use plex_auth_ureq::PlexTv;
use plex_auth_ureq::pin::ShortPin;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::json;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt::CleanupGuard;
use crate::output::{self, date, note};
use crate::prompt;
use crate::session::Session;

/// How long creating a code is retried.
// A script may sign in at boot: the network can take longer than the 10 seconds that the flow retries by default.
pub(super) const CREATE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Shown until it is dropped.
pub(super) struct Waiting {
    spinner: ProgressBar,
    /// The code that was shown last.
    shown: Option<Zeroizing<String>>,
    as_json: bool,
    _cleanup: CleanupGuard,
}

impl Waiting {
    /// With a spinner where standard error is a terminal and nothing else is written there.
    pub(super) fn new(session: &Session<'_>) -> Self {
        let as_json = session.output.is_json();
        let spinner = if session.options.verbose || as_json || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner())
        };
        spinner.enable_steady_tick(TURN);
        let on_the_way_out = spinner.clone();
        Self {
            spinner,
            shown: None,
            as_json,
            _cleanup: CleanupGuard::new(move || on_the_way_out.finish_and_clear()),
        }
    }

    pub(super) fn say(&self, what: &'static str) {
        self.spinner.set_message(what);
    }

    /// Shows the code once, and from then on the time that it has left.
    pub(super) fn show(&mut self, pin: &ShortPin, plex_tv: &PlexTv, left: Duration) {
        let code = pin.pin().code.expose();
        if self.shown.as_ref().is_none_or(|shown| shown.as_str() != code) {
            let (page, filled_page) = (pin.link_page(plex_tv), pin.filled_link_page(plex_tv));
            if self.as_json {
                output::event(&json!({
                    "link": {
                        "page": page.as_str(), "code": code, "filled_page": filled_page.as_str(),
                        "good_for": left.as_secs(),
                    },
                }));
            } else {
                self.spinner.suspend(|| {
                    note(&format!("Open {page} and type the code {code}"));
                    if let Some(picture) = picture(filled_page.as_str()) {
                        note(&format!("or scan this:\n{}", *picture));
                    }
                });
            }
            self.shown = Some(Zeroizing::new(code.to_owned()));
        }
        let left = date::left(left.as_secs());
        self.spinner.set_message(format!("Waiting; the code is good for {left}"));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}

/// Whether to go on with another code, where one has expired.
pub(super) fn again(session: &Session<'_>, renew: bool) -> Result<bool, Failure> {
    if !session.output.is_json() {
        note("The code has expired.");
    }
    if renew { Ok(true) } else { prompt::agrees("Show another one?") }
}

/// A QR code, where standard error is a terminal that has room and characters for it.
fn picture(text: &str) -> Option<Zeroizing<String>> {
    let terminal = Term::stderr();
    if !terminal.is_term() || !has_blocks(&terminal) {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    // Two rows in a line; the quiet zone is four wide on each side.
    let width = code.width().saturating_add(8);
    let (rows, columns) = terminal.size();
    if usize::from(columns) < width || usize::from(rows) < width.div_ceil(2).saturating_add(3) {
        return None;
    }
    // Light on dark is how most terminals are, and black on white how cameras like it.
    let picture =
        code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Some(Zeroizing::new(picture))
}

/// Whether it has the characters that the picture is made of: as the locale says, where there is one.
fn has_blocks(terminal: &Term) -> bool {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = variables.filter_map(env::var_os).find(|value| !value.is_empty());
    let Some(locale) = locale else { return terminal.features().wants_emoji() };
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
        // With its quiet zone, in a terminal of 80 columns and 24 rows.
        let width = code.unwrap().width() + 8;
        assert!(width <= 80 && width.div_ceil(2) + 3 <= 24, "{width}");
    }
}
