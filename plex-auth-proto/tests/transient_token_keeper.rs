//! The keeper of a transient token, with a clock and a media server that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Call, ClientIdentity, Conversation, InvalidKeptTransientToken, MediaServer, NoAnswerReason,
    RequestId, SendError, Step, Token, TransientToken, TransientTokenKeeper,
    TransientTokenProgress as Progress, TransientTokenReason as Reason,
};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_oneof, proptest,
};

const HOUR: u64 = 3600;

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    /// A token with this number.
    Token(u32),
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Silence,
}

use Fate::{Answer, RetryAfter, Silence};

impl Fate {
    fn of(&self, call: &Call<TransientToken>) -> Result<Response<TransientToken>, SendError> {
        let reply = call.reply();
        let builder = Response::builder();
        let response = match self {
            Self::Token(number) => {
                let body = format!(r#"<MediaContainer size="0" token="transient-5ea1-{number}"/>"#);
                return Ok(reply.read(Response::new(body))?);
            }
            Answer(status, body) => builder.status(*status).body(*body),
            RetryAfter(wait) => builder.status(503).header("retry-after", *wait).body(""),
            Silence => return Err(reply.no_answer(NoAnswerReason::Unreachable, false)),
        };
        Ok(reply.read(response.unwrap())?)
    }
}

fn server_at(url: &str, identifier: &str) -> MediaServer {
    let me = ClientIdentity::builder(identifier).build().unwrap();
    MediaServer::new(me, url.parse().unwrap(), Token::new("s3rv3r").unwrap())
}

fn keeper() -> TransientTokenKeeper {
    server_at("http://10.0.0.7:32400", "id").transient_token_keeper()
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A keeper with a clock.
struct Play {
    keeper: TransientTokenKeeper,
    now: SystemTime,
    /// After how many seconds each call was sent.
    sent: Vec<u64>,
}

impl Play {
    fn new(keeper: TransientTokenKeeper) -> Self {
        Self { keeper, now: start(), sent: Vec::new() }
    }

    fn passed(&self) -> u64 {
        self.now.duration_since(start()).unwrap().as_secs()
    }

    /// Waits until something is sent, for three days at most.
    fn sends(&mut self) -> Option<(RequestId, Call<TransientToken>)> {
        let until = self.now + Duration::from_secs(72 * HOUR);
        loop {
            match self.keeper.next(self.now) {
                Step::Send(id, call) => {
                    self.sent.push(self.passed());
                    return Some((id, call));
                }
                Step::Wait(time) => {
                    assert!(!time.is_zero(), "a busy loop");
                    if time > until.duration_since(self.now).unwrap() {
                        self.now = until;
                        return None;
                    }
                    self.now += time;
                }
                Step::Done(never) => match never {},
            }
        }
    }

    fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.keeper.receive(self.now, id, fate.of(&call));
        self
    }

    fn token(&self) -> Option<&str> {
        self.keeper.token().map(Token::expose)
    }

    fn is_refused(&mut self) -> &mut Self {
        let token = self.keeper.token().expect("a token").clone();
        self.keeper.refused(self.now, &token);
        self
    }

    fn reason(&self) -> Reason {
        match self.keeper.progress(self.now) {
            Progress::Holding { reason, .. } => reason,
            progress => panic!("{progress:?}"),
        }
    }
}

#[test]
fn a_token_is_had_at_once_and_renewed_an_hour_before_its_end() {
    let mut play = Play::new(keeper());
    assert!(matches!(play.keeper.progress(play.now), Progress::Asking { trouble: None, .. }));
    play.meets(Fate::Token(1));
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-1"), Reason::First));
    play.meets(Fate::Token(2)).meets(Fate::Token(3));
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-3"), Reason::Renewal));
    assert_eq!(play.sent, [0, 47 * HOUR, 94 * HOUR]);

    let mut play = Play::new(keeper().jitter(Duration::from_secs(600)));
    play.meets(Fate::Token(1)).meets(Fate::Token(2));
    assert_eq!(play.sent, [0, 47 * HOUR + 600], "the first at once");
}

#[test]
fn trouble_costs_no_token_before_its_time_is_over() {
    let mut play = Play::new(keeper());
    play.meets(Fate::Token(1));
    let mut held = Vec::new();
    while play.passed() < 49 * HOUR {
        play.meets(Silence);
        held.push((play.passed(), play.token().is_some()));
    }
    for (passed, held) in held {
        assert_eq!(held, passed < 48 * HOUR, "{passed}");
    }
    let gaps: Vec<_> = play.sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[1..11], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    let Progress::Asking { trouble: Some(_), left, .. } = play.keeper.progress(play.now) else {
        panic!()
    };
    assert_eq!(left.as_secs(), 300);
    play.meets(Fate::Token(2));
    assert_eq!(play.token(), Some("transient-5ea1-2"));

    // Between two calls, with nobody refusing anything, it ends by itself, too.
    let mut play = Play::new(keeper());
    play.meets(Fate::Token(1)).meets(RetryAfter("7200"));
    play.sends();
    assert_eq!((play.passed(), play.token()), (49 * HOUR, None));
    let mut play = Play::new(keeper());
    play.meets(RetryAfter("99999999999")).meets(Silence);
    assert_eq!(play.sent[1], 24 * HOUR, "nothing is left alone for ever");
}

#[test]
fn a_server_that_was_restarted_is_asked_once_for_another() {
    let mut play = Play::new(keeper().jitter(Duration::from_secs(30)));
    play.meets(Fate::Token(1));
    let first = play.keeper.token().unwrap().clone();
    play.now += Duration::from_secs(HOUR);
    for _ in 0..100 {
        play.keeper.refused(play.now, &first);
    }
    assert_eq!(play.token(), None);
    play.meets(Silence).meets(Fate::Token(2));
    assert_eq!(play.sent[1..], [HOUR + 30, HOUR + 32]);
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-2"), Reason::Restart));
    // A late answer speaks of the one before.
    play.keeper.refused(play.now, &first);
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    // Nor does a refusal hurry a server that asked to be left alone.
    play.meets(RetryAfter("600")).is_refused().meets(Fate::Token(3));
    assert_eq!(play.sent[4] - play.sent[3], 600);
}

#[test]
fn a_server_that_refuses_what_it_hands_out_is_not_asked_in_a_loop() {
    let mut play = Play::new(keeper());
    for number in 0..12 {
        play.meets(Fate::Token(number)).is_refused();
    }
    let gaps: Vec<_> = play.sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    // One that has held for a while was not refused out of hand.
    play.meets(Fate::Token(20));
    play.now += Duration::from_secs(HOUR);
    let refused_at = play.passed();
    play.is_refused().meets(Fate::Token(21));
    assert_eq!(play.sent.last(), Some(&refused_at));
}

#[test]
fn where_the_token_that_asks_is_refused_it_says_so_and_stops() {
    for status in [401, 403] {
        let mut play = Play::new(keeper());
        play.meets(Fate::Token(1)).is_refused().meets(Answer(status, "<html>"));
        let Progress::Refused { error, token, .. } = play.keeper.progress(play.now) else {
            panic!()
        };
        assert_eq!((error.status().as_u16(), token.is_some()), (status, false));
        assert!(play.sends().is_none(), "it goes on");

        // Until it is told otherwise, in either way.
        play.keeper.ask_again();
        play.meets(Answer(status, ""));
        play.keeper.use_token(Token::new("an0ther").unwrap());
        let (id, call) = play.sends().unwrap();
        assert_eq!(call.request().headers()["x-plex-token"], "an0ther");
        play.keeper.receive(play.now, id, Fate::Token(2).of(&call));
        assert_eq!(play.token(), Some("transient-5ea1-2"));
    }
    // The one at hand is handed out until it ends.
    let mut play = Play::new(keeper());
    play.meets(Fate::Token(1)).meets(Answer(401, ""));
    let Progress::Refused { token: Some(_), .. } = play.keeper.progress(play.now) else { panic!() };
    play.keeper.ask_again();
    let _ = play.keeper.next(play.now);
    assert_eq!(play.token(), Some("transient-5ea1-1"));
}

#[test]
fn another_token_that_asks_is_used_at_once_and_does_not_hurry() {
    let mut play = Play::new(keeper());
    let (id, call) = play.sends().unwrap();
    play.keeper.use_token(Token::new("an0ther").unwrap());
    play.keeper.receive(play.now, id, Answer(401, "").of(&call));
    play.meets(Fate::Token(1));
    assert_eq!(play.sent, [0, 1], "what the one before met with is forgotten");
    play.keeper.ask_again();
    assert!(matches!(play.keeper.next(play.now), Step::Wait(_)), "it need not be told");
}

#[test]
fn a_call_of_which_nothing_comes_is_made_again_after_a_minute() {
    let mut play = Play::new(keeper());
    let (lost, call) = play.sends().unwrap();
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [0, 60]);
    play.keeper.receive(play.now, lost, Fate::Token(1).of(&call));
    assert_eq!(play.token(), Some("transient-5ea1-2"));
}

