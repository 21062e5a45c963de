//! Whether a token is alive and whether a server may be used, with a clock and a plex.tv that are made up.

use std::time::{Duration, SystemTime};

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::{
    Access, AccessError, RequestId, RetryProgress, ServerAccess, TokenCheck, TokenState,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Call, ClientIdentity, Error, Flow, PlexTv, Step, Token};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_oneof, proptest,
};

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Silence(TransportErrorKind),
}

use Fate::{Answer, RetryAfter, Silence};

impl Fate {
    fn of<T>(&self, call: &Call<T>) -> Result<Response<T>, Error> {
        let reply = call.reply();
        let builder = Response::builder();
        let response = match self {
            Answer(status, body) => builder.status(*status).body(*body),
            RetryAfter(wait) => builder.status(429).header("retry-after", *wait).body(""),
            Silence(reason) => return Err(reply.transport_error(*reason, true)),
        };
        Ok(reply.read(response.unwrap())?)
    }
}

const ALIVE: &str = r#"{"id":7,"username":"rosa"}"#;
const SERVERS: &str = r#"[
    {"name":"Rosa's telephone","provides":"player"},
    {"provides":"server","clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":false}]"#;
const OTHERS: &str = r#"[{"provides":"server","clientIdentifier":"0ther"},
    {"provides":"player","clientIdentifier":"5f0e1c2d"},{"provides":"player"}]"#;

fn plex_tv() -> PlexTv {
    PlexTv::new(ClientIdentity::builder("id").build().unwrap())
}

