//! The conversations about a device's key, with a clock, a key and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Call, ClientIdentity, Conversation, DeviceKey, DeviceLogin, DeviceLoginError,
    DeviceLoginProgress, DeviceTokenEnd, DeviceTokenKeeper, DeviceTokenProgress, DeviceTrouble,
    InvalidKeptDevice, Jwk, NoAnswerReason, PlexTv, RequestId, SendError, SignError, Step, Token,
};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_oneof, proptest,
};

const MADE: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
const LINKED: &str = r#"{"id":2147483650,"authToken":"eyJh.eyJp.c2ln"}"#;
const GONE: &str = r#"{"errors":[{"code":1020}]}"#;
const NONCE: &str = r#"{"nonce":"b7d0-41c9"}"#;
const REMOVED: &str = r#"{"errors":[{"code":1097}]}"#;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    Answer(u16, &'static str),
    /// The nonce, from a plex.tv whose clock says so.
    NonceAt(&'static str),
    /// A token that is good for a week from so many seconds after the start.
    Exchanged(u64),
    RetryAfter(&'static str),
    Silence(bool),
}

use Fate::{Answer, Exchanged, NonceAt, RetryAfter, Silence};

/// A key that can be locked.
struct Key {
    jwk: Jwk,
    locked: Cell<bool>,
    signed: Cell<usize>,
}

impl Key {
    fn new() -> Self {
        let jwk = Jwk::new([7; 32], "den").unwrap();
        Self { jwk, locked: Cell::new(false), signed: Cell::new(0) }
    }
}

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        if self.locked.get() {
            return Err(SignError::new("the TPM is locked"));
        }
        self.signed.set(self.signed.get() + 1);
        Ok([1; 64])
    }
}

fn plex_tv(identifier: &str) -> PlexTv {
    PlexTv::new(ClientIdentity::builder(identifier).build().unwrap())
}

/// Tue, 14 Nov 2023 22:13:20 GMT
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Plex's token that was issued so many seconds after the start.
fn jwt(issued: u64) -> String {
    let issued = 1_700_000_000 + issued;
    let claims = format!(r#"{{"iat":{issued},"exp":{}}}"#, issued + 7 * DAY);
    format!("{}.{}.c2ln", base64(r#"{"alg":"EdDSA"}"#), base64(&claims))
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for sextet in 0..=chunk.len() {
            encoded.push(char::from(ALPHABET[(bits >> (18 - 6 * sextet)) as usize & 63]));
        }
    }
    encoded
}

fn decoded(text: &str) -> String {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let bits: Vec<bool> =
        text.bytes().flat_map(|b| (0..6).rev().map(move |i| value(b) >> i & 1 == 1)).collect();
    let bytes =
        bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |b, bit| b << 1 | u8::from(*bit)));
    String::from_utf8(bytes.collect()).unwrap()
}

