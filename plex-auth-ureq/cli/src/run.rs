//! `plex-auth run`: runs a command with the account's token, or a server's token and address, in
//! its environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::server::{self, Reached};
use crate::session::Session;

const TOKEN: &str = "PLEX_TOKEN";
const URL: &str = "PLEX_URL";

pub(crate) fn run(
    session: &Session<'_>,
    server: Option<&str>,
    command: &[OsString],
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::internal("no command was given"))?;
    if program.is_empty() {
        return Err(Failure::usage("the command after `--` is empty")
            .likely("A variable in a script is not set.")
            .next("Write the command after `--`: plex-auth run -- COMMAND"));
    }
    let mut process = Command::new(program);
    process.args(arguments).env_remove(URL);
    match server {
        Some(named) => {
            let Reached { server, .. } = server::reach(session, named, plain_http)?;
            process.env(TOKEN, server.token().expose()).env(URL, server.url().to_string());
        }
        None => {
            process.env(TOKEN, session.signed_in()?.token.expose());
        }
    }
    let error = start(&mut process)?;
    let name = plain(&program.to_string_lossy());
    let (exit, likely) = if error.kind() == ErrorKind::NotFound || !exists(program) {
        (Exit::NoSuchCommand, "The command or its interpreter is not installed, or is not in PATH.")
    } else {
        (Exit::CannotRun, "It is not an executable file.")
    };
    Err(Failure::new(exit, format!("cannot run {name}: {error}"))
        .likely(likely)
        .next("Check the command after `--`."))
}

/// Returns whether the program is in `PATH`, or is itself a path. The system's error does not
/// always show this: if a folder in `PATH` cannot be read, the error reports only that.
fn exists(program: &OsStr) -> bool {
    let is_path = Path::new(program).components().count() > 1 || Path::new(program).is_absolute();
    let folders = env::var_os("PATH").unwrap_or_default();
    is_path || env::split_paths(&folders).any(|folder| folder.join(program).exists())
}

/// Replaces this process with the command, so that signals reach the command and its exit status
/// becomes the tool's. Returns only if the command cannot be started.
#[cfg(unix)]
fn start(process: &mut Command) -> Result<std::io::Error, Failure> {
    use std::os::unix::process::CommandExt;

    Ok(process.exec())
}

#[cfg(not(unix))]
fn start(process: &mut Command) -> Result<std::io::Error, Failure> {
    match process.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Ok(error),
    }
}