fn token() -> Token {
    Token::new("xyz-Abc_0123456789ab").unwrap()
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A flow with a clock.
struct Play<C> {
    flow: C,
    now: SystemTime,
    /// After how many seconds each call was sent.
    sent: Vec<u64>,
}

impl<C: Flow> Play<C> {
    fn new(flow: C) -> Self {
        Self { flow, now: start(), sent: Vec::new() }
    }

    /// Waits until something is sent, or it is over.
    fn goes_on(&mut self) -> Result<(RequestId, Call<C::Response>), C::Output> {
        loop {
            match self.flow.poll(self.now) {
                Step::Send(id, call) => {
                    self.sent.push(self.now.duration_since(start()).unwrap().as_secs());
                    return Ok((id, call));
                }
                Step::Wait(time) => {
                    assert!(!time.is_zero(), "a busy loop");
                    self.now += time;
                }
                Step::Done(outcome) => return Err(outcome),
            }
        }
    }

    fn meets(&mut self, fate: Fate) -> &mut Self {
        let Ok((id, call)) = self.goes_on() else { panic!("it is over") };
        self.flow.complete(self.now, id, fate.of(&call));
        self
    }

    fn ends(&mut self) -> C::Output {
        let Err(outcome) = self.goes_on() else { panic!("it goes on") };
        assert!(matches!(self.flow.poll(self.now), Step::Wait(Duration::MAX)), "once");
        outcome
    }
}

fn check() -> Play<TokenCheck> {
    Play::new(plex_tv().token_check(&token()))
}

fn access() -> Play<ServerAccess> {
    Play::new(plex_tv().server_access(&token(), "5f0e1c2d"))
}

#[test]
fn a_token_is_alive_or_dead_where_plex_says_so() {
    let TokenState::Valid(account) = check().meets(Answer(200, ALIVE)).ends() else { panic!() };
    assert_eq!(account.username.as_deref(), Some("rosa"));
    assert!(account.auth_token.is_none());
    for dead in [
        Answer(401, r#"{"errors":[{"code":1001}]}"#),
        Answer(401, "<html>"),
        Answer(498, ""),
        Answer(422, r#"{"errors":[{"message":"Invalid token"}]}"#),
    ] {
        let state = check().meets(Answer(502, "")).meets(dead.clone()).ends();
        assert!(matches!(state, TokenState::Invalid(_)), "{dead:?}");
        let access = access().meets(Answer(502, "")).meets(dead.clone()).ends();
        assert!(matches!(access, Access::TokenInvalid(_)), "{dead:?}");
    }
}

#[test]
fn trouble_is_tried_again_at_a_pace_and_within_a_minute() {
    let mut play = check();
    assert!(matches!(play.flow.progress(play.now), RetryProgress::Requesting));
    for fate in [
        Answer(503, ""),
        Silence(TransportErrorKind::NameNotFound),
        Answer(200, "<html>Sign in to the network</html>"),
        Silence(TransportErrorKind::TimedOut(Duration::from_secs(30))),
    ] {
        play.meets(fate);
        let RetryProgress::Waiting { last_error: why, left, .. } = play.flow.progress(play.now)
        else {
            panic!()
        };
        assert!(why.is_retryable() && left >= Duration::from_secs(2));
    }
    play.meets(RetryAfter("20"));
    assert_eq!(play.sent, [0, 2, 6, 14, 30]);
    let Ok((id, call)) = play.goes_on() else { panic!("it is over") };
    assert!(matches!(play.flow.progress(play.now), RetryProgress::Requesting));
    play.flow.complete(play.now, id, Answer(200, ALIVE).of(&call));
    assert_eq!(play.sent.last(), Some(&50));
    assert!(matches!(play.ends(), TokenState::Valid(_)));
    assert!(matches!(play.flow.progress(play.now), RetryProgress::Finished));
}

#[test]
fn what_stays_unknown_says_why_and_when_to_ask_again() {
    let unknown = |play: &mut Play<TokenCheck>| match play.ends() {
        TokenState::Unknown { error: why, retry_in, .. } => {
            (why, retry_in.map(|time| time.as_secs()))
        }
        state => panic!("{state:?}"),
    };
    // A minute of silence.
    let mut play = check();
    for _ in 0..5 {
        play.meets(Silence(TransportErrorKind::Unreachable));
    }
    play.meets(Silence(TransportErrorKind::Unreachable));
    let (why, retry_in) = unknown(&mut play);
    assert_eq!(why.as_transport().unwrap().kind(), TransportErrorKind::Unreachable);
    assert_eq!((play.sent.as_slice(), retry_in), (&[0, 2, 6, 14, 30, 46][..], Some(16)));

    // Longer than anybody waits, at once.
    let mut play = check();
    let (why, retry_in) = unknown(play.meets(RetryAfter("3600")));
    assert_eq!((why.status().unwrap().as_u16(), retry_in), (429, Some(3600)));
    assert_eq!(play.now, start());

    // No slip of a server's is a time that cannot be added to a clock.
    let (_, retry_in) = unknown(check().meets(RetryAfter("18446744073709551615")));
    assert_eq!(retry_in, Some(24 * 3600));

    // What somebody must look at, at once.
    for fate in [
        Answer(400, r#"{"errors":[{"code":1000}]}"#),
        Answer(302, ""),
        Answer(200, "[]"),
        Answer(200, "{}"),
        Answer(200, r#"{"errors":[{"code":1001}]}"#),
        Silence(TransportErrorKind::Tls(TlsErrorKind::UntrustedIssuer)),
        Silence(TransportErrorKind::NotStarted("no runtime is here")),
    ] {
        let mut play = check();
        let (_, retry_in) = unknown(play.meets(fate.clone()));
        assert_eq!((play.now, retry_in), (start(), None), "{fate:?}");
    }
}

#[test]
fn the_bound_holds_whatever_is_under_way() {
    let mut play = Play::new(plex_tv().token_check(&token()).timeout(Duration::from_secs(5)));
    play.meets(Answer(502, ""));
    let (id, call) = play.goes_on().ok().unwrap();
    let TokenState::Unknown { error: why, retry_in, .. } = play.ends() else { panic!() };
    let timed_out = TransportErrorKind::TimedOut(Duration::from_secs(5));
    assert_eq!(why.as_transport().unwrap().kind(), timed_out);
    assert_eq!(retry_in, Some(Duration::from_secs(4)));
    assert_eq!(play.now, start() + Duration::from_secs(5));
    // What comes too late changes nothing.
    play.flow.complete(play.now, id, Answer(401, "").of(&call));
    assert!(matches!(play.flow.poll(play.now), Step::Wait(Duration::MAX)));

    let mut play = Play::new(plex_tv().server_access(&token(), "x").timeout(Duration::ZERO));
    let _ = play.goes_on().ok().unwrap();
    assert!(matches!(play.ends(), Access::Unknown { .. }));
    assert_eq!(play.now, start() + Duration::from_secs(1), "a second at least");
}

#[test]
fn a_server_is_found_by_its_identifier_with_its_token() {
    let mut play = access();
    let (_, call) = play.goes_on().ok().unwrap();
    assert_eq!(call.request().headers()["x-plex-token"], "xyz-Abc_0123456789ab");
    assert!(call.request().uri().path().ends_with("/resources"));

    let Access::Granted(server) = access().meets(Answer(200, SERVERS)).ends() else { panic!() };
    assert_eq!(server.access_token.unwrap().expose(), "s3rv3r");
    assert_eq!(server.owned, Some(false));
    // It is found beside rows that cannot be read, too.
    let beside =
        r#"[7,{"provides":["server"]},{"provides":"server","clientIdentifier":"5f0e1c2d"}]"#;
    assert!(matches!(access().meets(Answer(200, beside)).ends(), Access::Granted(_)));
    // As it was read from a file.
    let mut play = Play::new(plex_tv().server_access(&token(), " 5f0e1c2d\n"));
    assert!(matches!(play.meets(Answer(200, SERVERS)).ends(), Access::Granted(_)));
}

#[test]
fn it_is_denied_only_where_every_row_that_could_be_it_was_read() {
    for none in ["[]", OTHERS, r#"[{"provides":"server","clientIdentifier":"5F0E1C2D"}]"#] {
        assert!(matches!(access().meets(Answer(200, none)).ends(), Access::Denied), "{none}");
    }
    let mut play = Play::new(plex_tv().server_access(&token(), " "));
    assert!(matches!(play.meets(Answer(200, SERVERS)).ends(), Access::Denied));

    for (body, expected) in [
        ("[7]", "."),
        (r#"["a row",{"provides":"player"}]"#, "."),
        (r#"[{"provides":"server","clientIdentifier":[1]}]"#, "0.clientIdentifier"),
        (r#"[{"provides":"player"},{"provides":"server"}]"#, "1.clientIdentifier"),
        (r#"[{"provides":{},"clientIdentifier":"5f0e1c2d"}]"#, "0.provides"),
        (r#"[{}]"#, "0.clientIdentifier"),
    ] {
        let Access::Unknown { error: why, retry_in, .. } = access().meets(Answer(200, body)).ends()
        else {
            panic!("{body}")
        };
        assert_eq!(retry_in, None);
        let text = why.to_string();
        let AccessError::Unreadable { fields, .. } = why else { panic!("{why}") };
        assert_eq!(fields, [expected], "{body}");
        assert_eq!(text, format!("the server may be in a row that cannot be read (at {expected})"));
    }
    // What is no list, or was not Plex's, is no "no".
    for fate in [Answer(200, "{}"), Answer(403, ""), Answer(302, "")] {
        let Access::Unknown { error: AccessError::Failed(_), .. } = access().meets(fate).ends()
        else {
            panic!()
        };
    }
}

#[test]
fn nothing_of_a_token_is_shown() {
    let (mut check, mut access) = (check(), access());
    check.meets(Answer(200, ALIVE));
    access.meets(Answer(200, SERVERS));
    let shown = format!("{:?} {:?}", check.flow, access.flow);
    for secret in ["xyz", "s3rv3r"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    let bodies = [
        ALIVE,
        SERVERS,
        OTHERS,
        "[]",
        "{}",
        "",
        "<html>",
        "{",
        "[7]",
        r#"[{"provides":"server"}]"#,
    ];
    let waits = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    let reasons = [
        TransportErrorKind::CutOff,
        TransportErrorKind::NameNotFound,
        TransportErrorKind::TimedOut(Duration::from_secs(30)),
        TransportErrorKind::NotStarted("no"),
    ];
    prop_oneof![
        (0..bodies.len()).prop_map(move |which| Answer(200, bodies[which])),
        (100_u16..600).prop_map(|status| Answer(status, "")),
        (0..waits.len()).prop_map(move |which| RetryAfter(waits[which])),
        (0..reasons.len()).prop_map(move |which| Silence(reasons[which])),
    ]
}

/// Plays to the end; how many seconds each answer takes, and the clock jumps meanwhile, is given.
fn play<C: Flow>(
    flow: C,
    fates: &[(Fate, u64, i64)],
) -> Result<(C::Output, Vec<Fate>), &'static str> {
    let mut play = Play::new(flow);
    let (mut met, mut passed, mut last_sent) = (Vec::new(), Duration::ZERO, None::<Duration>);
    let mut under_way = None;
    let jumps = fates.iter().any(|(.., jump)| *jump > 0);
    for _ in 0..10_000 {
        let (fate, takes, jump) = &fates[met.len() % fates.len()];
        match play.flow.poll(play.now) {
            Step::Send(id, call) => {
                if last_sent.is_some_and(|last| passed - last < Duration::from_secs(1)) && !jumps {
                    return Err("it hurries");
                }
                last_sent = Some(passed);
                under_way = Some((passed + Duration::from_secs(*takes), id, call));
            }
            Step::Wait(time) if time < Duration::from_millis(1) => return Err("a busy loop"),
            Step::Wait(time) => {
                let answer_in = under_way.as_ref().map(|(at, ..)| at.saturating_sub(passed));
                let time = time.min(answer_in.unwrap_or(time)).min(Duration::from_secs(100_000));
                passed += time;
                play.now += time;
                if under_way.as_ref().is_some_and(|(at, ..)| *at <= passed) {
                    let (_, id, call) = under_way.take().unwrap();
                    let by = Duration::from_secs(jump.unsigned_abs());
                    play.now = if *jump < 0 { play.now - by } else { play.now + by };
                    play.flow.complete(play.now, id, fate.of(&call));
                    met.push(fate.clone());
                }
            }
            Step::Done(outcome) => {
                let over = matches!(play.flow.poll(play.now), Step::Wait(Duration::MAX));
                // Time that a clock went back does not count against the bound.
                let in_time = passed <= Duration::from_secs(60);
                let back = fates.iter().any(|(.., jump)| *jump < 0);
                return match (over, in_time || back) {
                    (true, true) => Ok((outcome, met)),
                    (false, _) => Err("it says so twice"),
                    (_, false) => Err("it took too long"),
                };
            }
        }
    }
    Err("it has not ended")
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_and_whatever_the_clock_does_it_ends_in_what_is_true(
        fates in vec((fate(), 0_u64..100, prop_oneof![
            4 => any::<bool>().prop_map(|_| 0), 1 => -100_000_i64..100_000
        ]), 1..20),
    ) {
        let (state, met) = play(plex_tv().token_check(&token()), &fates).unwrap();
        let last = met.last();
        let said_dead = matches!(last, Some(Answer(401 | 498, _)));
        let said_alive = matches!(last, Some(Answer(_, ALIVE)));
        match state {
            TokenState::Valid(_) => prop_assert!(said_alive),
            TokenState::Invalid(_) => prop_assert!(said_dead),
            _ => prop_assert!(!said_dead && !said_alive, "{last:?}"),
        }

        let (access, met) = play(plex_tv().server_access(&token(), "5f0e1c2d"), &fates).unwrap();
        let last = met.last();
        let said_dead = matches!(last, Some(Answer(401 | 498, _)));
        let said_yes = matches!(last, Some(Answer(_, SERVERS)));
        let said_no = matches!(last, Some(Answer(_, OTHERS | "[]")));
        match access {
            Access::Granted(_) => prop_assert!(said_yes),
            Access::Denied => prop_assert!(said_no),
            Access::TokenInvalid(_) => prop_assert!(said_dead),
            _ => prop_assert!(!said_dead && !said_yes && !said_no, "{last:?}"),
        }
    }
}
