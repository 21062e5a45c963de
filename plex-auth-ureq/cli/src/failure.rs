//! What ends the program other than well: its class, which is the exit code, and at most three lines for a person.

use std::process::ExitCode;

/// How the program ends. The numbers are promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done,
    /// Plex said no: the password is wrong, the token is no longer valid, nobody linked the code in time.
    Refused,
    /// It is not known: no answer, a rate limit, an outage, a page that is not Plex's.
    Unknown,
    /// The program was called wrongly, or before there was a sign-in.
    Usage,
    /// Something on this machine: disk, permissions, a damaged file.
    Machine,
}

impl Exit {
    /// The number. 130, for an interruption, is that of [`crate::interrupt`].
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Unknown => 2,
            Self::Usage => 64,
            Self::Machine => 74,
        }
    }

    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Usage => "usage",
            Self::Machine => "machine",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// An error as it is shown to the user: what happened, the likely cause, and what to do next, one line each.
///
/// None of the three holds a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    pub(crate) what: String,
    pub(crate) likely: Option<String>,
    pub(crate) next: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl ToString) -> Self {
        Self { exit, what: what.to_string(), likely: None, next: None }
    }

    /// Wrong usage.
    pub(crate) fn usage(what: impl ToString) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Something on this machine.
    pub(crate) fn machine(what: impl ToString) -> Self {
        Self::new(Exit::Machine, what)
    }

    pub(crate) fn likely(mut self, likely: impl ToString) -> Self {
        self.likely = Some(likely.to_string());
        self
    }

    pub(crate) fn next(mut self, next: impl ToString) -> Self {
        self.next = Some(next.to_string());
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The lines that there are, each with its label.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { exit: _, what, likely, next } = self;
        let lines = [("error", Some(what)), ("likely", likely.as_ref()), ("next", next.as_ref())];
        lines.into_iter().filter_map(|(label, line)| Some((label, line?.as_str())))
    }
}
