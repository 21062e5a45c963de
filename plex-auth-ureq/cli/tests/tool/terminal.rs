//! At a terminal, a pseudo one: prompts, the spinner, the picture of the code, colours, and how it is left behind.

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

/// How long something is waited for before the test fails, in milliseconds.
const LIMIT: u64 = 60_000;

/// A shell that runs the program once, with its number in a file, then says by which code it ended and how the terminal
/// is left.
const SHELL: &str = "trap : INT TERM; stty echo $SIZE; \
    sh -c 'echo $$ >number; exec \"$@\"' sh \"$@\"; \
    printf 'code %s\\n' $?; stty -a; printf 'end\\n'";

struct Terminal(PtySession);

impl Terminal {
    fn start(harness: &Harness, arguments: &[&str]) -> Self {
        Self::of_size(harness, "rows 50 cols 100", arguments)
    }

    fn of_size(harness: &Harness, size: &str, arguments: &[&str]) -> Self {
        let mut all = vec!["-c", SHELL, "sh", PROGRAM];
        all.extend(arguments);
        let mut command = harness.prepared("sh", &all);
        command.env("SIZE", size);
        Self(spawn_command(command, Some(LIMIT)).unwrap())
    }

    /// Waits until this is shown, and returns what came before.
    fn shows(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|error| panic!("{text:?} is not shown: {error}"))
    }

    fn types(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Whether what is typed is shown, as the terminal itself says.
    fn echoes(&self) -> bool {
        let terminal = self.0.process().get_file_handle().unwrap();
        tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the code, and returns it.
    fn code(&mut self) -> String {
        self.shows("type the code ");
        self.shows("\r\n")
    }

    /// That it ends by this code and leaves the terminal as it was; returns what it showed until then.
    fn ends(mut self, code: i32) -> String {
        let shown = self.shows(&format!("code {code}\r\n"));
        let settings = self.shows("end\r\n");
        let settings: Vec<_> = settings.split([' ', ';', '\r', '\n']).collect();
        for setting in ["echo", "icanon", "isig", "icrnl", "opost"] {
            assert!(settings.contains(&setting), "{setting}: {settings:?}");
        }
        assert!(matches!(self.0.process().wait(), Ok(WaitStatus::Exited(_, 0))));
        shown
    }
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.shows("Login: ");
    assert!(terminal.echoes());
    terminal.types("ingrid");
    let shown = terminal.shows("Password: ");
    assert!(shown.contains("ingrid"), "the login may be seen: {shown:?}");
    assert!(!terminal.echoes());
    terminal.types("Fjellvåk-81");
    let shown = terminal.shows("Verification code: ");
    assert!(!shown.contains("Fjell") && terminal.echoes(), "{shown:?}");
    terminal.types("000000");
    terminal.shows("That code is wrong or too old.");
    terminal.shows("Verification code: ");
    terminal.types("123456");
    assert!(terminal.ends(0).contains("Signed in as ingrid."));
}

#[test]
fn a_token_and_a_home_pin_are_not_shown_either() {
    let harness = Harness::new();
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.shows("Token: ");
    assert!(!terminal.echoes());
    terminal.types(&token);
    let shown = terminal.ends(0);
    assert!(shown.contains("Signed in as rosa.") && !shown.contains(&token), "{shown:?}");

    let mut terminal = Terminal::start(&harness, &["switch", "rosa", "--into", "own"]);
    terminal.shows("Home PIN of rosa: ");
    assert!(!terminal.echoes());
    terminal.types("4711");
    let shown = terminal.ends(0);
    assert!(shown.contains("--profile own") && !shown.contains("4711"), "{shown:?}");
}

#[test]
fn an_interruption_of_a_prompt_leaves_the_terminal_as_it_was() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.shows("Token: ");
    assert!(!terminal.echoes());
    terminal.0.send_control('c').unwrap();
    terminal.ends(130);

    let mut terminal = Terminal::start(&harness, &["login", "--token"]);
    terminal.shows("Token: ");
    terminal.0.send_control('d').unwrap();
    assert!(terminal.ends(64).contains("standard input ended"));

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.shows("Login: ");
    terminal.0.send_control('d').unwrap();
    let shown = terminal.ends(64);
    assert!(shown.starts_with("\r\n"), "an error begins a line: {shown:?}");

    let mut terminal = Terminal::start(&harness, &["login", "--password"]);
    terminal.shows("Login: ");
    terminal.0.send_control('c').unwrap();
    terminal.ends(130);
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
struct Recorded {
    terminal: Terminal,
    folder: PathBuf,
    since: Instant,
}

impl Recorded {
    fn start(harness: &Harness, name: &str, shell: &str) -> Self {
        let folder = harness.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let arguments = ["-c", shell, "sh", PROGRAM, "login", "--token"];
        let mut command = harness.prepared("sh", &arguments);
        command.current_dir(&folder).env("PLEX_AUTH_STATE_DIR", folder.join("state"));
        let mut terminal = Terminal(spawn_command(command, Some(LIMIT)).unwrap());
        terminal.0.process_mut().set_kill_timeout(Some(1_000));
        Self { terminal, folder, since: Instant::now() }
    }

    /// Waits until the condition holds.
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
    fn end(self) -> (String, String, String) {
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
    let (next, broken) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    let interrupt = || loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            break;
        }
        if let Err(how) = interrupted(&harness, number) {
            broken.lock().unwrap().push(how);
        }
    };
    // In several threads, so that the programs compete for the processor and their threads run in changing orders.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(interrupt);
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "{} of {count}, such as: {}", broken.len(), broken[0]);
}

