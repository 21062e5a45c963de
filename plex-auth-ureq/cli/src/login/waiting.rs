//! The display while a code is waiting to be linked: the page, the code, a QR code, and the time
//! until the code expires. With `--json`, one object is printed for each code instead.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use plex_auth_ureq::flow::LoginPin;
use plex_auth_ureq::{Error, PlexTv};
use serde_json::json;
use zeroize::Zeroizing;

use super::{browser, qr_code};
use crate::cli::LoginMethod;
use crate::failure::Failure;
use crate::interrupt::CleanupGuard;
use crate::output::{self, date, note, plain};
use crate::prompt;
use crate::session::{Session, host};
use crate::waiting::{self, SlowNotice};

/// The interval between two frames of the spinner.
const TURN: Duration = Duration::from_millis(100);

/// The display, which is shown until this is dropped.
pub(super) struct Waiting<'a> {
    spinner: ProgressBar,
    /// The host that issues the codes, as shown in messages.
    host: String,
    method: &'a LoginMethod,
    /// The code that was shown last.
    shown: Option<Zeroizing<String>>,
    as_json: bool,
    /// Reports that the tool is waiting for a code, if there is no spinner to show that.
    notice: Option<SlowNotice>,
    /// Whether the current outage was reported. Without a spinner, each outage is reported only
    /// once.
    reports_outage: bool,
    _cleanup: CleanupGuard,
}

impl<'a> Waiting<'a> {
    /// Shows a spinner if standard error is a terminal to which nothing else is written.
    pub(super) fn new(session: &Session<'_>, plex_tv: &PlexTv, method: &'a LoginMethod) -> Self {
        let host = host(plex_tv);
        let as_json = session.output.is_json();
        let spinner = if session.options.verbose || as_json || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner().with_style(style())
        };
        spinner.enable_steady_tick(TURN);
        let awaited = format!("a {} from {host}", subject(method));
        let notice = spinner.is_hidden().then(|| SlowNotice::new(awaited));
        let at_exit = spinner.clone();
        Self {
            spinner,
            host,
            method,
            shown: None,
            as_json,
            notice,
            reports_outage: false,
            _cleanup: CleanupGuard::new(move || at_exit.finish_and_clear()),
        }
    }

    pub(super) fn say(&self, what: &'static str) {
        self.spinner.set_message(what);
    }

    /// Shows that the code has not arrived yet, and why.
    pub(super) fn creating(&self, error: Option<&Error>) {
        let message = format!("Getting a {} from Plex", subject(self.method));
        self.spinner.set_message(match error {
            Some(error) => format!("{message}. Last error: {}", plain(&format!("{error:#}"))),
            None => message,
        });
    }

    /// Shows the code once. From then on, shows the time until it expires and whether Plex
    /// responds.
    pub(super) fn show(
        &mut self,
        pin: &LoginPin,
        plex_tv: &PlexTv,
        left: Duration,
        error: Option<&Error>,
    ) {
        drop(self.notice.take());
        let code = pin.pin().code.expose();
        if self.shown.as_ref().is_none_or(|shown| shown.as_str() != code) {
            self.show_code(pin, plex_tv, left);
            self.shown = Some(Zeroizing::new(code.to_owned()));
        }
        let left = date::left(left.as_secs());
        let subject = subject(self.method);
        match error {
            None => {
                self.reports_outage = false;
                self.spinner.set_message(format!("Waiting; the {subject} expires in {left}"));
            }
            Some(error) => {
                let error = plain(&format!("{error:#}"));
                self.spinner
                    .set_message(format!("The {subject} expires in {left}. Last error: {error}"));
                if self.spinner.is_hidden() && !self.reports_outage {
                    waiting::report(&format!("{} (last error: {error})", self.host));
                }
                self.reports_outage = true;
            }
        }
    }

    fn show_code(&self, pin: &LoginPin, plex_tv: &PlexTv, left: Duration) {
        let code = pin.pin().code.expose();
        let hosted = pin.hosted_page(plex_tv).map(|page| Zeroizing::new(page.to_string()));
        let page = pin.link_page(plex_tv);
        let filled = pin.filled_link_page(plex_tv);
        if self.as_json {
            let hosted = hosted.as_ref().map(|page| page.as_str());
            output::event(&json!({
                "link": {
                    "page": page.as_ref().map(|page| page.as_str()).or(hosted), "code": code,
                    "filled_page": filled.as_ref().map(|page| page.as_str()).or(hosted),
                    "expires_in": left.as_secs(),
                },
            }));
        } else {
            self.spinner.suspend(|| {
                if let Some(page) = &hosted {
                    note(&format!("Sign in on this page: {}", page.as_str()));
                }
                if let Some(page) = &page {
                    note(&format!("Open {page} and enter the code {code}"));
                }
                let text = filled.as_ref().map(|page| page.as_str());
                let picture = text.and_then(|text| qr_code::picture(text, self.method));
                if let Some(picture) = picture {
                    note(&format!("or scan this code:\n{}", *picture));
                }
            });
        }
        if let Some(page) = hosted.filter(|page| !browser::open(page)) {
            drop(page);
            if !self.as_json {
                self.spinner.suspend(|| {
                    note("Could not open a browser here. Open the page on any device.");
                });
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::default_spinner();
    if qr_code::has_blocks() { style } else { style.tick_chars("|/-\\ ") }
}

/// Returns the term for what expires: the code or the page.
fn subject(method: &LoginMethod) -> &'static str {
    if method.open { "sign-in page" } else { "code" }
}

/// Returns whether to continue after a code or a page has expired.
pub(super) fn again(session: &Session<'_>, method: &LoginMethod) -> Result<bool, Failure> {
    if !session.output.is_json() {
        note(&format!("The {} has expired.", subject(method)));
    }
    let question = if method.open { "Open a new sign-in page?" } else { "Get a new code?" };
    if method.renew { Ok(true) } else { prompt::agrees(question) }
}
