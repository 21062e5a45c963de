//! Ten thousand devices that renew their tokens for a month, an outage of a day included, in a time of their own.
//!
//! `cargo run --release -p plex-auth-tests --example fleet [DEVICES]` prints how many requests a second that makes, and
//! how long it takes after the outage until every token is good again. A plex.tv that takes fifty requests a second
//! and refuses the others (429, without a `Retry-After`) answers.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "an example may")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::error::Error;
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::http::header::DATE;
use plex_auth_proto::{
    ClientIdentity, Conversation, DeviceTokenKeeper, Ed25519Key, NoAnswerReason, PlexJwt, PlexTv,
    SendError, Step, Token,
};
use plex_auth_tests::{FakePlex, Who};

const DAY: u64 = 24 * 60 * 60;
const START: u64 = 1_700_000_000;
const OUTAGE: std::ops::Range<u64> = START + 14 * DAY..START + 15 * DAY;
/// How many requests a second plex.tv takes.
const MOST: u64 = 50;

type Keeper = DeviceTokenKeeper<Ed25519Key>;

fn main() -> Result<(), Box<dyn Error>> {
    let devices = std::env::args().nth(1).map_or(Ok(10_000), |number| number.parse::<u64>())?;
    for (name, jitter) in [("with a jitter of up to an hour", 3_600_000), ("without jitter", 1)] {
        println!("{devices} devices, {name}:");
        Fleet::of(devices, jitter)?.month();
    }
    Ok(())
}

struct Fleet {
    plex: FakePlex,
    keepers: Vec<Keeper>,
    /// When which device is to be asked for its next step.
    agenda: BinaryHeap<Reverse<(u64, usize)>>,
    /// How many requests there were in each second.
    asked: BTreeMap<u64, u64>,
    refused: u64,
}

impl Fleet {
    /// Devices that are switched on within one minute, as after a power cut.
    fn of(devices: u64, jitter_millis: u64) -> Result<Self, Box<dyn Error>> {
        let mut plex = FakePlex::new();
        let mut fleet = Vec::new();
        let mut agenda = BinaryHeap::new();
        for number in 0..devices {
            let identity = ClientIdentity::builder(format!("device-{number}")).build()?;
            let plex_tv = PlexTv::at(identity, "http://plex.example/api/v2".parse()?);
            let mut seed = [0; 32];
            seed.iter_mut().zip(number.to_le_bytes()).for_each(|(seed, byte)| *seed = byte);
            let old = Token::new(plex.issue_token(Who::PlexPass))?;
            let jitter = Duration::from_millis(scattered(number) % jitter_millis);
            let keeper = plex_tv.register_device(Ed25519Key::from_seed(&seed), old).jitter(jitter);
            agenda.push(Reverse((START + scattered(!number) % 60, fleet.len())));
            fleet.push(keeper);
        }
        Ok(Self { plex, keepers: fleet, agenda, asked: BTreeMap::new(), refused: 0 })
    }

    fn month(mut self) {
        let mut whole_at = None;
        let mut looked = OUTAGE.end;
        while let Some(Reverse((now, device))) = self.agenda.pop() {
            if now > START + 30 * DAY {
                break;
            }
            if whole_at.is_none() && now >= looked {
                whole_at = self.is_whole(now).then_some(now);
                looked = now + 10;
            }
            if let Some(next) = self.step(device, now) {
                self.agenda.push(Reverse((next, device)));
            }
        }
        let whole = whole_at.map_or(0, |at| at - OUTAGE.end);
        self.report("the first hour", START..START + 3600);
        self.report("before the outage", START + 3600..OUTAGE.start);
        self.report("in the outage", OUTAGE);
        self.report("the hour after it", OUTAGE.end..OUTAGE.end + 3600);
        self.report("after that", OUTAGE.end + 3600..START + 30 * DAY);
        println!("  whole {whole} s after the outage; {} requests refused\n", self.refused);
    }

    /// Does what a device wants done, and returns when it is to be asked again.
    fn step(&mut self, device: usize, now: u64) -> Option<u64> {
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let keeper = self.keepers.get_mut(device)?;
        match keeper.next(clock) {
            Step::Wait(time) => Some(now + time.as_secs().max(1)),
            Step::Done(end) => {
                println!("  device {device}: {end}");
                None
            }
            Step::Send(id, call) => {
                let (request, reply) = call.into_parts();
                let this_second = self.asked.entry(now).or_default();
                *this_second += 1;
                let answer = if OUTAGE.contains(&now) {
                    Err(reply.no_answer(NoAnswerReason::Unreachable, false))
                } else if *this_second > MOST {
                    self.refused += 1;
                    let refusal = Response::builder().status(429).body(Vec::new());
                    reply.read(refusal.expect("a response")).map_err(SendError::from)
                } else {
                    let mut answer = self.plex.answer(&request.map(Vec::from), now);
                    self.plex.forget_requests();
                    let date = httpdate::fmt_http_date(clock).parse().expect("a date");
                    answer.headers_mut().insert(DATE, date);
                    reply.read(answer).map_err(SendError::from)
                };
                keeper.receive(clock, id, answer);
                Some(now)
            }
        }
    }

    /// Whether no device waits for a token.
    fn is_whole(&self, now: u64) -> bool {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        self.keepers.iter().all(|keeper| {
            let jwt = keeper.token().and_then(|token| PlexJwt::unverified(token).ok());
            // Half a day: the longest that a jitter puts a renewal off.
            jwt.is_some_and(|jwt| {
                let due = SystemTime::try_from(jwt.renew_at()).expect("a time");
                due + Duration::from_secs(DAY / 2) > now && !keeper_is_troubled(keeper, now)
            })
        })
    }

    fn report(&self, what: &str, when: std::ops::Range<u64>) {
        let seconds = when.end - when.start;
        let counts = self.asked.range(when).map(|(_, count)| *count);
        let (sum, peak) = counts.fold((0, 0), |(sum, peak), n| (sum + n, n.max(peak)));
        let hundredths = sum * 100 / seconds;
        let mean = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        println!("  {what:<18} peak {peak:>5}/s, mean {mean:>6}/s, {sum} in all");
    }
}

fn keeper_is_troubled(keeper: &Keeper, now: SystemTime) -> bool {
    use plex_auth_proto::DeviceTokenProgress as Progress;
    !matches!(keeper.progress(now), Progress::Held { trouble: None, .. })
}

/// What a device would take by chance, the same in every run.
fn scattered(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
