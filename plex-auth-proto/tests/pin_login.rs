//! The PIN login, with a clock and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Call, ClientIdentity, Conversation, InvalidKeptLogin, LinkedPin, NoAnswerReason, PinAnswer,
    PinLogin, PinLoginError, PinProgress, PlexTv, SendError, ShortPin, Step,
};
use proptest::prelude::{
    Just, ProptestConfig as Config, Strategy, TestCaseError, any, prop_assert, prop_assert_eq,
    prop_oneof, proptest,
};

use crate::rush::{Bounds, Rush, lots, rush};

#[path = "device_keys/rush.rs"]
mod rush;

const MADE: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
const LINKED: &str = r#"{"id":2147483650,"authToken":"xyz-Abc_0123456789ab"}"#;
const OVER: &str = r#"{"id":2147483650,"expiresIn":0}"#;
const GONE: &str = r#"{"errors":[{"code":1020,"message":"Code not found or expired"}]}"#;

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Silence(NoAnswerReason),
}

use Fate::{Answer, RetryAfter, Silence};

impl Fate {
    fn of<T>(&self, call: &Call<T>) -> Result<Response<T>, SendError> {
        let reply = call.reply();
        let builder = Response::builder();
        let response = match self {
            Answer(status, body) => builder.status(*status).body(*body),
            RetryAfter(wait) => builder.status(429).header("retry-after", *wait).body(""),
            Silence(reason) => return Err(reply.no_answer(*reason, true)),
        };
        Ok(reply.read(response.unwrap())?)
    }

    fn status(&self) -> Option<u16> {
        match self {
            Answer(status, _) => Some(*status),
            RetryAfter(_) => Some(429),
            Silence(_) => None,
        }
    }
}

type Outcome = Result<LinkedPin, PinLoginError>;

/// A login with a clock.
struct Play {
    login: PinLogin<ShortPin>,
    now: SystemTime,
    /// When each call was sent, by that clock.
    sent: Vec<SystemTime>,
    outcome: Option<Outcome>,
}

fn plex_tv(identifier: &str) -> PlexTv {
    PlexTv::new(ClientIdentity::builder(identifier).build().unwrap())
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

impl Play {
    fn new() -> Self {
        Self::with(plex_tv("id").short_pin_login())
    }

    fn with(login: PinLogin<ShortPin>) -> Self {
        Self { login, now: start(), sent: Vec::new(), outcome: None }
    }

    /// Waits until something is sent, which it returns, or it is over.
    fn sends(&mut self) -> Option<(plex_auth_proto::RequestId, Call<PinAnswer<ShortPin>>)> {
        loop {
            match self.login.next(self.now) {
                Step::Send(id, call) => {
                    self.sent.push(self.now);
                    return Some((id, call));
                }
                Step::Wait(time) => {
                    assert!(!time.is_zero(), "a busy loop");
                    self.now += time;
                }
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
    }

    /// The next call meets this fate.
    fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.login.receive(self.now, id, fate.of(&call));
        self
    }

    fn ends(&mut self) -> Outcome {
        assert!(self.sends().is_none(), "it goes on");
        self.outcome.take().unwrap()
    }

    fn gaps(&self) -> Vec<u64> {
        self.sent
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]).unwrap().as_secs())
            .collect()
    }

    fn left(&self) -> u64 {
        match self.login.progress(self.now) {
            PinProgress::Waiting { left, .. } => left.as_secs(),
            progress => panic!("{progress:?}"),
        }
    }
}

#[test]
fn it_polls_once_a_second_until_somebody_has_linked_the_pin() {
    let mut play = Play::new();
    assert!(matches!(play.login.progress(play.now), PinProgress::Creating));
    play.meets(Answer(201, MADE));
    assert_eq!(play.left(), 900);
    for body in [WAITING, r#"{"id":2147483650,"authToken":""}"#, r#"{"id":2147483650}"#] {
        play.meets(Answer(200, body));
    }
    assert_eq!(play.left(), 897);
    play.meets(Answer(200, LINKED));
    assert_eq!(play.ends().unwrap().auth_token.expose(), "xyz-Abc_0123456789ab");
    assert_eq!(play.gaps(), [1, 1, 1, 1]);
    assert!(matches!(play.login.next(play.now), Step::Wait(Duration::MAX)), "that is said once");
}