fn answer<T>(call: &Call<T>, fate: &Fate) -> Result<Response<T>, SendError> {
    let reply = call.reply();
    let read = |response: Response<String>| reply.read(response).map_err(SendError::from);
    let with = |status: u16, body: &str| {
        read(Response::builder().status(status).body(body.to_owned()).unwrap())
    };
    match fate {
        Answer(status, body) => with(*status, body),
        NonceAt(date) => {
            read(Response::builder().header("date", *date).body(NONCE.to_owned()).unwrap())
        }
        Exchanged(issued) => with(200, &format!(r#"{{"auth_token":"{}"}}"#, jwt(*issued))),
        RetryAfter(wait) => read(
            Response::builder()
                .status(429)
                .header("retry-after", *wait)
                .body(String::new())
                .unwrap(),
        ),
        Silence(sent) => Err(reply.no_answer(NoAnswerReason::CutOff, *sent)),
    }
}

/// A conversation with a clock.
struct Play<C: Conversation> {
    talk: C,
    now: SystemTime,
    /// What was sent when, in seconds since the start.
    sent: Vec<(u64, String)>,
    /// What went along with the last call.
    body: String,
    outcome: Option<C::Outcome>,
}

impl<C: Conversation> Play<C> {
    fn with(talk: C) -> Self {
        Self { talk, now: start(), sent: Vec::new(), body: String::new(), outcome: None }
    }

    fn passed(&self) -> u64 {
        self.now.duration_since(start()).unwrap_or_default().as_secs()
    }

    /// Waits until something is sent, which it returns, or it is over.
    fn sends(&mut self) -> Option<(RequestId, Call<C::Answer>)> {
        for _ in 0..10_000 {
            match self.talk.next(self.now) {
                Step::Send(id, call) => {
                    let place = call.request().uri().path().replace("/api/v2", "");
                    self.sent.push((self.passed(), place));
                    self.body = String::from_utf8(call.request().body().as_ref().to_vec()).unwrap();
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
        panic!("it waits for ever");
    }

    /// The next call meets this fate.
    fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.talk.receive(self.now, id, answer(&call, &fate));
        self
    }

    fn meet(&mut self, fates: impl IntoIterator<Item = Fate>) -> &mut Self {
        for fate in fates {
            self.meets(fate);
        }
        self
    }

    fn ends(&mut self) -> C::Outcome {
        assert!(self.sends().is_none(), "it goes on");
        assert!(matches!(self.talk.next(self.now), Step::Wait(_)), "that is said once");
        self.outcome.take().unwrap()
    }

    fn times(&self, place: &str) -> Vec<u64> {
        self.sent.iter().filter(|(_, at)| at == place).map(|(time, _)| *time).collect()
    }

    fn gaps(&self, place: &str) -> Vec<u64> {
        self.times(place).windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn last(&self) -> (u64, &str) {
        let (time, place) = self.sent.last().unwrap();
        (*time, place)
    }
}

fn keeper(key: &Key) -> Play<DeviceTokenKeeper<&Key>> {
    let token = Token::new(jwt(0)).unwrap();
    Play::with(plex_tv("id").device_token_keeper(key, token))
}

/// One that has no token yet.
fn first(key: &Key) -> Play<DeviceTokenKeeper<&Key>> {
    let kept = r#"{"clientIdentifier":"id","keyId":"den"}"#;
    Play::with(DeviceTokenKeeper::load(plex_tv("id"), key, kept).unwrap())
}

fn trouble(play: &Play<DeviceTokenKeeper<&Key>>) -> Option<DeviceTrouble> {
    match play.talk.progress(play.now) {
        DeviceTokenProgress::Held { trouble, .. }
        | DeviceTokenProgress::Getting { trouble, .. }
        | DeviceTokenProgress::Registering { trouble, .. } => trouble,
        progress => panic!("{progress:?}"),
    }
}

#[test]
fn a_token_is_renewed_a_day_before_it_ends_for_ever() {
    let key = Key::new();
    let mut play = keeper(&key);
    for renewal in 1..=10 {
        play.meets(Answer(200, NONCE));
        assert_eq!(play.passed(), renewal * 6 * DAY);
        play.meets(Exchanged(renewal * 6 * DAY));
        assert_eq!(play.talk.renewals(), renewal);
        assert_eq!(play.talk.token().unwrap().expose(), jwt(renewal * 6 * DAY));
    }
    assert_eq!(key.signed.get(), 10);
}

#[test]
fn jitter_puts_a_renewal_off_by_half_a_day_at_the_most_and_a_wait_by_less_than_itself() {
    for (jitter, off, again) in [(0, 0, 30), (1234, 1234, 30 + 1234 % 30), (9 * DAY, DAY / 2, 30)] {
        let key = Key::new();
        let token = Token::new(jwt(0)).unwrap();
        let keeper = plex_tv("id").device_token_keeper(&key, token);
        let mut play = Play::with(keeper.jitter(Duration::from_secs(jitter)));
        play.meet([Answer(503, ""), Answer(503, "")]);
        assert_eq!(play.times("/auth/nonce"), [6 * DAY + off, 6 * DAY + off + again]);
    }
}

#[test]
fn an_outage_is_sat_out_at_a_pace_and_a_token_that_expired_meanwhile_is_renewed() {
    let key = Key::new();
    let mut play = keeper(&key);
    while play.passed() < 9 * DAY {
        play.meets(if play.sent.len() % 2 == 0 { Silence(true) } else { Answer(302, "") });
    }
    assert_eq!(play.gaps("/auth/nonce")[..6], [30, 60, 120, 240, 300, 300]);
    assert!(play.gaps("/auth/nonce").iter().all(|gap| *gap <= 300));
    assert_eq!(play.talk.token().unwrap().expose(), jwt(0), "nothing is lost");
    assert!(matches!(trouble(&play), Some(DeviceTrouble::Send(_))));
    play.meets(Answer(200, NONCE)).meets(Exchanged(9 * DAY));
    assert!(trouble(&play).is_none());
}

#[test]
fn rate_limits_are_kept_and_without_a_figure_the_waits_grow_to_an_hour() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(RetryAfter("90")).meets(RetryAfter("7200")).meets(RetryAfter("99999999999"));
    play.meet((0..6).map(|_| Answer(429, r#"{"errors":[{"code":1003}]}"#)));
    play.meets(Answer(200, NONCE));
    assert_eq!(play.gaps("/auth/nonce"), [90, 7200, DAY, 480, 960, 1920, 3600, 3600, 3600]);
}

#[test]
fn a_nonce_is_used_once_whatever_comes_of_the_exchange() {
    let key = Key::new();
    let mut play = first(&key);
    for fate in [Answer(498, ""), Silence(true), Answer(502, "<html>"), Answer(200, "{}")] {
        play.meets(Answer(200, NONCE)).meets(fate);
        assert_eq!(play.last().1, "/auth/token");
    }
    play.meets(Answer(200, NONCE)).meets(Exchanged(0));
    let places: Vec<_> = play.sent.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(places, ["/auth/nonce", "/auth/token"].repeat(5));
    assert_eq!(play.times("/auth/nonce")[..2], [0, 30]);
}

#[test]
fn what_plex_does_not_take_is_tried_eight_times_and_then_it_says_so() {
    let key = Key::new();
    let mut play = keeper(&key);
    play.meet((0..8).flat_map(|_| [Answer(200, NONCE), Answer(422, "")]));
    let end = play.ends();
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
    assert!(end.to_string().contains("was this key registered?"));
    assert!(play.passed() - 6 * DAY > HOUR);
    assert_eq!(play.talk.token().unwrap().expose(), jwt(0), "which is good for some hours");
}

#[test]
fn a_removed_device_ends_at_once_and_is_told_what_helps() {
    let key = Key::new();
    for fates in [vec![Answer(401, REMOVED)], vec![Answer(200, NONCE), Answer(422, REMOVED)]] {
        let mut play = keeper(&key);
        play.meet(fates);
        let end = play.ends();
        assert!(
            matches!(&end, DeviceTokenEnd::DeviceRemoved(error) if error.wants_new_device_key())
        );
        assert_eq!(
            end.to_string(),
            "Plex does not know the device any more; only a new identifier with a new key helps"
        );
    }
}

#[test]
fn what_is_signed_says_plexs_time() {
    let key = Key::new();
    let mut play = first(&key);
    // Plex's clock is ten minutes and one second ahead.
    play.meets(NonceAt("Tue, 14 Nov 2023 22:23:21 GMT"));
    play.meets(Exchanged(601));
    let claims = decoded(play.body.split('.').nth(1).unwrap());
    assert!(claims.contains(r#""iat":1700000601"#), "{claims}");
    // And when to renew is found by it, too.
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 6 * DAY);
}

#[test]
fn a_device_without_a_clock_asks_plex_first_and_knows_the_time_then() {
    let key = Key::new();
    let kept = keeper(&key).talk.keep();
    let talk = DeviceTokenKeeper::load(plex_tv("id"), &key, kept.expose()).unwrap();
    let mut play = Play::with(talk);
    play.now = SystemTime::UNIX_EPOCH;
    play.meets(NonceAt("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(play.now, SystemTime::UNIX_EPOCH);
    // The token is good, and that nonce too old by the time that one is wanted.
    play.meets(Answer(200, NONCE)).meets(Exchanged(6 * DAY));
    assert_eq!(play.now, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * DAY));
}

#[test]
fn a_clock_that_is_set_back_puts_no_renewal_off() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(NonceAt("Tue, 14 Nov 2023 22:13:20 GMT")).meets(Exchanged(0));
    assert!(matches!(play.talk.next(play.now), Step::Wait(_)));
    play.now -= Duration::from_secs(300 * DAY);
    let back = play.now;
    play.sends().unwrap();
    assert_eq!(play.now, back + Duration::from_secs(6 * DAY));
}

#[test]
fn a_key_that_cannot_sign_is_told_and_tried_again_and_costs_no_nonce() {
    let key = Key::new();
    let mut play = keeper(&key);
    play.meets(Answer(200, NONCE));
    key.locked.set(true);
    let Step::Wait(wait) = play.talk.next(play.now) else { panic!() };
    assert_eq!(wait.as_secs(), 30);
    let error = trouble(&play).unwrap();
    assert_eq!(error.to_string(), "the device's key cannot sign: the TPM is locked");
    play.now += wait;
    let Step::Wait(wait) = play.talk.next(play.now) else { panic!() };
    assert_eq!(wait.as_secs(), 60);
    key.locked.set(false);
    play.meets(Exchanged(6 * DAY));
    assert_eq!((play.times("/auth/nonce").len(), play.talk.renewals()), (1, 1));
    assert!(trouble(&play).is_none());

    // For so long that the nonce is too old.
    play.meets(Answer(200, NONCE));
    key.locked.set(true);
    for _ in 0..4 {
        let Step::Wait(wait) = play.talk.next(play.now) else { panic!() };
        play.now += wait;
    }
    key.locked.set(false);
    play.meets(Answer(200, NONCE)).meets(Exchanged(12 * DAY));
    assert_eq!(play.talk.renewals(), 2);
}

#[test]
fn a_token_that_says_nothing_of_its_end_or_ends_soon_starts_no_storm() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(Answer(200, NONCE)).meets(Answer(200, r#"{"auth_token":"opaque"}"#));
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 6 * DAY);
    // One that ended long ago, by what it says.
    play.meets(Exchanged(0)).meets(Answer(200, NONCE));
    assert!(play.gaps("/auth/nonce")[1] > 0);
    play.meets(Exchanged(0)).meets(Answer(200, NONCE));
    assert!(play.gaps("/auth/nonce")[2] >= 600, "{:?}", play.sent);
}

#[test]
fn a_token_that_plex_declared_dead_is_renewed_when_asked_for() {
    let key = Key::new();
    let mut play = keeper(&key);
    assert!(matches!(play.talk.next(play.now), Step::Wait(_)));
    play.talk.renew_now();
    play.meets(Answer(200, NONCE)).meets(Exchanged(5));
    assert_eq!(play.passed(), 0);
    play.talk.renew_now();
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 600);
}

#[test]
fn a_key_is_registered_once_and_an_unknown_outcome_is_resolved_by_an_exchange() {
    let key = Key::new();
    let old = || Token::new("xyz-Abc_0123456789ab").unwrap();
    for fate in [
        Answer(201, ""),
        Silence(true),
        Answer(502, "<html>"),
        Answer(422, ""),
        Answer(200, "<html>captive</html>"),
    ] {
        let mut play = Play::with(plex_tv("id").register_device(&key, old()));
        let kept = play.talk.keep();
        assert_eq!(kept.expose(), r#"{"clientIdentifier":"id","keyId":"den"}"#);
        play.meet([fate, Answer(200, NONCE), Answer(503, ""), Answer(200, NONCE), Exchanged(0)]);
        assert_eq!(play.times("/auth/jwk").len(), 1);
        assert_eq!(play.talk.renewals(), 1);
    }
    // Nothing has happened: it is registered later.
    let mut play = Play::with(plex_tv("id").register_device(&key, old()));
    play.meet([Silence(false), RetryAfter("90"), Answer(201, ""), Answer(200, NONCE)]);
    assert_eq!(play.gaps("/auth/jwk"), [30, 90]);

    let mut play = Play::with(plex_tv("id").register_device(&key, old()));
    play.meets(Answer(401, r#"{"errors":[{"code":1001}]}"#));
    let DeviceTokenEnd::NotRegistered(error) = play.ends() else { panic!() };
    assert!(error.is_token_dead());
}

#[test]
fn what_is_kept_is_for_one_identifier_and_one_key() {
    let key = Key::new();
    let kept = keeper(&key).talk.keep();
    assert!(!format!("{kept:?} {:?}", keeper(&key).talk).contains("eyJ"));
    let load = |identifier: &str, key: &Key, kept: &str| {
        DeviceTokenKeeper::load(plex_tv(identifier), key, kept).map(|_| ()).unwrap_err()
    };
    assert_eq!(load("other", &key, kept.expose()), InvalidKeptDevice::OtherIdentifier);
    let other = Key { jwk: Jwk::new([8; 32], "attic").unwrap(), ..Key::new() };
    assert_eq!(load("id", &other, kept.expose()), InvalidKeptDevice::OtherKey);
    for broken in ["", "{}", "[]", "null", r#"{"clientIdentifier":"id"}"#] {
        assert_eq!(load("id", &key, broken), InvalidKeptDevice::Unreadable, "{broken}");
    }
    let again = DeviceTokenKeeper::load(plex_tv("id"), &key, kept.expose()).unwrap();
    assert_eq!(again.keep().expose(), kept.expose());
    let mut play = Play::with(again);
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 6 * DAY);
}

fn login(key: &Key) -> Play<DeviceLogin<&Key>> {
    Play::with(plex_tv("id").short_device_login(key))
}

#[test]
fn each_poll_of_a_login_is_signed_anew() {
    let key = Key::new();
    let mut play = login(&key);
    assert!(play.talk.keep(play.now).expose().contains("den"), "before the first call");
    play.meets(Answer(201, MADE));
    let DeviceLoginProgress::Waiting { pin, left, .. } = play.talk.progress(play.now) else {
        panic!()
    };
    assert_eq!((pin.short().unwrap().pin().code.expose(), left.as_secs()), ("G7KX", 900));
    play.meet((0..600).map(|_| Answer(200, WAITING))).meets(Answer(200, LINKED));
    assert_eq!(play.ends().unwrap().auth_token.expose(), "eyJh.eyJp.c2ln");
    assert_eq!(key.signed.get(), 601);
    assert!(play.times("/auth/nonce").is_empty());
}

#[test]
fn a_login_whose_answer_may_be_lost_asks_for_a_token_before_it_gives_up() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE), Answer(200, NONCE)]);
    assert!(matches!(play.talk.progress(play.now), DeviceLoginProgress::Exchanging));
    play.meets(Exchanged(0));
    assert_eq!(play.ends().unwrap().auth_token.expose(), jwt(0));

    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE)]);
    play.meet([Answer(200, NONCE), Answer(422, "")]);
    assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
    play.talk.renew();
    play.meets(Answer(201, MADE));

    // Nothing was lost.
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(false), Answer(404, GONE)]);
    assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
}

