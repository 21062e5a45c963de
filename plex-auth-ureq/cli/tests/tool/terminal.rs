//! In a pseudo-terminal: prompts, the spinner, the QR code, colors, and the restored settings.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use plex_auth_fake::Who;
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::harness::{Harness, PROGRAM};

/// Upper bound on each wait, in milliseconds.
const LIMIT: u64 = 60_000;

/// Runs the program once, with its process ID in a file, then prints its exit status and the terminal's settings.
const SHELL: &str = "trap : INT TERM; stty echo $SIZE; \
    sh -c 'echo $$ >number; exec \"$@\"' sh \"$@\"; \
    printf 'code %s\\n' $?; stty -a; printf 'end\\n'";

struct Terminal(PtySession);

impl Terminal {
    fn start(harness: &Harness, arguments: &[&str]) -> Self {
        Self::with_size(harness, "rows 50 cols 100", arguments)
    }

    fn with_size(harness: &Harness, size: &str, arguments: &[&str]) -> Self {
        let mut all = vec!["-c", SHELL, "sh", PROGRAM];
        all.extend(arguments);
        let mut command = harness.command_for("sh", &all);
        command.env("SIZE", size);
        Self(spawn_command(command, Some(LIMIT)).unwrap())
    }

    /// Waits until this text is shown, and returns the output before it.
    fn expect_text(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|error| panic!("{text:?} is not shown: {error}"))
    }

    fn type_line(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Returns whether the terminal is_echoing input, according to its settings.
    fn is_echoing(&self) -> bool {
        let terminal = self.0.process().get_file_handle().unwrap();
        tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the code to link, and returns it.
    fn link_code(&mut self) -> String {
        self.expect_text("type the code ");
        self.expect_text("\r\n")
    }

    /// Asserts the exit status and that the terminal is restored, and returns the remaining output.
    fn wait_for_exit(mut self, code: i32) -> String {
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

#[test]
fn a_password_is_not_echoed() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Login: ");
    assert!(terminal.is_echoing());
    terminal.type_line("ingrid");
    let shown = terminal.expect_text("Password: ");
    assert!(shown.contains("ingrid"), "the login is echoed: {shown:?}");
    assert!(!terminal.is_echoing());
    terminal.type_line("Fjellvåk-81");
    let shown = terminal.expect_text("Verification code: ");
    assert!(!shown.contains("Fjell") && terminal.is_echoing(), "{shown:?}");
    terminal.type_line("000000");
    terminal.expect_text("That code is wrong or too old.");
    terminal.expect_text("Verification code: ");
    terminal.type_line("123456");
    assert!(terminal.wait_for_exit(0).contains("Signed in as ingrid."));
}

#[test]
fn a_token_and_a_home_pin_are_not_echoed() {
    let harness = Harness::new();
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.expect_text("Token: ");
    assert!(!terminal.is_echoing());
    terminal.type_line(&token);
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("Signed in as rosa.") && !shown.contains(&token), "{shown:?}");

    let mut terminal = Terminal::start(&harness, &["switch", "rosa", "--into", "own"]);
    terminal.expect_text("Home PIN of rosa: ");
    assert!(!terminal.is_echoing());
    terminal.type_line("4711");
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("--profile own") && !shown.contains("4711"), "{shown:?}");
}

#[test]
fn an_interrupted_prompt_restores_the_terminal() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.expect_text("Token: ");
    assert!(!terminal.is_echoing());
    terminal.0.send_control('c').unwrap();
    terminal.wait_for_exit(130);

    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.expect_text("Token: ");
    terminal.0.send_control('d').unwrap();
    assert!(terminal.wait_for_exit(64).contains("standard input ended"));

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Login: ");
    terminal.0.send_control('d').unwrap();
    let shown = terminal.wait_for_exit(64);
    assert!(shown.starts_with("\r\n"), "the error starts on its own line: {shown:?}");

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.expect_text("Login: ");
    terminal.0.send_control('c').unwrap();
    terminal.wait_for_exit(130);
    assert_eq!(harness.run(&["token"]).code, 64);
}

/// The variable that sets the number of interruptions.
const INTERRUPTIONS: &str = "PLEX_AUTH_TEST_INTERRUPTIONS";

/// Runs the program once and records its process ID, its exit status, and the terminal's settings before and after it.
/// After the program has ended, Ctrl-C is ignored: it would end `stty`.
const RECORDING_SHELL: &str = "trap : INT; stty echo; stty -g >before; \
    sh -c 'echo $$ >number; exec \"$@\"' sh \"$@\"; \
    code=$?; trap '' INT; stty -g >after; echo $code >code";

