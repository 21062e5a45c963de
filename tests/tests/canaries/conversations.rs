//! Conversations, searched as their calls are: what they show while they go on, what they end in, and what is logged
//! while a transport drives them. What is kept of one holds secrets on purpose, and shows none.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Access, AskProgress, Call, ConnectionChoice, ConnectionProgress, Conversation, DeviceKey,
    DeviceLogin, DeviceLoginProgress, DeviceTokenKeeper, DeviceTokenProgress, Jwk, LoginPin,
    NoAnswerReason, PinLogin, Resource, Secret, SendError, ServerAccess, SignError, Step,
    TokenCheck, TokenState, TransientTokenKeeper, TransientTokenProgress,
};
use plex_auth_tests::{FakePlex, Misbehaviour, Server};

use crate::carrier::Carrier;
use crate::every_operation::{Asking, SIGNATURE, every_operation};
use crate::search::{Seen, words};
use crate::{answer, asking, canaries, echoes, listen, log};

/// A conversation, and what there is to see of it.
trait Talk:
    Conversation<Answer: Debug + Send + 'static, Outcome: Debug, Progress: Debug> + Debug
{
    /// What is wrong as it stands, in the words of its errors.
    fn troubles(progress: &Self::Progress) -> String;

    /// The same of its end.
    fn failures(outcome: &Self::Outcome) -> String;

    /// What is kept of it, where anything is.
    fn kept(&self, _: SystemTime) -> Option<Secret> {
        None
    }
}

/// The words of an error, where there is one.
fn of<E: Error + 'static>(error: Option<&E>) -> String {
    error.map(|error| words(error)).unwrap_or_default()
}

impl<P: LoginPin + Send> Talk for PinLogin<P> {
    fn troubles(_: &Self::Progress) -> String {
        String::new()
    }

    fn failures(outcome: &Self::Outcome) -> String {
        of(outcome.as_ref().err())
    }

    fn kept(&self, now: SystemTime) -> Option<Secret> {
        self.keep(now)
    }
}

impl Talk for DeviceLogin<Key> {
    fn troubles(progress: &DeviceLoginProgress) -> String {
        match progress {
            DeviceLoginProgress::Waiting { sign_error, .. } => of(sign_error.as_ref()),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Outcome) -> String {
        of(outcome.as_ref().err())
    }

    fn kept(&self, now: SystemTime) -> Option<Secret> {
        Some(self.keep(now))
    }
}

impl Talk for DeviceTokenKeeper<Key> {
    fn troubles(progress: &DeviceTokenProgress) -> String {
        match progress {
            DeviceTokenProgress::Registering { trouble, .. }
            | DeviceTokenProgress::Getting { trouble, .. }
            | DeviceTokenProgress::Held { trouble, .. } => of(trouble.as_ref()),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Outcome) -> String {
        words(outcome)
    }

    fn kept(&self, _: SystemTime) -> Option<Secret> {
        Some(self.keep())
    }
}

fn of_asking(progress: &AskProgress) -> String {
    match progress {
        AskProgress::Pausing { why, .. } => words(why),
        _ => String::new(),
    }
}

impl Talk for TokenCheck {
    fn troubles(progress: &AskProgress) -> String {
        of_asking(progress)
    }

    fn failures(outcome: &TokenState) -> String {
        match outcome {
            TokenState::Dead(error) => words(error),
            TokenState::Unknown { why, .. } => words(why),
            _ => String::new(),
        }
    }
}

impl Talk for ServerAccess {
    fn troubles(progress: &AskProgress) -> String {
        of_asking(progress)
    }

    fn failures(outcome: &Access) -> String {
        match outcome {
            Access::TokenDead(error) => words(error),
            Access::Unknown { why, .. } => words(why),
            _ => String::new(),
        }
    }
}

impl Talk for TransientTokenKeeper {
    fn troubles(progress: &TransientTokenProgress) -> String {
        match progress {
            TransientTokenProgress::Asking { trouble, .. }
            | TransientTokenProgress::Holding { trouble, .. } => of(trouble.as_ref()),
            TransientTokenProgress::Refused { error, .. } => words(error),
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Outcome) -> String {
        match *outcome {}
    }

    fn kept(&self, now: SystemTime) -> Option<Secret> {
        self.keep(now)
    }
}

impl Talk for ConnectionChoice {
    fn troubles(progress: &ConnectionProgress) -> String {
        match progress {
            ConnectionProgress::Asking { candidates, .. } => {
                candidates.iter().map(|candidate| format!("{candidate}\n")).collect()
            }
            _ => String::new(),
        }
    }