#[test]
fn a_server_that_takes_longer_than_a_minute_is_heard_all_the_same() {
    for takes in [65, 130] {
        let mut play = Play::new(keeper());
        let mut asked = Vec::new();
        while play.passed() < takes - takes % 60 {
            asked.extend(play.sends());
        }
        play.now = start() + Duration::from_secs(takes);
        let (slow, call) = &asked[0];
        // A late "no" is not heard, as the call that has followed will be told the same.
        play.keeper.receive(play.now, *slow, Answer(401, "").of(call));
        play.keeper.receive(play.now, *slow, Fate::Token(1).of(call));
        assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-1"), Reason::First));
        // What comes of those that followed changes nothing.
        for (id, call) in &asked {
            play.keeper.receive(play.now, *id, Fate::Token(2).of(call));
        }
        assert_eq!(play.token(), Some("transient-5ea1-1"));
        // Its time counts from the first of them.
        play.meets(Fate::Token(3));
        assert_eq!(play.sent.last(), Some(&(47 * HOUR)));
    }

    // Where so long passes that it may have ended, the next one is waited for.
    let mut play = Play::new(keeper());
    let (slow, call) = play.sends().unwrap();
    play.now += Duration::from_secs(48 * HOUR);
    let (next, next_call) = play.sends().unwrap();
    play.keeper.receive(play.now, slow, Fate::Token(1).of(&call));
    assert_eq!(play.token(), None);
    play.keeper.receive(play.now, next, Fate::Token(2).of(&next_call));
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    assert!(play.keeper.keep(play.now + Duration::from_secs(48 * HOUR - 1)).is_some());
}

