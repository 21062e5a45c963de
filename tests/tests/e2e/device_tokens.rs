//! A device's key and its tokens over time: a month in memory, with no socket, and a login over each transport.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    DeviceLoginProgress, DeviceTokenEnd, DeviceTokenProgress, DeviceTokenRefresher,
};
use plex_auth_proto::http::header::DATE;
use plex_auth_proto::jwt::{DeviceKey, Ed25519Key};
use plex_auth_proto::{ClientIdentity, Error, Flow, PlexTv, Step, Token};

use plex_auth_tests::carrier::runtime;

const START: u64 = 1_700_000_000;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

fn key() -> Ed25519Key {
    Ed25519Key::from_seed(&[3; 32])
}

fn plex_tv(url: &str) -> PlexTv {
    let me = ClientIdentity::builder("a-television").product("Scenario").build().unwrap();
    PlexTv::at(me, format!("{url}/api/v2").parse().unwrap())
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A plex.tv and a device, in a time of their own.
struct Month {
    plex: FakePlex,
    now: u64,
    /// How far the device's clock is ahead, in seconds.
    ahead: i64,
    /// When nobody answers, in seconds since the start.
    outages: Vec<(u64, u64)>,
    /// When a token was got, in seconds since the start.
    renewed: Vec<u64>,
    sent: Vec<u64>,
}

impl Month {
    fn new() -> Self {
        let plex = FakePlex::new();
        Self { plex, now: START, ahead: 0, outages: vec![], renewed: vec![], sent: vec![] }
    }

    fn passed(&self) -> u64 {
        self.now - START
    }

    /// A device that has registered its key and got its first token.
    fn device<K: DeviceKey>(&mut self, key: K) -> DeviceTokenRefresher<K> {
        let old = Token::new(self.plex.account(Who::PlexPass).token()).unwrap();
        let mut refresher = plex_tv("http://plex.example").register_device(key, old);
        self.live(&mut refresher, self.passed());
        assert_eq!(refresher.renewals(), 1);
        refresher
    }

    fn device_time(&self) -> SystemTime {
        at(self.now.saturating_add_signed(self.ahead))
    }

    /// Lives until so many seconds after the start.
    fn live<K: DeviceKey>(
        &mut self,
        refresher: &mut DeviceTokenRefresher<K>,
        until: u64,
    ) -> Option<DeviceTokenEnd> {
        loop {
            let (now, renewals) = (self.device_time(), refresher.renewals());
            match refresher.poll(now) {
                Step::Send(id, call) => {
                    self.sent.push(self.passed());
                    let (request, reply) = call.into_parts();
                    let passed = self.passed();
                    let is_out =
                        self.outages.iter().any(|(from, to)| (*from..*to).contains(&passed));
                    let answer = if is_out {
                        Err(reply.transport_error(TransportErrorKind::Unreachable, false))
                    } else {
                        let mut answer = self.plex.answer(&request.map(Vec::from), self.now);
                        // As every HTTP server says it.
                        let date = httpdate::fmt_http_date(at(self.now)).parse().unwrap();
                        answer.headers_mut().insert(DATE, date);
                        reply.read(answer).map_err(Error::from)
                    };
                    refresher.complete(now, id, answer);
                }
                Step::Wait(time) => {
                    let time = time.as_secs() + u64::from(time.subsec_nanos() > 0);
                    if self.passed() + time > until {
                        self.now = START + until;
                        return None;
                    }
                    self.now += time;
                }
                Step::Done(end) => return Some(end),
            }
            if refresher.renewals() > renewals {
                self.renewed.push(self.passed());
            }
        }
    }

    /// Whether plex.tv takes what the device holds.
    fn is_signed_in<K: DeviceKey>(&mut self, refresher: &DeviceTokenRefresher<K>) -> bool {
        let call = plex_tv("http://plex.example").token_details(refresher.token().unwrap());
        let (request, reply) = call.into_parts();
        reply.parse(&self.plex.answer(&request.map(Vec::from), self.now)).is_ok()
    }

    fn renewed_on_days(&self) -> Vec<u64> {
        self.renewed.iter().map(|seconds| seconds / DAY).collect()
    }
}

#[test]
fn in_a_month_a_device_renews_every_six_days_less_its_jitter_and_is_signed_in_throughout() {
    let (key, mut month) = (key(), Month::new());
    let mut refresher = month.device(&key).jitter(Duration::from_secs(1234));
    for hour in 0..30 * 24 {
        assert!(month.live(&mut refresher, hour * HOUR).is_none());
        assert!(month.is_signed_in(&refresher), "in hour {hour}");
    }
    // Each time by the jitter earlier.
    assert_eq!(month.renewed_on_days(), [0, 5, 11, 17, 23, 29]);
    assert_eq!(month.plex.seen("GET", "/auth/nonce"), 6);
    assert_eq!(month.plex.seen("POST", "/auth/jwk"), 1);
}

#[test]
fn an_outage_of_three_hours_costs_three_hours_and_one_of_days_no_more_than_it_lasts() {
    let (key, mut month) = (key(), Month::new());
    let mut refresher = month.device(&key).jitter(Duration::from_secs(77));
    month.outages = vec![
        (6 * DAY - HOUR, 6 * DAY + 2 * HOUR),
        (12 * DAY, 13 * DAY),
        // Until well after the token has expired.
        (18 * DAY, 22 * DAY),
    ];
    for hour in 0..30 * 24 {
        assert!(month.live(&mut refresher, hour * HOUR).is_none());
        let is_out = (18 * 24..=22 * 24).contains(&hour);
        assert!(is_out || month.is_signed_in(&refresher), "in hour {hour}");
    }
    let ends: Vec<_> = month.outages.iter().map(|(_, end)| *end).collect();
    for (renewed, end) in month.renewed[1..].iter().zip(ends) {
        let late = renewed.checked_sub(end).expect("not before it ended");
        // A good token is in no hurry; one that has expired is.
        let most = if end == 22 * DAY { 10 * 60 } else { DAY / 8 };
        assert!(late <= most, "{late} s after the end of the outage");
    }
    // Five minutes apart and more: seven days of outage are no storm.
    assert!(month.sent.len() < 8 * 24 * 12, "{} calls", month.sent.len());
}

#[test]
fn a_clock_that_is_ten_minutes_off_is_seen_through() {
    for ahead in [-600, 600, -100 * 24 * 3600, 40 * 24 * 3600] {
        let (key, mut month) = (key(), Month::new());
        month.plex.demand_times();
        month.ahead = ahead;
        let mut refresher = month.device(&key);
        // Over a restart what was learnt of the clock is lost.
        if ahead.abs() == 600 {
            let saved = refresher.save();
            let plex_tv = plex_tv("http://plex.example");
            refresher = DeviceTokenRefresher::restore(plex_tv, &key, saved.expose()).unwrap();
        }
        assert!(month.live(&mut refresher, 29 * DAY).is_none());
        assert!(month.is_signed_in(&refresher));
        assert_eq!(month.renewed.len(), 5, "{ahead} s ahead");
        let late = month.renewed.iter().map(|at| (at + HOUR) % (6 * DAY));
        assert!(late.into_iter().all(|late| late < 2 * HOUR), "{:?}", month.renewed);
        assert_eq!(month.plex.seen("POST", "/auth/token"), 5, "none was refused");
    }
}

#[test]
fn a_restart_goes_on_with_what_was_kept_also_in_the_middle_of_a_renewal() {
    let (key, mut month) = (key(), Month::new());
    let mut refresher = month.device(&key);
    for restart in 1..60 {
        let saved = refresher.save();
        refresher =
            DeviceTokenRefresher::restore(plex_tv("http://plex.example"), &key, saved.expose())
                .unwrap();
        assert!(month.live(&mut refresher, restart * DAY / 2).is_none());
        if let Step::Send(_, call) = refresher.poll(month.device_time()) {
            // The program ends while this is under way.
            let now = month.now;
            drop(month.plex.answer(&call.into_parts().0.map(Vec::from), now));
        }
        assert!(month.is_signed_in(&refresher), "after restart {restart}");
    }
    assert_eq!(month.plex.seen("POST", "/auth/jwk"), 1);
    assert!(month.plex.seen("POST", "/auth/token") <= 10);
}

#[test]
fn a_removed_device_is_told_that_only_a_new_key_helps() {
    let (key, mut month) = (key(), Month::new());
    let mut refresher = month.device(&key);
    month.plex.remove_device("a-television");
    assert!(!month.is_signed_in(&refresher));
    refresher.renew_now();
    let end = month.live(&mut refresher, DAY).expect("an end");
    assert!(matches!(end, DeviceTokenEnd::DeviceRemoved(_)), "{end}");
}

#[test]
fn a_nonce_limit_and_an_unregistered_key_are_told_apart() {
    let (key, mut month) = (key(), Month::new());
    month.plex.limit_nonces(0);
    let saved =
        r#"{"clientIdentifier":"a-television","keyId":"KEY"}"#.replace("KEY", key.jwk().key_id());
    let restore =
        || DeviceTokenRefresher::restore(plex_tv("http://plex.example"), &key, &saved).unwrap();
    let mut refresher = restore();
    assert!(month.live(&mut refresher, DAY).is_none(), "it goes on");
    // A minute apart.
    assert!(month.sent.len() <= 1 + 24 * 60, "{} calls in a day", month.sent.len());

    let mut month = Month::new();
    let end = month.live(&mut restore(), DAY).expect("an end");
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
}

/// Links the PIN as soon as it is shown.
fn link(server: &Server, progress: &DeviceLoginProgress) {
    if let DeviceLoginProgress::Waiting { pin, .. } = progress {
        let code = pin.short().unwrap().pin().code.expose().to_owned();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let fake = server.fake();
        // From the second time on it is linked already.
        let _ = fake.lock().unwrap().link_pin(&code, Who::PlexPass, now);
    }
}

/// Goes on until there is another token than this.
fn until_renewed(first: &Token, progress: &DeviceTokenProgress) -> ControlFlow<()> {
    match progress {
        DeviceTokenProgress::Active { token, .. } if token.expose() != first.expose() => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    }
}

/// Plex's token holds the second that it was issued in, and there shall be two.
fn a_second_later() {
    std::thread::sleep(Duration::from_millis(1100));
}

#[test]
fn a_login_by_a_pin_and_the_first_renewal_go_over_ureq() {
    let server = Server::http(FakePlex::new());
    let http = plex_auth_ureq::Transport::new();
    let (plex_tv, key) = (plex_tv(server.url()), key());
    let linked = http.drive_with(&mut plex_tv.short_device_login(&key), |progress| {
        link(&server, &progress);
        ControlFlow::Continue(())
    });
    let first = linked.unwrap().unwrap().auth_token;
    http.send(plex_tv.token_details(&first)).unwrap();

    a_second_later();
    let mut refresher = plex_tv.device_token_refresher(&key, first.clone());
    refresher.renew_now();
    assert!(http.drive_with(&mut refresher, |progress| until_renewed(&first, &progress)).is_none());
    http.send(plex_tv.token_details(refresher.token().unwrap())).unwrap();
    assert_eq!(refresher.renewals(), 1);
}

#[test]
fn a_login_by_a_pin_and_the_first_renewal_go_over_hyper() {
    let server = Server::http(FakePlex::new());
    runtime().block_on(async {
        let http = plex_auth_hyper::Transport::builder().build().unwrap();
        let (plex_tv, key) = (plex_tv(server.url()), key());
        let mut login = plex_tv.short_device_login(&key);
        let linked = http.drive_with(&mut login, |progress| {
            link(&server, &progress);
            ControlFlow::Continue(())
        });
        let first = linked.await.unwrap().unwrap().auth_token;

        a_second_later();
        let mut refresher = plex_tv.device_token_refresher(&key, first.clone());
        refresher.renew_now();
        let end =
            http.drive_with(&mut refresher, |progress| until_renewed(&first, &progress)).await;
        assert!(end.is_none());
        http.send(plex_tv.token_details(refresher.token().unwrap())).await.unwrap();
    });
}