#[test]
fn a_login_whose_key_plex_knows_already_needs_no_pin() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(422, ""), Answer(200, NONCE), Exchanged(0)]);
    play.ends().unwrap();
    for (fate, wants_new) in [(Answer(401, REMOVED), true), (Answer(422, ""), false)] {
        let mut play = login(&key);
        play.meet([Answer(422, ""), Answer(200, NONCE), fate]);
        let Err(DeviceLoginError::Failed(error)) = play.ends() else { panic!() };
        assert_eq!(error.wants_new_device_key(), wants_new);
    }
}

#[test]
fn a_login_whose_key_cannot_sign_says_so_and_goes_on() {
    let key = Key::new();
    let mut play = login(&key);
    play.meets(Answer(201, MADE));
    key.locked.set(true);
    play.now += Duration::from_secs(1);
    assert!(matches!(play.talk.next(play.now), Step::Wait(_)));
    let DeviceLoginProgress::Waiting { sign_error, .. } = play.talk.progress(play.now) else {
        panic!()
    };
    assert_eq!(sign_error.unwrap().reason(), "the TPM is locked");
    key.locked.set(false);
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();

    let mut play = login(&key);
    play.meets(Answer(201, MADE));
    key.locked.set(true);
    assert!(matches!(play.ends(), Err(DeviceLoginError::CannotSign(_))));
    assert!((930..960).contains(&play.passed()), "{}", play.passed());
}