/// Starts the program as a background job, with settings as a shell's line editor has them, and brings it to the
/// foreground after it has stopped.
const JOB_CONTROL_SHELL: &str = "set -m; stty -echo -icanon; \"$@\" & \
    until grep -q Stopped jobs; do jobs >jobs; done; \
    stty echo icanon; stty -g >before; fg; code=$?; stty -g >after; echo $code >code";

/// A run of `login --token` in a pseudo-terminal, recorded in files in a directory of its own.
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

    /// Waits for a condition.
    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        while !holds() {
            let name = self.folder.display();
            assert!(self.since.elapsed() < Duration::from_millis(LIMIT), "{name}: not {what}");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Waits for a line in one of the files, and returns it.
    fn recorded(&self, file: &str) -> String {
        let read = || std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        self.until(file, || read().ends_with('\n'));
        read().trim().to_owned()
    }

    /// Waits for the end, and returns the exit status and the settings before and after.
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
    // In several threads, so that the programs compete for the processor and their threads run in varying order.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(interrupt);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {count}, such as: {}", failures.len(), failures[0]);
}

/// Interrupts the program once. The number determines the signal, the moment, and the delay after it.
fn interrupt_once(harness: &Harness, number: u32) -> Result<(), String> {
    let signals = [Interruption::CtrlC, Interruption::Terminate, Interruption::HangUp];
    let moments = [
        (Moment::Started, Duration::from_millis(30)),
        (Moment::EchoOff, Duration::from_millis(1)),
        (Moment::Answered, Duration::from_millis(5)),
    ];
    let signal = signals[number as usize % signals.len()];
    let (moment, longest_delay) = moments[number as usize / signals.len() % moments.len()];
    // Multiples of the golden ratio are spread evenly, whatever their number.
    let delay = longest_delay.mul_f64((f64::from(number / 9 + 1) * 0.618_034).fract());

    let mut run = RecordedRun::start(harness, &number.to_string(), RECORDING_SHELL);
    let program = Pid::from_raw(run.recorded("number").parse().unwrap()).unwrap();
    if matches!(moment, Moment::EchoOff | Moment::Answered) {
        run.until("without echo", || !run.terminal.is_echoing());
    }
    if matches!(moment, Moment::Answered) {
        run.terminal.type_line("not a token");
    }
    thread::sleep(delay);
    match signal {
        Interruption::CtrlC => run.terminal.0.send_control('c').unwrap(),
        // After the answer, the program may have ended.
        Interruption::Terminate => drop(kill_process(program, Signal::TERM)),
        Interruption::HangUp => drop(kill_process(program, Signal::HUP)),
    }
    let (code, before, after) = run.wait();

    let details =
        format!("{number}: {signal:?}, {moment:?} and {delay:?}: {code}\n{before}\n{after}");
    let codes: &[&str] = match (moment, signal) {
        // A signal that arrives before its handler is installed ends the program itself.
        (Moment::Started, Interruption::Terminate) => &["130", "143"],
        (Moment::Started, Interruption::HangUp) => &["130", "129"],
        (Moment::Started, Interruption::CtrlC) | (Moment::EchoOff, _) => &["130"],
        (Moment::Answered, _) => &["130", "64"],
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
fn a_qr_code_and_a_countdown_are_shown() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let code = terminal.link_code();
    terminal.expect_text("or scan this:");
    let qr_code = terminal.expect_text("Waiting; the code is ");
    assert_eq!(decode(&qr_code), format!("{}/link/?pin={code}", harness.server.url()));
    // The time counts down.
    let mut left = || {
        terminal.expect_text("good for ");
        terminal.expect_text("\u{1b}").split_whitespace().next().map(str::to_owned)
    };
    let first = left();
    while left() == first {}
    harness.link(&code, Who::PlexPass);
    let shown = terminal.wait_for_exit(0);
    assert!(shown.contains("Signed in as rosa."), "{shown:?}");
}

/// Decodes the QR code as a camera reads it from the screen, which is light on dark.
fn decode(output: &str) -> String {
    // rexpect returns each byte as a character.
    let bytes: Vec<_> = output.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    let output = String::from_utf8(bytes).unwrap();
    let is_row =
        |line: &&str| line.chars().count() > 20 && line.chars().all(|c| "▀▄█ ".contains(c));
    let mut rows = Vec::new();
    for line in output.lines().filter(is_row) {
        let lit = |blocks: &str| line.chars().map(|c| blocks.contains(c)).collect::<Vec<_>>();
        rows.push(lit("▀█"));
        rows.push(lit("▄█"));
    }
    let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
    let brightness = |x: usize, y: usize| {
        let lit = rows[y / SCALE].get(x / SCALE).copied().unwrap_or_default();
        if lit { 255 } else { 0 }
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, brightness);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "{output}");
    grids[0].decode().unwrap().1
}