#[test]
fn trouble_slows_it_down_and_ends_nothing() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for fate in [
        Answer(200, "<html>Sign in to the network</html>"),
        Answer(502, "<html>Bad Gateway</html>"),
        Silence(NoAnswerReason::NameNotFound),
        Silence(NoAnswerReason::TimedOut(Duration::from_secs(30))),
        Answer(302, ""),
        Answer(404, "<html>no such page</html>"),
        Answer(200, r#"{"id":1,"authToken":"somebody-elses"}"#),
    ] {
        play.meets(fate);
    }
    play.meets(RetryAfter("90"))
        .meets(RetryAfter("abc"))
        .meets(Answer(200, WAITING))
        .meets(Answer(200, LINKED));
    play.ends().unwrap();
    assert_eq!(play.gaps(), [1, 2, 4, 8, 16, 16, 16, 16, 90, 16, 1]);
}

#[test]
fn a_pin_that_is_gone_ends_it() {
    for fate in [Answer(404, GONE), Answer(410, "")] {
        let mut play = Play::new();
        play.meets(Answer(201, MADE)).meets(Answer(200, WAITING)).meets(fate);
        assert!(matches!(play.ends(), Err(PinLoginError::Expired)));
    }
}

#[test]
fn its_time_ends_with_one_more_poll() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..899 {
        play.meets(Answer(200, WAITING));
    }
    play.meets(Answer(200, WAITING));
    assert!(matches!(play.ends(), Err(PinLoginError::Expired)));
    assert_eq!(*play.sent.last().unwrap(), start() + Duration::from_secs(900));

    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..899 {
        play.meets(Answer(200, WAITING));
    }
    play.meets(Answer(200, LINKED));
    assert!(play.ends().is_ok(), "linked in the last second");
}

