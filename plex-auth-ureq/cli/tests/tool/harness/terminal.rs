//! Runs the tool in a pseudo-terminal.

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use rustix::termios::{LocalModes, tcgetattr};

use super::{Harness, PROGRAM};

/// Upper bound on each wait, in milliseconds.
pub(crate) const LIMIT: u64 = 60_000;

/// Runs the program once and records its process ID in a file, then prints the program's exit
/// status and the terminal's settings.
const SHELL: &str = "trap : INT TERM; stty echo $SIZE; \
    sh -c 'echo $$ >number; exec \"$@\"' sh \"$@\"; \
    printf 'code %s\\n' $?; stty -a; printf 'end\\n'";

/// A run in a pseudo-terminal.
pub(crate) struct Terminal(pub(crate) PtySession);

impl Terminal {
    pub(crate) fn start(harness: &Harness, arguments: &[&str]) -> Self {
        Self::with_size(harness, "rows 50 cols 100", arguments)
    }

    pub(crate) fn with_size(harness: &Harness, size: &str, arguments: &[&str]) -> Self {
        let mut all = vec!["-c", SHELL, "sh", PROGRAM];
        all.extend(arguments);
        let mut command = harness.command_for("sh", &all);
        command.env("SIZE", size);
        Self(spawn_command(command, Some(LIMIT)).unwrap())
    }

    /// Waits until this text is shown, and returns the output before it.
    pub(crate) fn expect_text(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|error| panic!("{text:?} is not shown: {error}"))
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Returns whether the terminal echoes input, according to its settings.
    pub(crate) fn is_echoing(&self) -> bool {
        let terminal = self.0.process().get_file_handle().unwrap();
        tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until the tool prints the code to link, and returns the code.
    pub(crate) fn link_code(&mut self) -> String {
        self.expect_text(" the code ");
        self.expect_text("\r\n")
    }

    /// Asserts the exit status and that the terminal is restored, and returns the remaining output.
    pub(crate) fn wait_for_exit(mut self, code: i32) -> String {
        let shown = self.expect_text(&format!("code {code}\r\n"));
        let settings = self.expect_text("end\r\n");
        let settings: Vec<_> = settings.split([' ', ';', '\r', '\n']).collect();
        for setting in ["echo", "icanon", "isig", "icrnl", "opost"] {
            assert!(settings.contains(&setting), "{setting}: {settings:?}");
        }
        assert!(matches!(self.0.process().wait(), Ok(WaitStatus::Exited(_, 0))));
        shown
    }
}
