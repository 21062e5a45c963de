//! Questions: at the terminal, secrets without echo; from a pipe a line each. Never from arguments.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::{interrupt, output};

/// Asks for something that may be seen.
pub(crate) fn line(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if is_interactive() {
        drop(write!(io::stderr(), "{prompt}: ").and_then(|()| io::stderr().flush()));
    }
    from_standard_input(prompt)
}

/// Asks for a secret.
pub(crate) fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !is_interactive() {
        return from_standard_input(prompt);
    }
    // Before the question stands there, so that nothing is seen of an answer that is typed at once.
    let _silence = silence::Silence::new();
    match rpassword::prompt_password(format!("{prompt}: ")) {
        Ok(answer) => Ok(Zeroizing::new(answer)),
        Err(error) if error.kind() == ErrorKind::Interrupted => interrupt::end(),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(ended(prompt)),
        Err(error) => Err(cannot_read(prompt, &error)),
    }
}

/// Asks for yes or no; an empty answer is yes. Where nobody can answer it is no.
pub(crate) fn agrees(question: &str) -> Result<bool, Failure> {
    if !is_interactive() {
        return Ok(false);
    }
    let answer = line(&format!("{question} [Y/n]"))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes"))
}

/// Whether somebody sits there.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// The longest line, in bytes: more than any token or password has.
const LONGEST: usize = 16 * 1024;

/// A line less its end. A password is taken as it is.
fn from_standard_input(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    // So long from the beginning that it never grows, which would leave a copy behind.
    let mut line = Zeroizing::new(String::with_capacity(LONGEST));
    let read = io::stdin().lock().take(LONGEST as u64).read_line(&mut line);
    if read.map_err(|error| cannot_read(prompt, &error))? == 0 {
        if is_interactive() {
            // The answer that did not come did not end the line either.
            output::note("");
        }
        return Err(ended(prompt));
    }
    if line.len() == LONGEST {
        return Err(Failure::usage(format!("the answer is too long: {prompt}"))
            .likely("Standard input is another file than was meant."));
    }
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn ended(prompt: &str) -> Failure {
    Failure::usage(format!("standard input ended before the answer: {prompt}"))
        .next("Give one line for each question, or run it at a terminal.")
}

fn cannot_read(prompt: &str, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::InvalidData {
        return Failure::usage(format!("the answer is not text in UTF-8: {prompt}"))
            .likely("Standard input is another file than was meant.");
    }
    Failure::machine(format!("no answer could be read ({prompt}): {error}"))
}

#[cfg(unix)]
mod silence {
    //! A terminal that shows nothing of what is typed, also where the program is interrupted meanwhile.

    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    use crate::interrupt::CleanupGuard;

    pub(super) struct Silence(Option<(Termios, CleanupGuard)>);

    impl Silence {
        pub(super) fn new() -> Self {
            let Ok(before) = tcgetattr(io::stdin()) else { return Self(None) };
            let at_an_interruption = before.clone();
            let cleanup = CleanupGuard::new(move || {
                restore(&at_an_interruption);
                crate::output::note("");
            });
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &silent);
            Self(Some((before, cleanup)))
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            if let Some((before, _)) = &self.0 {
                restore(before);
            }
        }
    }

    fn restore(before: &Termios) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}

#[cfg(not(unix))]
mod silence {
    //! Elsewhere the prompt's own silence does; a console is put right by the shell.

    pub(super) struct Silence;

    impl Silence {
        pub(super) fn new() -> Self {
            Self
        }
    }
}