/// Interrupts the program once. The number determines the signal, the moment, and the delay after it.
fn interrupted(harness: &Harness, number: u32) -> Result<(), String> {
    let signals = [Interruption::CtrlC, Interruption::Terminate, Interruption::HangUp];
    let moments = [
        (Moment::Started, Duration::from_millis(30)),
        (Moment::EchoOff, Duration::from_millis(1)),
        (Moment::Answered, Duration::from_millis(5)),
    ];
    let signal = signals[number as usize % signals.len()];
    let (moment, longest_delay) = moments[number as usize / signals.len() % moments.len()];
    // Multiples of the golden ratio spread evenly, however many there are.
    let delay = longest_delay.mul_f64((f64::from(number / 9 + 1) * 0.618_034).fract());

    let mut run = Recorded::start(harness, &number.to_string(), RECORDING_SHELL);
    let program = Pid::from_raw(run.recorded("number").parse().unwrap()).unwrap();
    if matches!(moment, Moment::EchoOff | Moment::Answered) {
        run.until("without echo", || !run.terminal.echoes());
    }
    if matches!(moment, Moment::Answered) {
        run.terminal.types("not a token");
    }
    thread::sleep(delay);
    match signal {
        Interruption::CtrlC => run.terminal.0.send_control('c').unwrap(),
        // After the answer, the program may have ended.
        Interruption::Terminate => drop(kill_process(program, Signal::TERM)),
        Interruption::HangUp => drop(kill_process(program, Signal::HUP)),
    }
    let (code, before, after) = run.end();

    let how = format!("{number}: {signal:?}, {moment:?} and {delay:?}: {code}\n{before}\n{after}");
    let codes: &[&str] = match (moment, signal) {
        // A signal that arrives before its handler is installed ends the program itself.
        (Moment::Started, Interruption::Terminate) => &["130", "143"],
        (Moment::Started, Interruption::HangUp) => &["130", "129"],
        (Moment::Started, Interruption::CtrlC) | (Moment::EchoOff, _) => &["130"],
        (Moment::Answered, _) => &["130", "64"],
    };
    assert!(codes.contains(&code.as_str()), "{how}");
    if before == after { Ok(()) } else { Err(how) }
}

#[test]
fn a_background_job_asks_in_the_foreground() {
    let harness = Harness::new();
    let mut run = Recorded::start(&harness, "job", JOB_CONTROL_SHELL);
    run.terminal.shows("Token: ");
    assert!(!run.terminal.echoes());
    run.terminal.types("not a token");
    let (code, before, after) = run.end();
    assert_eq!(code, "64");
    assert_eq!(before, after);
}

#[test]
fn a_code_is_shown_with_a_picture_and_the_time_that_is_left() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let code = terminal.code();
    terminal.shows("or scan this:");
    let picture = terminal.shows("Waiting; the code is ");
    assert_eq!(decoded(&picture), format!("{}/link/?pin={code}", harness.server.url()));
    // It counts down.
    let mut left = || {
        terminal.shows("good for ");
        terminal.shows("\u{1b}").split_whitespace().next().map(str::to_owned)
    };
    let first = left();
    while left() == first {}
    harness.link(&code, Who::PlexPass);
    let shown = terminal.ends(0);
    assert!(shown.contains("Signed in as rosa."), "{shown:?}");
}