#[test]
fn a_clock_that_jumps_and_a_machine_that_sleeps_do_no_harm() {
    let mut play = Play::new(keeper());
    play.meets(Fate::Token(1));
    play.now += Duration::from_secs(100 * HOUR);
    assert!(matches!(play.keeper.progress(play.now), Progress::Asking { .. }));
    play.meets(Fate::Token(2));
    let before = play.now;
    play.now -= Duration::from_secs(50 * HOUR);
    let back = play.now;
    let _ = play.keeper.next(play.now);
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    play.meets(Fate::Token(3));
    assert_eq!(play.now.duration_since(back).unwrap().as_secs(), 47 * HOUR);
    assert!(play.now < before);
}

/// How many keepers ask in each second, where servers are restarted under all of them at once.
fn busiest_second(keepers: u32, spread: Duration) -> u32 {
    let mut seconds = BTreeMap::<u64, u32>::new();
    for number in 0..keepers {
        let jitter = spread * number / keepers;
        let mut play = Play::new(keeper().jitter(jitter));
        play.meets(Fate::Token(1));
        play.now = start() + Duration::from_secs(HOUR);
        play.is_refused();
        // They come up again after a minute, and are asked again 47 hours later.
        while play.passed() < HOUR + 60 {
            play.meets(Silence);
        }
        play.meets(Fate::Token(2)).meets(Fate::Token(3));
        for second in &play.sent[1..] {
            *seconds.entry(*second).or_default() += 1;
        }
    }
    seconds.into_values().max().unwrap_or_default()
}

#[test]
fn a_restart_under_many_keepers_is_spread_by_their_jitter() {
    assert_eq!(busiest_second(200, Duration::ZERO), 200, "all at once");
    // Each of them asks some six times in the first minute.
    let busiest = busiest_second(6_000, Duration::from_secs(60));
    assert!(busiest <= 6 * 6_000 / 60, "{busiest}");
}