    fn failures(outcome: &Self::Outcome) -> String {
        of(outcome.as_ref().err())
    }
}

/// Signs as the device's token of the operations is signed: its end is a canary.
struct Key(Jwk);

impl Key {
    fn new() -> Self {
        Self(Jwk::new([7; 32], "key-of-a-television").unwrap())
    }
}

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(*SIGNATURE)
    }
}

/// Whoever has a conversation go on, and looks.
trait Player {
    fn play<C: Talk>(&mut self, talk: C);
}

/// Each conversation, in each of the ways in which it can begin.
fn every_conversation(asking: &Asking, player: &mut impl Player) {
    let Asking { plex_tv, server, token, .. } = asking;
    player.play(plex_tv.short_pin_login());
    player.play(plex_tv.strong_pin_login());
    player.play(plex_tv.short_device_login(Key::new()));
    player.play(plex_tv.strong_device_login(Key::new()));
    player.play(plex_tv.register_device(Key::new(), token.clone()));
    let mut keeper = plex_tv.device_token_keeper(Key::new(), token.clone());
    keeper.renew_now();
    player.play(keeper);
    player.play(plex_tv.token_check(token));
    player.play(plex_tv.server_access(token, "5f0e1c2d"));
    player.play(server.transient_token_keeper());
    let attic = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"canary-Lm6kPz1Hc4Td22","owned":true,
            "sourceTitle":"canary-Rb3vJw8Fs5Ny21","connections":[{{"uri":"{}"}}]}}"#,
        server.url()
    );
    let attic: Resource = serde_json::from_str(&attic).unwrap();
    player.play(attic.choose_connection(plex_tv.identity().clone()));
}

fn both(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

/// Everything that is to be seen of one now.
fn look<C: Talk>(talk: &C, now: SystemTime, seen: &mut Seen) {
    let place = type_name::<C>();
    let progress = talk.progress(now);
    seen.add(place, both(talk) + &both(&progress) + &C::troubles(&progress));
    if let Some(kept) = talk.kept(now) {
        seen.add(place, both(&kept));
    }
}

/// What one call meets in place of its success.
enum Trouble {
    Answer(u16, String),
    Silence,
}

/// In memory, with a clock that is made up.
struct InMemory<'a> {
    seen: &'a mut Seen,
    trouble: &'a Trouble,
    /// Which of its calls meets with that.
    which: usize,
    /// Of which kinds something was kept that holds a secret.
    kept: &'a mut BTreeSet<&'static str>,
    canaries: &'a [String],
    /// What each operation is answered by where all is well.
    successes: &'a BTreeMap<&'static str, &'static str>,
}

impl InMemory<'_> {
    fn answer<T>(&self, call: &Call<T>, which: usize) -> Result<Response<T>, SendError> {
        let reply = call.reply();
        if which != self.which {
            let success = self.successes.get(reply.asked().operation()).expect("an operation");
            return Ok(reply.read(answer(200, success))?);
        }
        match self.trouble {
            Trouble::Answer(status, body) => Ok(reply.read(answer(*status, body))?),
            Trouble::Silence => Err(reply.no_answer(NoAnswerReason::CutOff, true)),
        }
    }
}

impl Player for InMemory<'_> {
    fn play<C: Talk>(&mut self, mut talk: C) {
        let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut calls = 0;
        for _ in 0..12 {
            look(&talk, now, self.seen);
            let holds_one = |kept: &Secret| {
                self.canaries.iter().any(|canary| kept.expose().contains(canary.as_str()))
            };
            if talk.kept(now).is_some_and(|kept| holds_one(&kept)) {
                self.kept.insert(type_name::<C>());
            }
            let step = talk.next(now);
            self.seen.add(type_name::<C>(), both(&step));
            match step {
                Step::Send(id, call) => {
                    let answer = self.answer(&call, calls);
                    self.seen.add(type_name::<C>(), both(&answer.as_ref().map(Response::body)));
                    talk.receive(now, id, answer);
                    calls += 1;
                }
                Step::Wait(time) => now += time.min(Duration::from_secs(3600)),
                Step::Done(outcome) => {
                    self.seen.add(type_name::<C>(), both(&outcome) + &C::failures(&outcome));
                    look(&talk, now, self.seen);
                    return;
                }
            }
        }
    }
}

