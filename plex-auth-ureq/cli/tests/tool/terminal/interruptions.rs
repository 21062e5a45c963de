//! Signals, job control and stopped terminals.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use plex_auth_fake::Who;
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::harness::terminal::{LIMIT, Terminal};
use crate::harness::{Harness, PROGRAM, wait_until};

/// The environment variable that sets the number of interruptions.
const INTERRUPTIONS: &str = "PLEX_AUTH_TEST_INTERRUPTIONS";

/// Runs the program once and records its process ID, its exit status, and the terminal's settings
/// before and after the run. After the program has ended, Ctrl-C is ignored, because it would end
/// `stty`.
const RECORDING_SHELL: &str = "trap : INT; stty echo; stty -g >before; \
    sh -c 'echo $$ >number; exec \"$@\"' sh \"$@\"; \
    code=$?; trap '' INT; stty -g >after; echo $code >code";

/// Starts the program as a background job, with the terminal settings that a shell uses for editing
/// its command line. After the job has stopped, brings it to the foreground.
const JOB_CONTROL_SHELL: &str = "set -m; stty -echo -icanon; \"$@\" & \
    until grep -q Stopped jobs; do jobs >jobs; done; \
    stty echo icanon; stty -g >before; fg; code=$?; stty -g >after; echo $code >code";

/// A run of `login --token` in a pseudo-terminal, recorded in files in its own directory.
struct RecordedRun {
    terminal: Terminal,
    folder: PathBuf,
    since: Instant,
}

impl RecordedRun {
    fn start(harness: &Harness, name: &str, shell: &str) -> Self {
        let folder = harness.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let arguments = ["-c", shell, "sh", PROGRAM, "login", "--token"];
        let mut command = harness.command_for("sh", &arguments);
        command.current_dir(&folder).env("PLEX_AUTH_STATE_DIR", folder.join("state"));
        let mut terminal = Terminal(spawn_command(command, Some(LIMIT)).unwrap());
        terminal.0.process_mut().set_kill_timeout(Some(1_000));
        Self { terminal, folder, since: Instant::now() }
    }

    /// Waits until a condition holds.
    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        while !holds() {
            let name = self.folder.display();
            let is_late = self.since.elapsed() >= Duration::from_millis(LIMIT);
            assert!(!is_late, "{name}: timed out waiting for {what}");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Waits for a line in one of the files, and returns it.
    fn recorded(&self, file: &str) -> String {
        let read = || std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        self.until(file, || read().ends_with('\n'));
        read().trim().to_owned()
    }

    /// Waits until the run ends, and returns its exit status and the terminal's settings before and
    /// after it.
    fn wait(self) -> (String, String, String) {
        let code = self.recorded("code");
        assert!(matches!(self.terminal.0.process().wait(), Ok(WaitStatus::Exited(_, 0))));
        (code, self.recorded("before"), self.recorded("after"))
    }
}

#[derive(Clone, Copy, Debug)]
enum Interruption {
    CtrlC,
    Terminate,
    HangUp,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    Started,
    EchoOff,
    Answered,
}

#[test]
fn an_interruption_always_restores_the_terminal() {
    let count = std::env::var(INTERRUPTIONS).map_or(27, |count| count.parse().unwrap());
    let harness = Harness::new();
    let (next, failures) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    let interrupt = || loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            break;
        }
        if let Err(failure) = interrupt_once(&harness, number) {
            failures.lock().unwrap().push(failure);
        }
    };
    // Several threads do this, so that the programs compete for the processor and their threads run
    // in varying order.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(interrupt);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {count} failed, such as {}", failures.len(), failures[0]);
}

