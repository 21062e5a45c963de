//! Runs the tool against a fake Plex, with its own state folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use plex_auth_fake::{Authority, FakePlex, Server, Who};
#[cfg(unix)]
use rustix::process::{WaitId, WaitIdOptions, waitid};
use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(unix)]
pub(crate) mod unix;

/// Upper bound on each wait, long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(100);

/// The path to the tool's executable.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_plex-auth");

/// A fake Plex and a home folder, separate for each test.
pub(crate) struct Harness {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    environment: BTreeMap<String, String>,
}

/// A completed run's exit status and output.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::over(Server::http(FakePlex::new()))
    }

    /// Returns a harness whose server uses HTTPS. `PLEX_AUTH_CA_FILE` makes the tool trust the
    /// certificate authority.
    pub(crate) fn https(
        authority: &Authority,
        certificate: plex_auth_fake::ServerCertificate,
    ) -> Self {
        let harness = Self::over(Server::https(FakePlex::new(), certificate));
        let file = harness.folder.path().join("ca.pem");
        std::fs::write(&file, authority.root_pem()).unwrap();
        harness.with_variable("PLEX_AUTH_CA_FILE", file.to_str().unwrap())
    }

    /// Returns a harness in which the tool is signed in to this account.
    pub(crate) fn signed_in(who: Who) -> Self {
        let harness = Self::new();
        harness.sign_in(who);
        harness
    }

    fn over(server: Server) -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("{}/api/v2", server.url());
        let harness = Self { server, folder, environment: BTreeMap::new() };
        let state = harness.state_folder().to_str().unwrap().to_owned();
        harness
            .with_variable("PLEX_AUTH_PLEX_TV", &url)
            .with_variable("PLEX_AUTH_STATE_DIR", &state)
    }

    /// Sets an environment variable for every run.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the tool's state folder.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn fake<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        self.server.with(look)
    }

    /// Returns a command that runs the tool. The tool inherits only `PATH` from this process's
    /// environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_for(PROGRAM, arguments)
    }

    /// Returns a command that runs another program in the same environment.
    pub(crate) fn command_for(&self, file: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(file);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .envs(&self.environment)
            .current_dir(self.folder.path());
        command
    }

    /// Runs the tool with empty standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with_input(arguments, "")
    }

    /// Runs the tool with this text on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        Running::start(self.command(arguments), input).wait()
    }

    /// Runs the tool, which must succeed, and returns its standard output.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// Runs the tool, which must succeed, and parses its standard output as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.succeed(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Returns the account's initial token.
    pub(crate) fn token(&self, who: Who) -> String {
        self.fake(|fake| fake.account(who).token().to_owned())
    }

    /// Signs in with a code, so that Plex issues a token for this profile.
    pub(crate) fn sign_in_with_code(&self, who: Who) {
        let mut login = Running::start(self.command(&["login"]), "");
        self.link(&login.link_code(), who);
        let outcome = login.wait();
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }

    /// Signs in with the account's initial token, and replaces any other account.
    pub(crate) fn sign_in(&self, who: Who) {
        let outcome = self.run_with_input(&["login", "--token", "--replace"], &self.token(who));
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }

    /// Edits the saved profile so that it is signed in to a different plex.tv, then runs `whoami`
    /// there.
    pub(crate) fn whoami_at(&self, url: &str, more: &[&str]) -> Outcome {
        self.save_plex_tv(url);
        self.run(&[&["whoami", "--plex-tv", url], more].concat())
    }

    /// Edits the saved profile so that it is signed in to a different plex.tv.
    pub(crate) fn save_plex_tv(&self, url: &str) {
        let path = self.state_folder().join("state.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut state: Value = serde_json::from_str(&text).unwrap();
        state["profiles"]["default"]["plex_tv"] = url.into();
        std::fs::write(&path, state.to_string()).unwrap();
    }

    /// Makes the latest PIN expire.
    pub(crate) fn expire_last_pin(&self) {
        self.fake(|fake| {
            let id = fake.pins().last().unwrap().id();
            fake.pin_mut(id).unwrap().age(901);
        });
    }

    /// Links the PIN that has this code, as a user would on Plex's page.
    pub(crate) fn link(&self, code: &str, who: Who) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let linked = self.fake(|fake| fake.link_pin(code, who, now));
        assert!(linked.is_some(), "no PIN with the code {code} is waiting");
    }

    /// Returns the contents of each file in the state folder, by name.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(self.state_folder()).unwrap().map(Result::unwrap);
        let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), text(entry.path())))
            .collect()
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_until(condition: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < LIMIT, "timed out: not {condition}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A run in progress.
pub(crate) struct Running {
    child: Child,
    stdout: JoinHandle<io::Result<String>>,
    /// The lines of standard error, as they arrive.
    stderr: Receiver<String>,
    stderr_read: String,
}

impl Running {
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A run that does not read its input may close the pipe early.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let stdout = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || io::read_to_string(stdout));
        let (line_read, stderr) = mpsc::channel();
        let mut pipe = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            let mut line = String::new();
            while pipe.read_line(&mut line).is_ok_and(|read| read > 0) {
                let _ = line_read.send(std::mem::take(&mut line));
            }
        });
        Self { child, stdout, stderr, stderr_read: String::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns whether the process has ended. Its ID stays reserved until [`wait`](Self::wait).
    #[cfg(unix)]
    pub(crate) fn has_ended(&self) -> bool {
        let id = rustix::process::Pid::from_child(&self.child);
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(id), look).unwrap().is_some()
    }

    /// Waits until the tool prints the code to link, and returns the code.
    pub(crate) fn link_code(&mut self) -> String {
        loop {
            let line = self.line();
            self.stderr_read.push_str(&line);
            if let Some((_, code)) = line.trim_end().split_once(" the code ") {
                return code.to_owned();
            }
        }
    }

    /// Waits for a line on standard error that contains this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        loop {
            let line = self.line();
            self.stderr_read.push_str(&line);
            if line.contains(text) {
                break;
            }
        }
    }

    /// Waits for the next line on standard error.
    pub(crate) fn line(&mut self) -> String {
        self.stderr.recv_timeout(LIMIT).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => panic!("the tool hangs: {}", self.stderr_read),
            RecvTimeoutError::Disconnected => panic!("the tool ended: {}", self.stderr_read),
        })
    }

    /// Waits until the run ends, and returns its result.
    pub(crate) fn wait(mut self) -> Outcome {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > LIMIT {
                self.child.kill().unwrap();
                panic!("the tool hangs: {}", self.stderr_read);
            }
            thread::sleep(Duration::from_millis(1));
        };
        Outcome {
            code: status.code().unwrap_or(-1),
            stdout: self.stdout.join().unwrap().unwrap(),
            stderr: self.stderr_read + &self.stderr.iter().collect::<String>(),
        }
    }
}