#[test]
fn a_login_is_kept_and_gone_on_with() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Answer(200, WAITING)]);
    let kept = play.talk.keep(play.now);
    assert!(!format!("{:?}", play.talk).contains("G7KX"));
    let load =
        |identifier: &str| DeviceLogin::load(plex_tv(identifier), &key, kept.expose(), play.now);
    assert_eq!(load("other").map(|_| ()).unwrap_err(), InvalidKeptDevice::OtherIdentifier);
    let mut again = Play::with(load("id").unwrap());
    again.now = play.now;
    again.meets(Answer(200, LINKED));
    assert_eq!(again.last(), (1, "/pins/2147483650"));
    again.ends().unwrap();
    // The keeper, too, where it was linked.
    let mut again =
        Play::with(DeviceTokenKeeper::load(plex_tv("id"), &key, kept.expose()).unwrap());
    again.meets(Answer(200, NONCE)).meets(Exchanged(0));
}

#[test]
fn the_state_of_a_device_takes_less_than_two_kilobytes() {
    let key = Key::new();
    let identity = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap();
    // A token as long as Plex's.
    let token = jwt(0) + &"x".repeat(536 - jwt(0).len());
    let kept = format!(
        r#"{{"clientIdentifier":"{}","keyId":"den","token":"{token}"}}"#,
        identity.identifier()
    );
    let plex_tv = PlexTv::new(identity);
    let mut keeper = None;
    let heap = allocation_counter::measure(|| {
        let plex_tv = plex_tv.clone();
        keeper = DeviceTokenKeeper::load(plex_tv, &key, &kept).ok();
    });
    let size = size_of::<DeviceTokenKeeper<&Key>>();
    let heap = usize::try_from(heap.bytes_current).unwrap();
    println!("{size} bytes, and {heap} on the heap");
    assert!(keeper.is_some_and(|keeper| keeper.token().is_some()) && size + heap < 2048);
}

