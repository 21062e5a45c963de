//! Prints the result on standard output, as text or as one JSON object, and everything else on
//! standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::cli::Options;
use crate::failure::{Exit, Failure};
use crate::hint::Context;

pub(crate) mod characters;
pub(crate) mod date;

pub(crate) use characters::plain;

/// Whether lines on standard error are JSON. Set once, before any other thread starts.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// Whether `--quiet` is set. Set once, before any other thread starts.
static QUIET: AtomicBool = AtomicBool::new(false);

/// The options for printing a result.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    show_secrets: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        AS_JSON.store(options.json, Ordering::Relaxed);
        QUIET.store(options.quiet, Ordering::Relaxed);
        Self { json: options.json, show_secrets: options.show_secrets, quiet: options.quiet }
    }

    /// Prints the result of a command, as text or as JSON.
    pub(crate) fn result(&self, text: &str, json: &Value) -> Result<(), Failure> {
        if self.json { print(&format!("{}\n", characters::escaped(json))) } else { print(text) }
    }

    /// Prints that a command succeeded, unless `--quiet` is set. JSON is always printed, because
    /// the user asked for it.
    pub(crate) fn confirmation(&self, text: &str, json: &Value) -> Result<(), Failure> {
        if self.quiet && !self.json { Ok(()) } else { self.result(text, json) }
    }

    /// Returns a secret for the JSON output, or null if `--show-secrets` is not set.
    pub(crate) fn secret(&self, secret: &str) -> Value {
        if self.show_secrets { secret.into() } else { Value::Null }
    }

    /// Returns a usage error if the user asked for a secret that would be left out of the JSON.
    pub(crate) fn check_secret(&self, what: &str) -> Result<(), Failure> {
        if !self.json || self.show_secrets {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{what} is left out of JSON output by default because it is a secret"
        ))
        .likely("--json or PLEX_AUTH_JSON is set, and JSON often ends up in a log.")
        .next("Add --show-secrets, or turn off JSON output."))
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }
}

/// Returns whether lines on standard error are JSON.
pub(crate) fn is_json() -> bool {
    AS_JSON.load(Ordering::Relaxed)
}

/// Returns whether `--quiet` is set.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints an error on standard error: as JSON, or as labeled lines, with colored labels on a
/// terminal. Prints nothing if the reader of standard output has closed the pipe.
pub(crate) fn failure(failure: &Failure, context: &Context, as_json: bool) {
    if failure.exit() == Exit::ClosedPipe {
        return;
    }
    if as_json {
        let exit = failure.exit();
        return event(&json!({
            "error": {
                "class": exit.name(), "exit_code": exit.code(), "what": failure.what(),
                "likely": failure.cause(), "next": failure.advice(context),
            },
        }));
    }
    let mut stderr = anstream::stderr().lock();
    for (label, line) in failure.lines_for(context) {
        let style = match label {
            "error" => AnsiColor::Red.on_default().bold(),
            _ => Style::new().bold(),
        };
        // If standard error is closed, there is nowhere to report that.
        drop(writeln!(stderr, "{style}{label}:{style:#} {}", plain(&line)));
    }
}

/// Prints a warning on standard error.
pub(crate) fn warning(text: &str) {
    if is_json() {
        event(&json!({ "warning": text }));
    } else {
        note(&format!("warning: {}", plain(text)));
    }
}

/// Prints one JSON object as a line on standard error.
pub(crate) fn event(json: &Value) {
    note(&characters::escaped(json));
}

/// Prints a line on standard error.
pub(crate) fn note(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Prints a result, and returns an error if it cannot be written completely.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| not_written(&error))
}

pub(crate) fn not_written(error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        return Failure::new(Exit::ClosedPipe, error);
    }
    Failure::machine(format!("the result could not be written: {error}"))
        .likely("The disk is full, or the terminal was closed.")
        .next("Free up some space, or write the output elsewhere, then try again.")
}

/// Returns lines of labels and values, with the values aligned.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 2;
    rows.iter().map(|(label, value)| format!("{label:width$}{value}\n")).collect()
}

/// Returns whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}