#[test]
fn nothing_that_a_conversation_shows_holds_a_secret_save_what_is_kept_on_purpose() {
    let (mut seen, mut kept, canaries) = (Seen::default(), BTreeSet::new(), canaries());
    let successes = every_operation().into_iter().map(|it| (it.operation.name, it.success));
    let successes = successes.collect();
    let asking = asking("https://plex.example/api/v2");
    let answers = [200, 401, 422, 502]
        .into_iter()
        .flat_map(|status| echoes().into_iter().map(move |body| Trouble::Answer(status, body)));
    for trouble in answers.chain([Trouble::Silence]) {
        for which in 0..2 {
            let (seen, kept) = (&mut seen, &mut kept);
            let (trouble, canaries, successes) = (&trouble, &canaries, &successes);
            let mut player = InMemory { seen, trouble, which, kept, canaries, successes };
            every_conversation(&asking, &mut player);
        }
    }
    seen.has_none_of(&canaries);
    assert_eq!(kept.len(), 5, "what is kept holds a PIN or a token: {kept:#?}");
}

/// Remembers which conversations there were.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Player for Names {
    fn play<C: Talk>(&mut self, _: C) {
        let name = type_name::<C>().split('<').next().unwrap_or_default();
        self.0.insert(name.rsplit("::").next().unwrap_or_default().to_owned());
    }
}

/// The types that are conversations, as the sources of the core have them.
fn declared(folder: PathBuf) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(declared(path));
        } else {
            let text = std::fs::read_to_string(path).unwrap();
            let code = text.lines().filter(|line| line.starts_with("impl"));
            let types = code.filter_map(|line| line.split_once(" Conversation for "));
            found.extend(types.map(|(_, name)| {
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
            }));
        }
    }
    found
}

#[test]
fn every_conversation_of_the_core_is_searched() {
    let mut names = Names::default();
    every_conversation(&asking("https://plex.example"), &mut names);
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plex-auth-proto/src");
    assert_eq!(names.0, declared(core));
    assert_eq!(names.0.len(), 7);
}

/// Where each call is answered by its success, and the first one of each place by a trouble before that.
fn server(trouble: Option<&(u16, String)>) -> Server {
    let server = Server::http(FakePlex::new());
    server.with(|fake| {
        for every in every_operation() {
            let answer = |status, body: &str| Misbehaviour::answer(status, "", body);
            if let Some((status, body)) = trouble {
                fake.misbehave(&every.path(), answer(*status, body).times(1));
            }
            fake.misbehave(&every.path(), answer(200, every.success));
        }
    });
    server
}

/// Over a transport, one of them alone, since it waits by the clock.
struct Driven<'a> {
    seen: &'a mut Seen,
    carrier: &'a Carrier,
    /// How many are left out before it.
    before: usize,
}

/// How often a driven one is looked at before it is stopped: as often as the longest of them needs.
const LOOKS: usize = 7;

impl Player for Driven<'_> {
    fn play<C: Talk>(&mut self, mut talk: C) {
        let Some(before) = self.before.checked_sub(1) else {
            let (place, mut looks) = (type_name::<C>(), 0);
            let watch = |progress: C::Progress| {
                self.seen.add(place, both(&progress) + &C::troubles(&progress));
                looks += 1;
                if looks > LOOKS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            if let Some(outcome) = self.carrier.drive(&mut talk, watch) {
                self.seen.add(place, both(&outcome) + &C::failures(&outcome));
            }
            look(&talk, SystemTime::now(), self.seen);
            self.before = usize::MAX;
            return;
        };
        self.before = before;
    }
}

/// Counts them.
struct Count(usize);

impl Player for Count {
    fn play<C: Talk>(&mut self, _: C) {
        self.0 += 1;
    }
}

#[test]
fn no_transport_that_drives_a_conversation_shows_or_logs_a_secret() {
    listen();
    let all = canaries().join(" ");
    let troubles = [
        None,
        Some((401, format!(r#"{{"errors":[{{"code":1001,"message":"{all}","status":401}}]}}"#))),
        Some((502, format!("<html><body>{all}</body></html>"))),
        Some((200, format!(r#"{{"{all}":"{all}"}}"#))),
    ];
    let mut count = Count(0);
    every_conversation(&asking("https://plex.example"), &mut count);
    let carriers: [fn() -> Carrier; 2] = [|| Carrier::ureq(None), || Carrier::hyper(None)];
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (before, trouble) in (0..count.0).flat_map(|it| troubles.iter().map(move |at| (it, at)))
        {
            threads.extend(carriers.map(|carrier| {
                scope.spawn(move || {
                    let (server, mut seen) = (server(trouble.as_ref()), Seen::default());
                    let mut player = Driven { seen: &mut seen, carrier: &carrier(), before };
                    every_conversation(&asking(server.url()), &mut player);
                    assert!(server.with(|fake| !fake.requests().is_empty()), "nothing is asked");
                    seen
                })
            }));
        }
        for thread in threads {
            seen.extend(thread.join().unwrap());
        }
    });
    for (target, text) in log().1 {
        seen.add(format!("the log of {target}"), text);
    }
    seen.has_none_of(&canaries());
}