fn fate() -> impl Strategy<Value = Fate> {
    const BODIES: [&str; 10] =
        [MADE, WAITING, NONCE, "", "<html>", "{", LINKED, "[]", r#"{"auth_token":"x"}"#, REMOVED];
    const WAITS: [&str; 5] = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    const DATES: [&str; 4] = [
        "Tue, 14 Nov 2023 22:23:21 GMT",
        "soon",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    prop_oneof![
        (0_usize..10).prop_map(|which| Answer(200, BODIES[which])),
        (100_u16..600)
            .prop_filter("no success", |status| !(200..300).contains(status))
            .prop_map(|status| Answer(status, "")),
        (0_usize..5).prop_map(|which| RetryAfter(WAITS[which])),
        (0_usize..4).prop_map(|which| NonceAt(DATES[which])),
        (0_u64..400).prop_map(|days| Exchanged(days * DAY)),
        any::<bool>().prop_map(Silence),
        any::<bool>().prop_map(|removed| Answer(404, if removed { REMOVED } else { GONE })),
    ]
}

/// Drives a conversation through whatever comes, and returns what it ended in, or nothing after so many rounds.
fn rush<C: Conversation>(
    mut talk: C,
    key: &Key,
    fates: &[(Fate, i64, bool)],
    mut look: impl FnMut(&C, &Fate),
) -> Option<C::Outcome> {
    let mut now = start();
    let mut sends_in_a_row = 0;
    for round in 0..6_000 {
        let (fate, jump, odd) = &fates[round % fates.len()];
        key.locked.set(*odd && round % 3 == 0);
        match talk.next(now) {
            Step::Send(id, call) => {
                sends_in_a_row += 1;
                assert!(
                    sends_in_a_row <= 3 || fates.iter().any(|(_, jump, odd)| *odd && *jump > 0)
                );
                if *odd {
                    let by = Duration::from_secs(jump.unsigned_abs());
                    now = if *jump < 0 { now - by } else { now + by };
                }
                talk.receive(now, id, answer(&call, fate));
                look(&talk, fate);
            }
            Step::Wait(time) => {
                sends_in_a_row = 0;
                assert!(time >= Duration::from_millis(1), "a busy loop");
                now += time.min(Duration::from_secs(100_000_000_000));
            }
            Step::Done(outcome) => return Some(outcome),
        }
        let _ = talk.progress(now);
    }
    None
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_a_keeper_never_hurries_and_ends_only_where_plex_said_so(
        fates in vec((fate(), -100_000_i64..100_000, any::<bool>()), 1..40),
    ) {
        let key = Key::new();
        let mut renewals = 0;
        let end = rush(keeper(&key).talk, &key, &fates, |talk, fate| {
            assert!(talk.token().is_some(), "it is never lost");
            let is_new = talk.renewals() > renewals;
            assert!(!is_new || matches!(fate, Exchanged(_) | Answer(200, _)));
            renewals = talk.renewals();
        });
        let said = |wanted: &[u16]| fates.iter().any(|(fate, ..)| matches!(fate, Answer(status, _) if wanted.contains(status)));
        match end {
            None => {}
            Some(DeviceTokenEnd::DeviceRemoved(_)) => prop_assert!(said(&[404])),
            Some(DeviceTokenEnd::KeyRefused(_)) => prop_assert!(said(&[400, 422])),
            Some(end) => prop_assert!(false, "{end}"),
        }
    }

    #[test]
    fn whatever_comes_a_login_ends_and_never_hurries(
        fates in vec((fate(), -100_000_i64..100_000, any::<bool>()), 1..40),
    ) {
        let key = Key::new();
        let end = rush(login(&key).talk, &key, &fates, |_, _| {});
        match end {
            Some(Ok(linked)) => prop_assert!(!linked.auth_token.expose().is_empty()),
            Some(Err(_)) => {}
            None => prop_assert!(false, "it has not ended"),
        }
    }
}
