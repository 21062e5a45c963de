//! What is printed: the result on standard output, as text or as one JSON object, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::cli::Options;
use crate::failure::Failure;

pub(crate) mod date;

/// How results are printed.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    show_secrets: bool,
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        Self { json: options.json, show_secrets: options.show_secrets }
    }

    /// Prints what a command is for: the one or the other.
    pub(crate) fn result(&self, text: &str, json: &Value) -> Result<(), Failure> {
        if self.json { print(&format!("{}\n", escaped(json))) } else { print(text) }
    }

    /// A secret as it stands in JSON: null unless secrets are to be shown.
    pub(crate) fn secret(&self, secret: &str) -> Value {
        if self.show_secrets { secret.into() } else { Value::Null }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn shows_secrets(&self) -> bool {
        self.show_secrets
    }

    /// Says why it ended, on standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        self::failure(failure, self.json);
    }
}

/// A failure on standard error: as JSON, or as its lines, the labels in colour where that is wanted.
pub(crate) fn failure(failure: &Failure, as_json: bool) {
    if as_json {
        let Failure { what, likely, next, .. } = failure;
        let exit = failure.exit();
        return event(&json!({
            "error": {
                "class": exit.name(), "exit_code": exit.code(), "what": what, "likely": likely,
                "next": next,
            },
        }));
    }
    let mut stderr = anstream::stderr().lock();
    for (label, line) in failure.lines() {
        let style = match label {
            "error" => AnsiColor::Red.on_default().bold(),
            _ => Style::new().bold(),
        };
        // Where nobody can read it, nothing can be said about that either.
        drop(writeln!(stderr, "{style}{label}:{style:#} {}", plain(line)));
    }
}

/// Says something beside the result to a program, on standard error: an object, a line.
pub(crate) fn event(json: &Value) {
    note(&escaped(json));
}

/// Says something beside the result, on standard error.
pub(crate) fn note(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Prints a result, all of it or an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| not_written(&error))
}

pub(crate) fn not_written(error: &io::Error) -> Failure {
    Failure::machine(format!("the result could not be written: {error}"))
        .likely("The disk is full, or what was to read it has ended.")
}

/// JSON whose strings have no character as it is that [`plain`] would replace: serde_json escapes the oldest alone.
fn escaped(json: &Value) -> String {
    let mut text = String::new();
    for character in json.to_string().chars() {
        if is_shown(character) {
            text.push(character);
        } else {
            // Each of them is a single unit of UTF-16.
            text += &format!("\\u{:04x}", u32::from(character));
        }
    }
    text
}

/// A text of somebody else's as it can be shown: without what a terminal would take for orders.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if is_shown(character) { character } else { '\u{fffd}' }).collect()
}

/// Excludes control characters, line separators, and characters that change the direction of writing.
fn is_shown(character: char) -> bool {
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !character.is_control() && !breaks && !turns
}

/// Lines of labels and values, the values below each other.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 2;
    rows.iter().map(|(label, value)| format!("{label:width$}{value}\n")).collect()
}

/// Whether somebody looks at the result on a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(
            super::plain("At\u{1b}[2Jtic\r\n\u{202e}d'été"),
            "At\u{fffd}[2Jtic\u{fffd}\u{fffd}\u{fffd}d'été"
        );
        for character in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'] {
            assert_eq!(super::plain(&format!("a{character}b")), "a\u{fffd}b");
        }
    }
}
