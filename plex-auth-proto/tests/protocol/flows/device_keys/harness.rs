//! A clock, a key and a plex.tv that are made up, and what a flow meets with there.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    DeviceLogin, DeviceTokenProgress, DeviceTokenRefresher, RefreshError, RequestId,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
use plex_auth_proto::{Call, ClientIdentity, Error, Flow, PlexTv, Step, Token};

pub(crate) const MADE: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
pub(crate) const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
pub(crate) const LINKED: &str = r#"{"id":2147483650,"authToken":"eyJh.eyJp.c2ln"}"#;
pub(crate) const GONE: &str = r#"{"errors":[{"code":1020}]}"#;
pub(crate) const NONCE: &str = r#"{"nonce":"b7d0-41c9"}"#;
pub(crate) const REMOVED: &str = r#"{"errors":[{"code":1097}]}"#;
pub(crate) const HOUR: u64 = 60 * 60;
pub(crate) const DAY: u64 = 24 * HOUR;

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    Answer(u16, &'static str),
    /// The nonce, from a plex.tv whose clock says so.
    NonceAt(&'static str),
    /// A token that is good for a week from so many seconds after the start.
    Exchanged(u64),
    RetryAfter(&'static str),
    Silence(bool),
}

pub(crate) use Fate::{Answer, Exchanged, NonceAt, RetryAfter, Silence};

/// A key that can be locked.
pub(crate) struct Key {
    pub(crate) jwk: Jwk,
    pub(crate) locked: Cell<bool>,
    pub(crate) signed: Cell<usize>,
}

impl Key {
    pub(crate) fn new() -> Self {
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

pub(crate) fn plex_tv(identifier: &str) -> PlexTv {
    PlexTv::new(ClientIdentity::builder(identifier).build().unwrap())
}

/// Tue, 14 Nov 2023 22:13:20 GMT
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Plex's token that was issued so many seconds after the start.
pub(crate) fn jwt(issued: u64) -> String {
    let issued = 1_700_000_000 + issued;
    let claims = format!(r#"{{"iat":{issued},"exp":{}}}"#, issued + 7 * DAY);
    format!("{}.{}.c2ln", base64(r#"{"alg":"EdDSA"}"#), base64(&claims))
}

pub(crate) fn base64(text: &str) -> String {
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

pub(crate) fn decoded(text: &str) -> String {
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

pub(crate) fn answer<T>(call: &Call<T>, fate: &Fate) -> Result<Response<T>, Error> {
    let reply = call.reply();
    let read = |response: Response<String>| reply.read(response).map_err(Error::from);
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
        Silence(sent) => Err(reply.transport_error(TransportErrorKind::CutOff, *sent)),
    }
}

/// A flow with a clock.
pub(crate) struct Play<C: Flow> {
    pub(crate) flow: C,
    pub(crate) now: SystemTime,
    /// What was sent when, in seconds since the start.
    pub(crate) sent: Vec<(u64, String)>,
    /// What went along with the last call.
    pub(crate) body: String,
    pub(crate) outcome: Option<C::Output>,
}

impl<C: Flow> Play<C> {
    pub(crate) fn with(flow: C) -> Self {
        Self { flow, now: start(), sent: Vec::new(), body: String::new(), outcome: None }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.now.duration_since(start()).unwrap_or_default().as_secs()
    }

    /// Waits until something is sent, which it returns, or it is over.
    pub(crate) fn sends(&mut self) -> Option<(RequestId, Call<C::Response>)> {
        for _ in 0..10_000 {
            match self.flow.poll(self.now) {
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
    pub(crate) fn meets(&mut self, fate: Fate) -> &mut Self {
        let (id, call) = self.sends().expect("a call");
        self.flow.complete(self.now, id, answer(&call, &fate));
        self
    }

    pub(crate) fn meet(&mut self, fates: impl IntoIterator<Item = Fate>) -> &mut Self {
        for fate in fates {
            self.meets(fate);
        }
        self
    }

    pub(crate) fn ends(&mut self) -> C::Output {
        assert!(self.sends().is_none(), "it goes on");
        assert!(matches!(self.flow.poll(self.now), Step::Wait(_)), "that is said once");
        self.outcome.take().unwrap()
    }

    pub(crate) fn times(&self, place: &str) -> Vec<u64> {
        self.sent.iter().filter(|(_, at)| at == place).map(|(time, _)| *time).collect()
    }

    pub(crate) fn gaps(&self, place: &str) -> Vec<u64> {
        self.times(place).windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    pub(crate) fn last(&self) -> (u64, &str) {
        let (time, place) = self.sent.last().unwrap();
        (*time, place)
    }
}

pub(crate) fn refresher(key: &Key) -> Play<DeviceTokenRefresher<&Key>> {
    let token = Token::new(jwt(0)).unwrap();
    Play::with(plex_tv("id").device_token_refresher(key, token))
}

/// One that has no token yet.
pub(crate) fn first(key: &Key) -> Play<DeviceTokenRefresher<&Key>> {
    let saved = r#"{"clientIdentifier":"id","keyId":"den"}"#;
    Play::with(DeviceTokenRefresher::restore(plex_tv("id"), key, saved).unwrap())
}

pub(crate) fn login(key: &Key) -> Play<DeviceLogin<&Key>> {
    Play::with(plex_tv("id").short_device_login(key))
}

pub(crate) fn last_error(play: &Play<DeviceTokenRefresher<&Key>>) -> Option<RefreshError> {
    match play.flow.progress(play.now) {
        DeviceTokenProgress::Active { last_error, .. }
        | DeviceTokenProgress::Requesting { last_error, .. }
        | DeviceTokenProgress::Registering { last_error, .. } => last_error,
        progress => panic!("{progress:?}"),
    }
}