#[test]
fn a_last_poll_that_nobody_answers_is_tried_again_for_a_while_and_not_called_an_expiry() {
    let mut play = Play::new();
    play.meets(Answer(201, r#"{"id":7,"code":"G7KX","expiresIn":2}"#));
    while play.sends().is_some_and(|(id, call)| {
        let error = call.reply().no_answer(NoAnswerReason::Unreachable, false);
        play.login.receive(play.now, id, Err(error));
        true
    }) {}
    let Some(Err(PinLoginError::Failed(error))) = play.outcome else {
        panic!("{:?}", play.outcome)
    };
    assert_eq!(error.no_answer().unwrap().reason(), NoAnswerReason::Unreachable);
    let over = play.now.duration_since(start()).unwrap().as_secs();
    assert!((32..80).contains(&over), "{over}");
}

#[test]
fn silence_without_end_ends_it_and_makes_no_second_pin() {
    let lost = NoAnswerReason::TimedOut(Duration::from_secs(60));
    let mut play = Play::new();
    play.sends().unwrap();
    let Err(PinLoginError::Failed(error)) = play.ends() else { panic!() };
    let expected =
        "createOAuthPin at https://plex.tv: no whole answer within 60s (outcome unknown)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(play.sent.len(), 1);

    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..100 {
        if play.sends().is_none() {
            break;
        }
    }
    let Some(Err(PinLoginError::Failed(error))) = &play.outcome else { panic!() };
    assert_eq!(error.no_answer().unwrap().reason(), lost);
    let over = play.now.duration_since(start()).unwrap().as_secs();
    assert!((930..1020).contains(&over), "{over}");
    // Slower and slower, and once more when its time is over.
    assert_eq!(play.gaps()[..6], [1, 62, 64, 68, 76, 76]);
    assert!(play.sent.iter().any(|sent| *sent >= start() + Duration::from_secs(900)));

    // An answer that is late does no harm, and the next one that is in time is heard.
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    let (late, call) = play.sends().unwrap();
    play.meets(Answer(200, WAITING));
    play.login.receive(play.now, late, Answer(404, GONE).of(&call));
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn a_clock_that_jumps_and_a_machine_that_sleeps_do_no_harm() {
    // Forward by a day: it asks once more, and Plex says that the PIN lives.
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    play.now += Duration::from_secs(86_400);
    play.meets(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
    assert_eq!(play.left(), 890);
    // Back by a day: nothing waits for a day to come a second time.
    play.now -= Duration::from_secs(86_400);
    let before = play.now;
    play.meets(Answer(200, LINKED));
    assert!(play.now.duration_since(before).unwrap() < Duration::from_secs(3));
    play.ends().unwrap();
}

#[test]
fn one_that_cannot_be_made_says_why() {
    let mut play = Play::new();
    play.meets(Answer(400, r#"{"errors":[{"code":1000}]}"#));
    let Err(PinLoginError::Failed(error)) = play.ends() else { panic!() };
    assert_eq!(error.operation(), "createOAuthPin");

    let mut play = Play::new();
    play.meets(Answer(503, r#"{"errors":[{"code":1013}]}"#))
        .meets(RetryAfter("7"))
        .meets(Answer(201, MADE));
    assert_eq!(play.gaps(), [2, 7]);

    let mut play = Play::new();
    play.meets(RetryAfter("3600"));
    assert!(matches!(play.ends(), Err(PinLoginError::Failed(_))), "nobody waits for an hour");
}

#[test]
fn a_pin_without_number_or_code_is_told_at_its_making() {
    for body in [r#"{"code":"G7KX"}"#, r#"{"id":7}"#, r#"{"id":{},"code":""}"#, "{}", "[]", "null"]
    {
        let mut play = Play::new();
        play.meets(Answer(201, body));
        let Err(PinLoginError::Failed(error)) = play.ends() else { panic!("{body}") };
        assert_eq!((error.operation(), play.sent.len()), ("createOAuthPin", 1), "{body}");
        assert!(!error.may_retry(), "{error}");
    }
}

#[test]
fn a_life_that_cannot_be_is_taken_for_the_usual_one_and_none_is_longer_than_a_day() {
    for (said, life) in [
        ("", 900),
        (r#","expiresIn":0"#, 900),
        (r#","expiresIn":-5"#, 900),
        (r#","expiresIn":"soon""#, 900),
        (r#","expiresIn":"20""#, 20),
        (r#","expiresIn":1000000000000"#, 86_400),
    ] {
        let body = format!(r#"{{"id":2147483650,"code":"G7KX"{said}}}"#);
        let mut play = Play::new();
        play.meets(Answer(201, body.leak()));
        assert_eq!(play.left(), life, "{said}");
        // Asleep, up to a moment before.
        play.now += Duration::from_secs(life - 1);
        play.meets(Answer(200, WAITING)).meets(Answer(200, WAITING));
        assert!(matches!(play.ends(), Err(PinLoginError::Expired)), "{said}");
        assert_eq!(*play.sent.last().unwrap(), start() + Duration::from_secs(life), "{said}");
    }
}

#[test]
fn it_is_renewed_when_the_caller_asks() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(404, GONE));
    play.login.renew();
    assert!(matches!(play.login.progress(play.now), PinProgress::Over), "not told yet");
    play.ends().unwrap_err();
    play.login.renew();
    play.meets(Answer(201, MADE)).meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn it_is_kept_and_gone_on_with() {
    let mut play = Play::new();
    assert!(play.login.keep(play.now).is_none());
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    let kept = play.login.keep(play.now).unwrap();
    assert!(!format!("{:?} {kept:?}", play.login).contains("G7KX"));

    let later = play.now + Duration::from_secs(100);
    let login = PinLogin::load(plex_tv("id"), kept.expose(), later).unwrap();
    let mut play = Play::with(login);
    play.now = later;
    assert_eq!(play.left(), 799);
    let (_, call) = play.sends().unwrap();
    assert!(call.request().uri().path().ends_with("/pins/2147483650"));
    assert_eq!(play.now, later, "at once");

    let load = |identifier: &str, kept: &str| {
        PinLogin::<ShortPin>::load(plex_tv(identifier), kept, later).unwrap_err()
    };
    assert_eq!(load("other", kept.expose()), InvalidKeptLogin::OtherIdentifier);
    for broken in ["", "{}", "[]", r#"{"id":7,"code":"G7KX","clientIdentifier":"id"}"#] {
        assert_eq!(load("id", broken), InvalidKeptLogin::Unreadable, "{broken}");
    }
}

fn fate() -> impl Strategy<Value = Fate> + Clone {
    let reason = NoAnswerReason::CutOff;
    prop_oneof![
        6 => Just(Answer(200, WAITING)),
        1 => (any::<bool>()).prop_map(|made| Answer(201, if made { MADE } else { "{}" })),
        1 => (0_usize..9).prop_map(|which| Answer(
            200,
            [
                WAITING,
                "",
                "<html>",
                "{",
                LINKED,
                r#"{"id":1}"#,
                "[]",
                r#"{"id":2147483650,"expiresIn":900}"#,
                OVER,
            ][which]
        )),
        1 => (100_u16..600)
            .prop_filter("no success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        1 => (0_usize..5).prop_map(|which| RetryAfter(
            ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"][which]
        )),
        1 => Just(Silence(reason)),
        1 => Just(Answer(404, GONE)),
    ]
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_and_whatever_the_clock_does_it_ends_in_time_in_what_is_true(
        lots in lots(Answer(201, MADE), fate()),
    ) {
        let left = |login: &PinLogin<ShortPin>, now| match login.progress(now) {
            PinProgress::Waiting { left, .. } => Some(left),
            _ => None,
        };
        let login = plex_tv("id").short_pin_login();
        // The last poll may be tried again for half a minute, and a call is lost after one.
        let grace = Duration::from_secs(125);
        let bounds = Bounds { pace: Duration::from_secs(1), grace, rounds: 200_000 };
        let rush = rush(login, &lots, bounds, |call, fate| fate.of(call), left);
        let Rush { outcome, met, calls, was_heard, was_over } = rush.map_err(TestCaseError::fail)?;
        let outcome = outcome.expect("an end");
        let came = |wanted: &dyn Fn(&Fate) -> bool| met.iter().any(|(_, fate)| wanted(fate));
        match &outcome {
            Ok(linked) => {
                prop_assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
                prop_assert!(came(&|fate| matches!(fate, Answer(200, LINKED))));
            }
            Err(PinLoginError::Expired) => {
                let is_end = |fate: &Fate| matches!(fate, Answer(404, GONE) | Answer(410, _) | Answer(200, OVER));
                // Answers that lengthen its life again and again do so for twice as long as it was to be.
                prop_assert!(was_over || calls > 1800 || came(&is_end), "{:?}", met.last());
            }
            Err(PinLoginError::Failed(error)) => {
                let said = error.status().map(|status| status.as_u16());
                prop_assert!(said.is_none() || came(&|fate| fate.status() == said), "{error}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        let last = met.last().filter(|(path, _)| was_heard && path.ends_with("/pins/2147483650"));
        match last.map(|(_, fate)| fate) {
            Some(Answer(200, LINKED)) => prop_assert!(outcome.is_ok()),
            Some(Answer(404, GONE)) => {
                prop_assert!(matches!(outcome, Err(PinLoginError::Expired)));
            }
            _ => {}
        }
    }
}