/// Interrupts the program once. The number determines the signal, the moment, and the delay after
/// that moment.
fn interrupt_once(harness: &Harness, number: u32) -> Result<(), String> {
    let signals = [Interruption::CtrlC, Interruption::Terminate, Interruption::HangUp];
    let moments = [
        (Moment::Started, Duration::from_millis(30)),
        (Moment::EchoOff, Duration::from_millis(1)),
        (Moment::Answered, Duration::from_millis(5)),
    ];
    let signal = signals[number as usize % signals.len()];
    let (moment, longest_delay) = moments[number as usize / signals.len() % moments.len()];
    // However many multiples of the golden ratio are used, their fractional parts are evenly
    // spread.
    let delay = longest_delay.mul_f64((f64::from(number / 9 + 1) * 0.618_034).fract());

    let mut run = RecordedRun::start(harness, &number.to_string(), RECORDING_SHELL);
    let program = Pid::from_raw(run.recorded("number").parse().unwrap()).unwrap();
    if matches!(moment, Moment::EchoOff | Moment::Answered) {
        run.until("the echo to be off", || !run.terminal.is_echoing());
    }
    if matches!(moment, Moment::Answered) {
        run.terminal.type_line("not a token");
    }
    thread::sleep(delay);
    match signal {
        Interruption::CtrlC => run.terminal.0.send_control('c').unwrap(),
        // After the answer, the program may have ended already.
        Interruption::Terminate => drop(kill_process(program, Signal::TERM)),
        Interruption::HangUp => drop(kill_process(program, Signal::HUP)),
    }
    let (code, before, after) = run.wait();

    let details =
        format!("{number}: {signal:?}, {moment:?} and {delay:?}: {code}\n{before}\n{after}");
    let codes: &[&str] = match (moment, signal) {
        (Moment::Started | Moment::EchoOff, Interruption::CtrlC) => &["130"],
        (Moment::Started | Moment::EchoOff, Interruption::Terminate) => &["143"],
        (Moment::Started | Moment::EchoOff, Interruption::HangUp) => &["129"],
        (Moment::Answered, _) => &["130", "143", "129", "64"],
    };
    assert!(codes.contains(&code.as_str()), "{details}");
    if before == after { Ok(()) } else { Err(details) }
}

#[test]
fn a_background_job_prompts_in_the_foreground() {
    let harness = Harness::new();
    let mut run = RecordedRun::start(&harness, "job", JOB_CONTROL_SHELL);
    run.terminal.expect_text("Token: ");
    assert!(!run.terminal.is_echoing());
    run.terminal.type_line("not a token");
    let (code, before, after) = run.wait();
    assert_eq!(code, "64");
    assert_eq!(before, after);
}

#[test]
fn an_interrupted_login_keeps_the_state() {
    let harness = Harness::signed_in(Who::PlexPass);
    let before = harness.files();
    let mut terminal = Terminal::start(&harness, &["login"]);
    terminal.link_code();
    terminal.expect_text("expires in ");
    terminal.0.send_control('c').unwrap();
    let shown = terminal.wait_for_exit(130);
    // The spinner's line is cleared at the end.
    let (_, last) = shown.rsplit_once("\u{1b}[2K").unwrap_or_else(|| panic!("{shown:?}"));
    assert_eq!(last.trim_start_matches('\r'), "", "{shown:?}");
    assert_eq!(harness.files(), before);
}

#[test]
fn a_stopped_terminal_does_not_block_exit() {
    for (arguments, shows) in [(&["login"][..], "expires in "), (&["login", "--token"], "Token: ")]
    {
        let harness = Harness::new();
        let mut terminal = Terminal::start(&harness, arguments);
        terminal.expect_text(shows);
        terminal.0.send_control('s').unwrap();
        let number = std::fs::read_to_string(harness.folder.path().join("number")).unwrap();
        let program = Pid::from_raw(number.trim().parse().unwrap()).unwrap();
        kill_process(program, Signal::TERM).unwrap();
        wait_until("ended", || test_kill_process(program).is_err());
        terminal.0.send_control('q').unwrap();
        terminal.wait_for_exit(143);
    }
}
