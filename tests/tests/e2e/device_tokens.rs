//! A device's key and its tokens over time: a simulated month in memory, and a login with each
//! transport.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Who};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    Action, Completion, DeviceTokenEnd, DeviceTokenRefresher, LinkedDevice, Now,
};
use plex_auth_proto::http::header::DATE;
use plex_auth_proto::jwt::{DeviceKey, Ed25519Key};
use plex_auth_proto::{Body, Flow, PlexTv, Step, Token};
use plex_auth_tests::every_operation::IDENTIFIER;

use crate::harness::{over_both_transports, plex_tv_at};

const START: u64 = 1_700_000_000;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

fn key() -> Ed25519Key {
    Ed25519Key::from_seed(&[3; 32])
}

fn plex_tv() -> PlexTv {
    plex_tv_at("http://plex.example/api/v2")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A fake plex.tv and a device with a simulated clock. Times are in seconds since the start, except
/// for `now`, which is in Unix seconds.
struct Simulation {
    plex: FakePlex,
    now: u64,
    /// The number of seconds that the device's clock is ahead; negative if it is behind.
    clock_error: i64,
    /// The periods in which plex.tv is unreachable.
    outages: Vec<(u64, u64)>,
    /// The times at which tokens were issued.
    renewed: Vec<u64>,
    /// The times at which requests were sent.
    sent: Vec<u64>,
}

impl Simulation {
    fn new() -> Self {
        let plex = FakePlex::new();
        Self { plex, now: START, clock_error: 0, outages: vec![], renewed: vec![], sent: vec![] }
    }

    fn elapsed(&self) -> u64 {
        self.now - START
    }

    /// Returns a device that has registered its key and has its first token.
    fn device<K: DeviceKey>(&mut self, key: K) -> DeviceTokenRefresher<K> {
        let old = Token::new(self.plex.account(Who::PlexPass).token()).unwrap();
        let mut refresher = plex_tv().register_device(key, old);
        self.run_until(&mut refresher, self.elapsed());
        assert_eq!(refresher.renewals(), 1);
        refresher
    }

    fn device_time(&self) -> Now {
        let wall = at(self.now.saturating_add_signed(self.clock_error));
        Now::new(Duration::from_secs(self.elapsed()), wall)
    }

    /// Runs the device until this time, or until its flow ends. Returns the result if the flow has
    /// ended.
    fn run_until<K: DeviceKey>(
        &mut self,
        refresher: &mut DeviceTokenRefresher<K>,
        until: u64,
    ) -> Option<DeviceTokenEnd> {
        loop {
            let (now, renewals) = (self.device_time(), refresher.renewals());
            match refresher.poll(now) {
                Step::Do(id, Action::Send(outgoing)) => {
                    let elapsed = self.elapsed();
                    self.sent.push(elapsed);
                    let mut outages = self.outages.iter();
                    let result = if outages.any(|(from, to)| (*from..*to).contains(&elapsed)) {
                        Err(outgoing.transport_error(TransportErrorKind::Unreachable, false))
                    } else {
                        let request = outgoing.into_request().map(Vec::from);
                        let mut response = self.plex.answer(&request, self.now);
                        let date = httpdate::fmt_http_date(at(self.now)).parse().unwrap();
                        response.headers_mut().insert(DATE, date);
                        Ok(response.map(Body::from))
                    };
                    refresher.complete(now, id, result.into());
                }
                Step::Do(id, _) => refresher.complete(now, id, Completion::Unsupported),
                Step::Wait(time) => {
                    let time = time.expect("something to wait for");
                    let time = time.as_secs() + u64::from(time.subsec_nanos() > 0);
                    if self.elapsed() + time > until {
                        self.now = START + until;
                        return None;
                    }
                    self.now += time;
                }
                Step::Done(end) => return Some(end),
                Step::Finished => panic!("the flow was finished before"),
            }
            if refresher.renewals() > renewals {
                self.renewed.push(self.elapsed());
            }
        }
    }

    /// Returns whether plex.tv accepts the device's token.
    fn is_signed_in<K: DeviceKey>(&mut self, refresher: &DeviceTokenRefresher<K>) -> bool {
        let (request, reply) = plex_tv().token_details(refresher.token().unwrap()).into_parts();
        reply.parse(&self.plex.answer(&request.map(Vec::from), self.now)).is_ok()
    }
}

#[test]
fn token_is_renewed_every_six_days() {
    let (key, mut simulation) = (key(), Simulation::new());
    let mut refresher = simulation.device(&key).jitter(Duration::from_secs(1234));
    for hour in 0..30 * 24 {
        assert!(simulation.run_until(&mut refresher, hour * HOUR).is_none());
        assert!(simulation.is_signed_in(&refresher), "in hour {hour}");
    }
    // The jitter makes each renewal a little earlier.
    let days: Vec<_> = simulation.renewed.iter().map(|seconds| seconds / DAY).collect();
    assert_eq!(days, [0, 5, 11, 17, 23, 29]);
    assert_eq!(simulation.plex.seen("GET", "/auth/nonce"), 6);
    assert_eq!(simulation.plex.seen("POST", "/auth/jwk"), 1);
}

#[test]
fn renewal_follows_soon_after_an_outage() {
    let (key, mut simulation) = (key(), Simulation::new());
    let mut refresher = simulation.device(&key).jitter(Duration::from_secs(77));
    simulation.outages = vec![
        (6 * DAY - HOUR, 6 * DAY + 2 * HOUR),
        (12 * DAY, 13 * DAY),
        // This outage lasts until well after the token has expired.
        (18 * DAY, 22 * DAY),
    ];
    for hour in 0..30 * 24 {
        assert!(simulation.run_until(&mut refresher, hour * HOUR).is_none());
        let can_be_expired = (18 * 24..=22 * 24).contains(&hour);
        assert!(can_be_expired || simulation.is_signed_in(&refresher), "in hour {hour}");
    }
    let ends: Vec<_> = simulation.outages.iter().map(|(_, end)| *end).collect();
    for (renewed, end) in simulation.renewed[1..].iter().zip(ends) {
        let late = renewed.checked_sub(end).expect("no renewal during an outage");
        // A valid token is renewed with less urgency than an expired one.
        let most = if end == 22 * DAY { 10 * 60 } else { DAY / 8 };
        assert!(late <= most, "{late} s after the end of the outage");
    }
    // During the outages, the time between requests grows to at least five minutes.
    assert!(simulation.sent.len() < 8 * 24 * 12, "{} requests", simulation.sent.len());
}

#[test]
fn wrong_clock_is_corrected() {
    for seconds in [-600, 600, -100 * 24 * 3600, 40 * 24 * 3600] {
        let (key, mut simulation) = (key(), Simulation::new());
        simulation.plex.demand_times();
        simulation.clock_error = seconds;
        let mut refresher = simulation.device(&key);
        // A restart loses the measured difference between the clocks.
        if seconds.abs() == 600 {
            let saved = refresher.save();
            refresher = DeviceTokenRefresher::restore(plex_tv(), &key, saved.expose()).unwrap();
        }
        assert!(simulation.run_until(&mut refresher, 29 * DAY).is_none());
        assert!(simulation.is_signed_in(&refresher));
        assert_eq!(simulation.renewed.len(), 5, "{seconds} s ahead");
        let late = simulation.renewed.iter().map(|at| (at + HOUR) % (6 * DAY));
        assert!(late.into_iter().all(|late| late < 2 * HOUR), "{:?}", simulation.renewed);
        assert_eq!(simulation.plex.seen("POST", "/auth/token"), 5, "no token was refused");
    }
}

#[test]
fn restart_during_a_renewal_is_harmless() {
    let (key, mut simulation) = (key(), Simulation::new());
    let mut refresher = simulation.device(&key);
    for restart in 1..60 {
        let saved = refresher.save();
        refresher = DeviceTokenRefresher::restore(plex_tv(), &key, saved.expose()).unwrap();
        assert!(simulation.run_until(&mut refresher, restart * DAY / 2).is_none());
        if let Step::Do(_, Action::Send(outgoing)) = refresher.poll(simulation.device_time()) {
            // The program ends while this request is in flight.
            let now = simulation.now;
            drop(simulation.plex.answer(&outgoing.into_request().map(Vec::from), now));
        }
        assert!(simulation.is_signed_in(&refresher), "after restart {restart}");
    }
    assert_eq!(simulation.plex.seen("POST", "/auth/jwk"), 1);
    assert!(simulation.plex.seen("POST", "/auth/token") <= 10);
}

#[test]
fn removed_device_ends_the_flow() {
    let (key, mut simulation) = (key(), Simulation::new());
    let mut refresher = simulation.device(&key);
    simulation.plex.remove_device(IDENTIFIER);
    assert!(!simulation.is_signed_in(&refresher));
    refresher.renew_now();
    let end = simulation.run_until(&mut refresher, DAY).expect("an end");
    assert!(matches!(end, DeviceTokenEnd::DeviceRemoved(_)), "{end}");
}

#[test]
fn nonce_limit_is_retried_and_unknown_key_not() {
    let (key, mut simulation) = (key(), Simulation::new());
    simulation.plex.limit_nonces(0);
    let key_id = key.jwk().key_id();
    let saved = format!(
        r#"{{"format":1,"kind":"device-token","service":"{}",
            "clientIdentifier":"{IDENTIFIER}","keyId":"{key_id}"}}"#,
        plex_tv().url()
    );
    let restore = || DeviceTokenRefresher::restore(plex_tv(), &key, &saved).unwrap();
    let mut refresher = restore();
    assert!(simulation.run_until(&mut refresher, DAY).is_none(), "it retries");
    // The requests are at least a minute apart.
    assert!(simulation.sent.len() <= 1 + 24 * 60, "{} requests in a day", simulation.sent.len());

    let mut simulation = Simulation::new();
    let end = simulation.run_until(&mut restore(), DAY).expect("an end");
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
}

#[test]
fn login_and_first_renewal() {
    over_both_transports(|harness| {
        let (plex_tv, key) = (harness.plex_tv(), key());
        let mut login = plex_tv.device_link_code_login(&key);
        let linked = harness.drive(&mut login, |login, _| {
            if let Some(pin) = login.pin() {
                harness.link_pin(&pin.pin().code, Who::PlexPass);
            }
            ControlFlow::Continue(())
        });
        let LinkedDevice::Registered(linked) = linked.unwrap().unwrap() else {
            panic!("the key was not registered")
        };
        let first = linked.auth_token;
        harness.token_details(&first).unwrap();

        let mut refresher = plex_tv.device_token_refresher(&key, first);
        refresher.renew_now();
        let stopped = harness.drive(&mut refresher, |refresher, _| match refresher.renewals() {
            1 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        assert!(stopped.is_none());
        harness.token_details(refresher.token().unwrap()).unwrap();
    });
}
