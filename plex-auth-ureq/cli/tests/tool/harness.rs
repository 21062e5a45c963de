//! Runs the tool against a fake Plex, with a folder for its state.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use plex_auth_fake::{Authority, FakePlex, Server, Who};
#[cfg(unix)]
use rustix::process::{WaitId, WaitIdOptions, waitid};
use serde_json::Value;
use tempfile::TempDir;

/// How long one run may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(100);

/// The program's file.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_plex-auth");

/// A fake Plex, and a home of its own for each test.
pub(crate) struct Harness {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    environment: BTreeMap<String, String>,
}

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::of(Server::http(FakePlex::new()))
    }

    /// Over HTTPS, with the authority's certificate in a file that the program is told of.
    pub(crate) fn https(
        authority: &Authority,
        certificate: plex_auth_fake::ServerCertificate,
    ) -> Self {
        let harness = Self::of(Server::https(FakePlex::new(), certificate));
        let file = harness.folder.path().join("ca.pem");
        std::fs::write(&file, authority.root_pem()).unwrap();
        harness.with("PLEX_AUTH_CA_FILE", file.to_str().unwrap())
    }

    fn of(server: Server) -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("{}/api/v2", server.url());
        let harness = Self { server, folder, environment: BTreeMap::new() };
        let state = harness.state().to_str().unwrap().to_owned();
        harness.with("PLEX_AUTH_PLEX_TV", &url).with("PLEX_AUTH_STATE_DIR", &state)
    }

    /// Sets a variable for every run.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The folder of the tool's state.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn fake<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        self.server.with(look)
    }

    /// The program with nothing of this process's environment but where programs are found.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(PROGRAM, arguments)
    }

    /// The same, started by something else that is given it and its arguments.
    pub(crate) fn prepared(&self, file: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
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

    /// Runs it with nothing on standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "")
    }

    /// Runs it with this on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        Running::start(self.command(arguments), input).end()
    }

    /// Runs it well, and returns what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// The same, of JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Signs in with the token that somebody has from the beginning.
    pub(crate) fn sign_in(&self, who: Who) {
        let token = self.fake(|fake| fake.account(who).token().to_owned());
        let outcome = self.run_with(&["login", "--token"], &token);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }

    /// Lets the time of the PIN be over that was made last.
    pub(crate) fn expire_last_pin(&self) {
        self.fake(|fake| {
            let id = fake.pins().last().unwrap().id();
            fake.pin_mut(id).unwrap().age(901);
        });
    }

    /// Types the code as somebody does on the page.
    pub(crate) fn link(&self, code: &str, who: Who) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let linked = self.fake(|fake| fake.link_pin(code, who, now));
        assert!(linked.is_some(), "no PIN waits with the code {code}");
    }

    /// Everything in the state folder, by name.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(self.state()).unwrap().map(Result::unwrap);
        let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), text(entry.path())))
            .collect()
    }
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that does not read what it is given ends its pipe early.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr, heard: String::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended. Its number is its own until [`end`](Self::end) all the same.
    #[cfg(unix)]
    pub(crate) fn has_ended(&self) -> bool {
        let id = rustix::process::Pid::from_child(&self.child);
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(id), look).unwrap().is_some()
    }

    /// The code that it shows.
    pub(crate) fn code(&mut self) -> String {
        loop {
            let line = self.line();
            self.heard.push_str(&line);
            if let Some((_, code)) = line.trim_end().split_once("type the code ") {
                return code.to_owned();
            }
        }
    }

    /// Waits for a line on standard error.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stderr.read_line(&mut line).unwrap();
        assert_ne!(read, 0, "it ended: {}", self.heard);
        line
    }

    /// Waits until it has ended.
    pub(crate) fn end(mut self) -> Outcome {
        let mut stdout = self.child.stdout.take().unwrap();
        let reads_stdout = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        let mut stderr = self.stderr;
        let reads_stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > LIMIT {
                self.child.kill().unwrap();
                panic!("it hangs: {}", self.heard);
            }
            thread::sleep(Duration::from_millis(5));
        };
        Outcome {
            code: status.code().unwrap_or(-1),
            stdout: reads_stdout.join().unwrap(),
            stderr: self.heard + &reads_stderr.join().unwrap(),
        }
    }
}

impl Outcome {
    /// That it ended so, with an error of three lines at most that says this.
    pub(crate) fn failed(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let from = self.stderr.find("error: ").unwrap_or_else(|| panic!("{self:?}"));
        let lines: Vec<_> = self.stderr[from..].lines().collect();
        assert!(lines.len() <= 3, "{self:?}");
        let labels = ["error: ", "likely: ", "next: "];
        assert!(
            lines.iter().all(|line| labels.iter().any(|label| line.starts_with(label))),
            "{self:?}"
        );
        for text in says {
            assert!(lines.iter().any(|line| line.contains(text)), "no {text:?}: {self:?}");
        }
    }
}
