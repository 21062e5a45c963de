//! Errors that end the tool. Each has an exit status and at most three lines for the user.

use std::process::ExitCode;

use crate::hint::{Context, Hint};

/// The tool's exit statuses. The numbers are part of its interface.
///
/// If a signal ends the tool, the status is 128 plus the signal's number (see
/// [`crate::interrupt`]). `run` exits with the status of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command succeeded.
    Done,
    /// Plex or a media server refused: for example, the password is wrong, the token is no longer
    /// valid, or the code was not linked in time.
    Refused,
    /// The outcome is unknown: no response, a rate limit, an outage, or a response that is not from
    /// Plex.
    Unknown,
    /// The profile is not signed in.
    NotSignedIn,
    /// A usage error.
    Usage,
    /// A local problem: the disk, permissions, a damaged file.
    Machine,
    /// `run` found the command but could not start it. Shells use the same status.
    CannotRun,
    /// `run` did not find the command. Shells use the same status.
    NoSuchCommand,
    /// The reader of standard output has closed the pipe. Shells report the same status for a
    /// program killed by SIGPIPE.
    ClosedPipe,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Unknown => 2,
            Self::NotSignedIn => 3,
            Self::Usage => 64,
            Self::Machine => 74,
            Self::CannotRun => 126,
            Self::NoSuchCommand => 127,
            Self::ClosedPipe => 141,
        }
    }

    /// Returns the name that the JSON output uses for this kind of result.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::NotSignedIn => "not_signed_in",
            Self::Usage => "usage",
            Self::Machine | Self::CannotRun | Self::NoSuchCommand | Self::ClosedPipe => "machine",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// An error as shown to the user: what failed, the likely cause, and what to do, one line each.
///
/// The lines contain no secrets.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    likely: Option<String>,
    next: Option<Hint>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl ToString) -> Self {
        Self { exit, what: what.to_string(), likely: None, next: None }
    }

    /// Creates a usage error.
    pub(crate) fn usage(what: impl ToString) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Creates an error for a local problem.
    pub(crate) fn machine(what: impl ToString) -> Self {
        Self::new(Exit::Machine, what)
    }

    /// Creates an error that only a bug in the tool or a lack of system resources can explain.
    pub(crate) fn internal(what: impl ToString) -> Self {
        Self::machine(what)
            .likely("This is a bug in plex-auth, or the system is out of resources.")
            .next("Try again. If the error persists, report it and include these lines.")
    }

    pub(crate) fn likely(mut self, likely: impl ToString) -> Self {
        self.likely = Some(likely.to_string());
        self
    }

    pub(crate) fn next(mut self, next: impl Into<Hint>) -> Self {
        self.next = Some(next.into());
        self
    }

    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Returns the likely cause.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.likely.as_deref()
    }

    /// Returns the advice on what to do. The commands in it include the options of this run.
    pub(crate) fn advice(&self, context: &Context) -> Option<String> {
        self.next.as_ref().map(|next| next.render(context))
    }

    /// Returns the lines, each with its label.
    pub(crate) fn lines_for(
        &self,
        context: &Context,
    ) -> impl Iterator<Item = (&'static str, String)> {
        let lines = [
            ("error", Some(self.what.clone())),
            ("likely", self.likely.clone()),
            ("next", self.advice(context)),
        ];
        lines.into_iter().filter_map(|(label, line)| Some((label, line?)))
    }
}