/// Pixels per module of the QR code.
const SCALE: usize = 4;

#[test]
fn a_qr_code_needs_room_and_utf_8() {
    for (size, variable, value) in [
        ("rows 10 cols 100", "TERM", "xterm"),
        ("rows 50 cols 30", "TERM", "xterm"),
        ("rows 50 cols 100", "LANG", "C"),
        ("rows 50 cols 100", "LC_ALL", "C"),
    ] {
        let harness = Harness::new().with_variable(variable, value);
        let mut terminal = Terminal::with_size(&harness, size, &["login"]);
        let code = terminal.link_code();
        let shown = terminal.expect_text("good for ");
        assert!(!shown.contains("scan this"), "{size} {value}: {shown}");
        harness.link(&code, Who::PlexPass);
        terminal.wait_for_exit(0);
    }
}

#[test]
fn any_utf_8_locale_allows_a_qr_code() {
    for (variable, value) in
        [("LC_ALL", "de_DE.UTF-8"), ("LC_CTYPE", "UTF-8"), ("LANG", "de_DE.utf8")]
    {
        let harness = Harness::new().with_variable("LANG", "").with_variable(variable, value);
        let mut terminal = Terminal::start(&harness, &["login"]);
        terminal.expect_text("or scan this:");
        terminal.expect_text("good for ");
        terminal.0.send_control('c').unwrap();
        terminal.wait_for_exit(130);
    }
}

#[test]
fn an_interrupted_login_keeps_the_state() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let before = harness.files();
    let mut terminal = Terminal::start(&harness, &["login"]);
    terminal.link_code();
    terminal.expect_text("good for ");
    terminal.0.send_control('c').unwrap();
    let shown = terminal.wait_for_exit(130);
    // The spinner's line is cleared.
    assert!(shown.contains("\u{1b}[2K"), "{shown:?}");
    assert_eq!(harness.files(), before);
}

#[test]
fn a_stopped_terminal_does_not_block_exit() {
    for (arguments, shows) in [(&["login"][..], "good for "), (&["login", "--token"], "Token: ")] {
        let harness = Harness::new();
        let mut terminal = Terminal::start(&harness, arguments);
        terminal.expect_text(shows);
        terminal.0.send_control('s').unwrap();
        let number = std::fs::read_to_string(harness.folder.path().join("number")).unwrap();
        let program = Pid::from_raw(number.trim().parse().unwrap()).unwrap();
        kill_process(program, Signal::TERM).unwrap();
        let since = Instant::now();
        while test_kill_process(program).is_ok() {
            assert!(since.elapsed() < Duration::from_millis(LIMIT), "{arguments:?} hangs");
            thread::yield_now();
        }
        terminal.0.send_control('q').unwrap();
        terminal.wait_for_exit(130);
    }
}

#[test]
fn a_new_code_is_offered_after_expiry() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let first = terminal.link_code();
    harness.expire_last_pin();
    terminal.expect_text("Show another one? [Y/n]: ");
    terminal.type_line("");
    let second = terminal.link_code();
    assert_ne!(first, second);
    harness.expire_last_pin();
    terminal.expect_text("Show another one? [Y/n]: ");
    terminal.type_line("n");
    assert!(terminal.wait_for_exit(1).contains("nobody has linked the PIN in time"));
}

#[test]
fn token_needs_show_at_a_terminal() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    let shown = Terminal::start(&harness, &["token"]).wait_for_exit(64);
    assert!(!shown.contains(&token) && shown.contains("--show"), "{shown:?}");
    let shown = Terminal::start(&harness, &["token", "--show"]).wait_for_exit(0);
    assert!(shown.contains(&token), "{shown:?}");
}

#[test]
fn errors_are_colored_unless_no_color_is_set() {
    let harness = Harness::new();
    let shown = Terminal::start(&harness, &["whoami"]).wait_for_exit(64);
    assert!(shown.contains("\u{1b}[") && shown.contains("nobody is signed in"), "{shown:?}");
    let harness = harness.with_variable("NO_COLOR", "1");
    let shown = Terminal::start(&harness, &["whoami"]).wait_for_exit(64);
    assert!(!shown.contains('\u{1b}') && shown.contains("error: nobody is signed in"), "{shown:?}");
}

#[test]
fn a_slow_check_reports_why() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    harness.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(502, "text/html", "busy");
        fake.misbehave("/user", busy.times(1));
    });
    let shown = Terminal::start(&harness, &["check"]).wait_for_exit(0);
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].contains("trouble at the server") && lines[0].contains("asking again in"));
    assert_eq!(lines[1..], ["The token is alive; it is rosa's."], "{lines:?}");
}
