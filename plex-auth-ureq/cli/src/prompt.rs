//! Prompts for input. The answers are read from the terminal, or from a pipe with one line per
//! answer. Secrets are not echoed.

#[cfg(unix)]
use std::fs::OpenOptions;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};

#[cfg(unix)]
use rpassword::ConfigBuilder;
use serde_json::json;
use zeroize::Zeroizing;

use crate::failure::Failure;
#[cfg(unix)]
use crate::interrupt::CleanupGuard;
#[cfg(unix)]
use crate::terminal;
use crate::{interrupt, output};

/// Asks for input that is not secret.
pub(crate) fn line(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !is_interactive() {
        return from_standard_input(prompt);
    }
    if output::is_json() {
        output::event(&json!({ "prompt": prompt }));
        return from_standard_input(prompt);
    }
    drop(write!(io::stderr(), "{prompt}: ").and_then(|()| io::stderr().flush()));
    #[cfg(unix)]
    let _new_line = CleanupGuard::new(|| output::note(""));
    from_standard_input(prompt)
}

/// Asks for a secret.
pub(crate) fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !is_interactive() {
        return from_standard_input(prompt);
    }
    match from_terminal(prompt) {
        Ok(answer) => Ok(Zeroizing::new(answer)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(ended(prompt)),
        Err(error) => Err(cannot_read(prompt, &error)),
    }
}

/// Reads a line from the terminal without echoing it.
#[cfg(unix)]
fn from_terminal(prompt: &str) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let at_interruption = terminal.try_clone()?;
    let new_line = CleanupGuard::new(move || drop((&at_interruption).write_all(b"\n")));
    // Before the prompt is shown, so that an answer typed immediately is hidden, too.
    let _hidden = terminal::Hidden::new(&terminal)?;
    terminal.write_all(format!("{prompt}: ").as_bytes())?;
    // Passed as a reader: if rpassword opened the terminal itself, it would change the settings
    // without our lock.
    let config = ConfigBuilder::new().input_reader(terminal.try_clone()?).output_discard().build();
    let answer = rpassword::read_password_with_config(config);
    end_if_interrupted(&answer);
    drop(new_line);
    drop(terminal.write_all(b"\n"));
    answer
}

/// Reads a line from the console without echoing it.
#[cfg(not(unix))]
fn from_terminal(prompt: &str) -> io::Result<String> {
    let answer = rpassword::prompt_password(format!("{prompt}: "));
    end_if_interrupted(&answer);
    answer
}

/// Ends the tool if the user pressed Ctrl-C. rpassword reads it as a key, raises the signal itself,
/// and may report the key before or after the signal arrives.
fn end_if_interrupted(answer: &io::Result<String>) {
    if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {
        interrupt::end(interrupt::CTRL_C);
    }
}

/// Asks a yes-or-no question. An empty answer means yes. Without a terminal, the answer is no.
pub(crate) fn agrees(question: &str) -> Result<bool, Failure> {
    Ok(is_interactive() && is_yes(&line(&format!("{question} [Y/n]"))?, true))
}

/// Asks a yes-or-no question before a destructive action. An empty answer means no. Without a
/// terminal, the answer is no.
pub(crate) fn confirms(question: &str) -> Result<bool, Failure> {
    Ok(is_interactive() && is_yes(&line(&format!("{question} [y/N]"))?, false))
}

fn is_yes(answer: &str, empty: bool) -> bool {
    match answer.trim().to_ascii_lowercase().as_str() {
        "" => empty,
        answer => matches!(answer, "y" | "yes"),
    }
}

/// Returns whether standard input is a terminal.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// The size limit for a line, in bytes. Every token and password is shorter.
const LONGEST: usize = 16 * 1024;

/// Reads a line and removes the line break at its end. Spaces are kept, because a password may
/// contain them.
fn from_standard_input(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    // Large enough that the string never grows: growing would leave a copy of a secret behind.
    let mut line = Zeroizing::new(String::with_capacity(LONGEST));
    let read = io::stdin().lock().take(LONGEST as u64).read_line(&mut line);
    if read.map_err(|error| cannot_read(prompt, &error))? == 0 {
        if is_interactive() && !output::is_json() {
            output::note("");
        }
        return Err(ended(prompt));
    }
    if line.len() == LONGEST {
        return Err(Failure::usage(format!("the answer to \"{prompt}\" is too long"))
            .likely("The wrong file was redirected to standard input.")
            .next("Pass one line for each prompt."));
    }
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn ended(prompt: &str) -> Failure {
    Failure::usage(format!("standard input ended at the prompt: {prompt}"))
        .likely("The input has too few lines, or it was ended with Ctrl-D.")
        .next("Pass one line for each prompt, or run the command in a terminal.")
}

fn cannot_read(prompt: &str, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::InvalidData {
        return Failure::usage(format!("the answer to \"{prompt}\" is not UTF-8 text"))
            .likely("The wrong file was redirected to standard input.")
            .next("Pass one line of UTF-8 text for each prompt.");
    }
    Failure::machine(format!("the answer to \"{prompt}\" could not be read: {error}"))
        .likely("The terminal was closed, or standard input is not a readable file.")
        .next("Run the command in a terminal, or pass one line for each prompt.")
}