/// What a camera reads off the screen, which is light on dark.
fn decoded(picture: &str) -> String {
    // rexpect hands on each byte as a character.
    let bytes: Vec<_> =
        picture.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    let picture = String::from_utf8(bytes).unwrap();
    let is_row =
        |line: &&str| line.chars().count() > 20 && line.chars().all(|c| "▀▄█ ".contains(c));
    let mut rows = Vec::new();
    for line in picture.lines().filter(is_row) {
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
    assert_eq!(grids.len(), 1, "{picture}");
    grids[0].decode().unwrap().1
}

/// How many pixels a module of the picture is wide.
const SCALE: usize = 4;

#[test]
fn there_is_no_picture_where_it_has_no_room_or_cannot_be_shown() {
    for (size, variable, value) in [
        ("rows 10 cols 100", "TERM", "xterm"),
        ("rows 50 cols 30", "TERM", "xterm"),
        ("rows 50 cols 100", "LANG", "C"),
        ("rows 50 cols 100", "LC_ALL", "C"),
    ] {
        let harness = Harness::new().with(variable, value);
        let mut terminal = Terminal::of_size(&harness, size, &["login"]);
        let code = terminal.code();
        let shown = terminal.shows("good for ");
        assert!(!shown.contains("scan this"), "{size} {value}: {shown}");
        harness.link(&code, Who::PlexPass);
        terminal.ends(0);
    }
}

#[test]
fn the_locale_says_whether_there_is_a_picture_however_it_is_named() {
    for (variable, value) in
        [("LC_ALL", "de_DE.UTF-8"), ("LC_CTYPE", "UTF-8"), ("LANG", "de_DE.utf8")]
    {
        let harness = Harness::new().with("LANG", "").with(variable, value);
        let mut terminal = Terminal::start(&harness, &["login"]);
        terminal.shows("or scan this:");
        terminal.shows("good for ");
        terminal.0.send_control('c').unwrap();
        terminal.ends(130);
    }
}

#[test]
fn an_interruption_while_it_waits_leaves_everything_whole() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let before = harness.files();
    let mut terminal = Terminal::start(&harness, &["login"]);
    terminal.code();
    terminal.shows("good for ");
    terminal.0.send_control('c').unwrap();
    let shown = terminal.ends(130);
    // The line of the spinner is wiped out.
    assert!(shown.contains("\u{1b}[2K"), "{shown:?}");
    assert_eq!(harness.files(), before);
}

#[test]
fn a_terminal_that_is_stopped_does_not_keep_it_from_ending() {
    for (arguments, shows) in [(&["login"][..], "good for "), (&["login", "--token"], "Token: ")] {
        let harness = Harness::new();
        let mut terminal = Terminal::start(&harness, arguments);
        terminal.shows(shows);
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
        terminal.ends(130);
    }
}

#[test]
fn another_code_is_offered_once_one_has_expired() {
    let harness = Harness::new();
    let mut terminal = Terminal::start(&harness, &["login"]);
    let first = terminal.code();
    harness.expire_last_pin();
    terminal.shows("Show another one? [Y/n]: ");
    terminal.types("");
    let second = terminal.code();
    assert_ne!(first, second);
    harness.expire_last_pin();
    terminal.shows("Show another one? [Y/n]: ");
    terminal.types("n");
    assert!(terminal.ends(1).contains("nobody has linked the PIN in time"));
}

#[test]
fn the_token_is_not_printed_to_a_terminal_unasked() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    let shown = Terminal::start(&harness, &["token"]).ends(64);
    assert!(!shown.contains(&token) && shown.contains("--show"), "{shown:?}");
    let shown = Terminal::start(&harness, &["token", "--show"]).ends(0);
    assert!(shown.contains(&token), "{shown:?}");
}

#[test]
fn errors_have_colour_at_a_terminal_unless_no_color_is_set() {
    let harness = Harness::new();
    let shown = Terminal::start(&harness, &["whoami"]).ends(64);
    assert!(shown.contains("\u{1b}[") && shown.contains("nobody is signed in"), "{shown:?}");
    let harness = harness.with("NO_COLOR", "1");
    let shown = Terminal::start(&harness, &["whoami"]).ends(64);
    assert!(!shown.contains('\u{1b}') && shown.contains("error: nobody is signed in"), "{shown:?}");
}

#[test]
fn a_check_that_takes_long_says_why() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    harness.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(502, "text/html", "busy");
        fake.misbehave("/user", busy.times(1));
    });
    let shown = Terminal::start(&harness, &["check"]).ends(0);
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].contains("trouble at the server") && lines[0].contains("asking again in"));
    assert_eq!(lines[1..], ["The token is alive; it is rosa's."], "{lines:?}");
}