#[test]
fn it_is_kept_and_gone_on_with() {
    let url = "http://10.0.0.7:32400";
    let mut play = Play::new(keeper());
    assert!(play.keeper.keep(play.now).is_none());
    play.meets(Fate::Token(1));
    let kept = play.keeper.keep(play.now).unwrap();
    assert!(!kept.expose().contains("s3rv3r"), "the token that asks is not in it");
    for secret in ["5ea1", "s3rv3r"] {
        assert!(!format!("{:?} {kept:?}", play.keeper).contains(secret));
    }
    assert!(play.keeper.keep(play.now + Duration::from_secs(48 * HOUR)).is_none());

    let later = start() + Duration::from_secs(40 * HOUR);
    let load = |at| TransientTokenKeeper::load(server_at(url, "id"), kept.expose(), at).unwrap();
    let mut play = Play::new(load(later));
    play.now = later;
    assert_eq!(play.token(), Some("transient-5ea1-1"));
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [47 * HOUR]);
    assert!(load(start() + Duration::from_secs(48 * HOUR)).token().is_none(), "its time is over");
    let mut play = Play::new(load(later).jitter(Duration::from_secs(600)));
    play.now = later;
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [47 * HOUR + 600], "the jitter is kept for it, too");
    // A clock that was set back does not lengthen its life.
    let Progress::Holding { left, .. } =
        load(SystemTime::UNIX_EPOCH).progress(SystemTime::UNIX_EPOCH)
    else {
        panic!()
    };
    assert_eq!(left.as_secs(), 48 * HOUR);

    let refusal = |server, kept: &str| TransientTokenKeeper::load(server, kept, later).unwrap_err();
    let other = refusal(server_at(url, "other"), kept.expose());
    assert_eq!(other, InvalidKeptTransientToken::OtherIdentifier);
    let other = refusal(server_at("http://10.0.0.8:32400", "id"), kept.expose());
    assert_eq!(other, InvalidKeptTransientToken::OtherServer);
    for broken in ["", "{}", "[]", r#"{"token":"a b","endsAt":1,"clientIdentifier":"id"}"#] {
        let error = refusal(server_at(url, "id"), broken);
        assert_eq!(error, InvalidKeptTransientToken::Unreadable, "{broken}");
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    let waits = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    let bodies = ["", "<html>", "{}", "<MediaContainer size='0'/>"];
    prop_oneof![
        4 => any::<u32>().prop_map(Fate::Token),
        1 => (100_u16..600).prop_map(|status| Answer(status, "")),
        1 => (0..bodies.len()).prop_map(move |which| Answer(200, bodies[which])),
        1 => (0..waits.len()).prop_map(move |which| RetryAfter(waits[which])),
        1 => any::<bool>().prop_map(|_| Silence),
    ]
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_it_goes_on_and_hands_out_what_the_server_gave_for_its_time_alone(
        rounds in vec((fate(), 0_u64..100, any::<bool>(), prop_oneof![
            4 => any::<bool>().prop_map(|_| 0), 1 => -400_000_i64..400_000
        ]), 1..40),
        jitter in 0_u64..10_000,
    ) {
        let mut keeper = keeper().jitter(Duration::from_secs(jitter));
        let jumps = rounds.iter().any(|(.., jump)| *jump > 0);
        let goes_back = rounds.iter().any(|(.., jump)| *jump < 0);
        // By a clock that does not jump.
        let (mut now, mut passed) = (start(), Duration::ZERO);
        let (mut last_sent, mut given) = (None::<Duration>, None::<(String, Duration)>);
        let (mut round, mut sent) = (0, 0);
        for _ in 0..400 {
            let (fate, takes, refuses, jump) = &rounds[round % rounds.len()];
            match keeper.next(now) {
                Step::Send(id, call) => {
                    if let Some(last) = last_sent {
                        prop_assert!(jumps || passed - last >= Duration::from_secs(1));
                    }
                    (round, sent) = (round + 1, sent + 1);
                    last_sent = Some(passed);
                    let asked_at = passed;
                    // Some answers never come.
                    if *takes < 90 {
                        let takes = Duration::from_secs(*takes % 50);
                        (now, passed) = (now + takes, passed + takes);
                        let by = Duration::from_secs(jump.unsigned_abs());
                        now = if *jump < 0 { now - by } else { now + by };
                        keeper.receive(now, id, fate.of(&call));
                        match fate {
                            Fate::Token(number) => {
                                given = Some((format!("transient-5ea1-{number}"), asked_at));
                            }
                            Answer(401 | 403 | 498, _) => {
                                let refused = matches!(keeper.progress(now), Progress::Refused { .. });
                                prop_assert!(refused);
                                prop_assert!(matches!(keeper.next(now), Step::Wait(_)));
                                keeper.ask_again();
                            }
                            _ => {}
                        }
                        if let (true, Some(token)) = (refuses, keeper.token().cloned()) {
                            keeper.refused(now, &token);
                            given = None;
                        }
                    }
                }
                Step::Wait(time) => {
                    prop_assert!(time >= Duration::from_millis(1), "a busy loop");
                    prop_assert!(time <= Duration::from_secs(48 * HOUR), "it has stopped");
                    (now, passed) = (now + time, passed + time);
                }
                Step::Done(never) => match never {},
            }
            if let Some(token) = keeper.token() {
                let (expected, since) = given.as_ref().expect("it was given");
                prop_assert!(token.expose() == expected);
                let age = passed - *since;
                prop_assert!(goes_back || age <= Duration::from_secs(48 * HOUR), "{age:?}");
            }
        }
        prop_assert!(sent > 1, "it has stopped");
    }
}