impl Outcome {
    /// Returns each line on standard error as JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parsed = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}"));
        self.stderr.lines().map(parsed).collect()
    }

    /// Asserts that the run printed no result, ended with this exit status, and reported an error
    /// of exactly three lines (what failed, the likely cause, and what to do) that contains these
    /// texts.
    pub(crate) fn assert_failed(&self, code: i32, expected: &[&str]) {
        assert_eq!(self.stdout, "", "{self:?}");
        self.assert_error(code, expected);
    }

    /// Asserts the same as [`assert_failed`](Self::assert_failed), except that the run may have
    /// printed a result.
    pub(crate) fn assert_error(&self, code: i32, expected: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        let from = self.stderr.find("error: ").unwrap_or_else(|| panic!("{self:?}"));
        let lines: Vec<_> = self.stderr[from..].lines().collect();
        let labels = ["error: ", "likely: ", "next: "];
        assert_eq!(lines.len(), labels.len(), "{self:?}");
        assert!(lines.iter().zip(labels).all(|(line, label)| line.starts_with(label)), "{self:?}");
        for text in expected {
            assert!(lines.iter().any(|line| line.contains(text)), "no {text:?}: {self:?}");
        }
    }
}

/// Returns the field names of a JSON object. Scripts rely on these names.
pub(crate) fn names(json: &Value) -> Vec<&str> {
    json.as_object()
        .unwrap_or_else(|| panic!("not an object: {json}"))
        .keys()
        .map(String::as_str)
        .collect()
}
