//! PIN logins that all start within seconds of each other, for example after a power outage or the
//! rollout of a new version.

use std::collections::HashMap;
use std::ops::Range;

use plex_auth_fake::FakePlex;
use plex_auth_proto::flow::{Action, Completion, PinLogin, PinLoginError, RequestId};
use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step};

use crate::agenda::Agenda;
use crate::chance::{Chance, mixed};
use crate::devices::START;
use crate::network::{Answer, Network, after, clock};
use crate::pins::{LIFE, PinService, Pins};
use crate::report::Report;

/// The interval in which all logins start, in seconds.
const AT_ONCE: u64 = 5;

/// The average number of PINs per thousand that are never linked.
const NEVER: u64 = 300;

/// The length of the simulation, in seconds. By then, all logins must have ended.
const TIME: u64 = LIFE + 300;

/// The maximum time that a login may continue after its PIN has expired, in seconds: 30 s in which
/// failed polls are retried, 30 s until the last retry if Plex asked for a wait, and 10 s until
/// that retry times out.
const GRACE: u64 = 70;

/// If a PIN is linked less than this many seconds before it expires, the login may fail: the poll
/// in flight may be lost, and plex.tv no longer returns the PIN after it has expired.
const TOO_LATE: u64 = 20;

/// The number of logins that are simulated with both the simplified service and the fake.
const FEW: u32 = 50;

struct Login {
    talk: PinLogin,
    due: u64,
    /// The time at which the login showed its code, if it has.
    shown: Option<u64>,
    /// The time at which the user linked the PIN, and the resulting token, if the PIN was linked.
    linked: Option<(u64, String)>,
    ended: Option<(u64, Result<String, PinLoginError>)>,
}

impl Login {
    /// Returns how many seconds before its expiry the PIN was linked, or `None` if it was not
    /// linked.
    fn left_when_linked(&self) -> Option<u64> {
        let (at, _) = self.linked.as_ref()?;
        Some((self.shown? + LIFE).saturating_sub(*at))
    }

    fn is_linked_late(&self) -> bool {
        self.left_when_linked().is_some_and(|left| left < TOO_LATE)
    }
}

type Pending = (RequestId, Answer);

struct Crowd<S> {
    service: S,
    network: Network,
    logins: Vec<Login>,
    agenda: Agenda,
    /// For each second, the logins whose PINs will be linked.
    links: HashMap<u64, Vec<u32>>,
    pending: HashMap<u32, Pending>,
    chance: Chance,
    /// A hash of all events.
    history: u64,
}

pub(crate) fn play(count: u32, seed: u64) -> Report {
    let mut report = Report::new(format!("{count} PIN logins within {AT_ONCE} seconds"));
    let (mut plain, mut whole) =
        (Crowd::new(Pins::default(), FEW, seed), Crowd::new(FakePlex::new(), FEW, seed));
    plain.live();
    whole.live();
    let asked = whole.network.traffic.total(&[START..START + TIME]);
    report.figure("same with the fake", format!("{FEW} logins, {asked} requests"));
    report.expect(plain.history == whole.history, || {
        format!("{FEW} logins ended differently with the fake")
    });
    let mut crowd = Crowd::new(Pins::default(), count, seed);
    crowd.live();
    crowd.judge(&mut report);
    report
}

fn identifier(number: u32) -> String {
    format!("login-{number:07}")
}

impl<S: PinService> Crowd<S> {
    fn new(service: S, count: u32, seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0x70_69_6e);
        let mut agenda = Agenda::new();
        let login = |number| {
            let identity = ClientIdentity::builder(identifier(number)).build();
            let url = "http://plex.example/api/v2".parse().expect("a URL");
            let plex_tv = PlexTv::at(identity.expect("an identity"), url);
            let due = agenda.put(START, START + chance.below(AT_ONCE), number);
            let talk = plex_tv.link_code_login();
            Login { talk, due, shown: None, linked: None, ended: None }
        };
        let logins = (0..count).map(login).collect();
        // The number of requests per second that the service accepts: a quarter of those that all
        // logins send at their initial poll interval, but at least two.
        let takes = u64::from(count / 4).max(2);
        Self {
            service,
            network: Network::new(seed, Vec::new(), takes, START..START + TIME),
            logins,
            agenda,
            links: HashMap::new(),
            pending: HashMap::new(),
            chance,
            history: 0,
        }
    }

    fn live(&mut self) {
        for now in START..START + TIME {
            for number in self.links.remove(&now).unwrap_or_default() {
                if let Some(token) = self.service.link(&identifier(number), now) {
                    self.logins[number as usize].linked = Some((now, token));
                }
            }
            loop {
                let due = self.agenda.take(now);
                if due.is_empty() {
                    break;
                }
                due.into_iter().for_each(|number| self.ask(number, now));
            }
        }
    }

    fn ask(&mut self, number: u32, now: u64) {
        let login = &mut self.logins[number as usize];
        if let Some((id, answer)) = self.pending.remove(&number) {
            login.talk.complete(clock(now), id, answer.into());
        }
        if login.shown.is_none() && login.talk.pin().is_some() {
            login.shown = Some(now);
            if !self.chance.happens(NEVER) {
                let when = now + self.chance.below(LIFE);
                self.links.entry(when).or_default().push(number);
            }
        }
        let next = match login.talk.poll(clock(now)) {
            Step::Finished => return,
            Step::Wait(time) => after(now, time.expect("nothing is in flight")),
            Step::Do(id, Action::Send(outgoing)) => {
                let outcome = self.network.carry(outgoing, &mut self.service, now);
                let status = outcome.done.map_or(0, |status| status.as_u16());
                let what = now ^ u64::from(number) << 32 ^ u64::from(status) << 20;
                self.history = mixed(self.history ^ mixed(what ^ outcome.after << 16));
                self.pending.insert(number, (id, outcome.answer));
                now + outcome.after
            }
            Step::Do(id, _) => {
                login.talk.complete(clock(now), id, Completion::Unsupported);
                now
            }
            Step::Done(outcome) => {
                let token = outcome.map(|linked| linked.auth_token.expose().to_owned());
                self.history = mixed(self.history ^ u64::from(token.is_ok()));
                login.ended = Some((now, token));
                return;
            }
        };
        login.due = self.agenda.put(now, next, number);
    }

    fn judge(&self, report: &mut Report) {
        let (mut brought, mut too_late, mut expired, mut failed) = (0_u32, 0_u32, 0_u32, 0_u32);
        let mut latest = 0;
        for (number, login) in self.logins.iter().enumerate() {
            let Some((ended, outcome)) = &login.ended else {
                report.broken(format!("login {number} never ended"));
                continue;
            };
            if let Some(shown) = login.shown {
                latest = latest.max(ended.saturating_sub(shown + LIFE));
            }
            match (outcome, &login.linked) {
                (Ok(token), Some((_, linked))) if token == linked => brought += 1,
                (Ok(_), _) => report.broken(format!("login {number} got another login's token")),
                (Err(error), Some(_)) => {
                    let left = login.left_when_linked().unwrap_or(0);
                    too_late += 1;
                    report.expect(left < TOO_LATE, || {
                        format!("login {number}, linked {left} s before the end, lost its token: {error}")
                    });
                }
                (Err(PinLoginError::Expired), None) => expired += 1,
                (Err(_), None) => failed += 1,
            }
        }
        let last = self.logins.iter().filter_map(|login| login.ended.as_ref()).map(|(at, _)| *at);
        let time: [Range<u64>; 1] = [START..last.max().unwrap_or(START + TIME)];
        let traffic = &self.network.traffic;
        let (mean, second) = (traffic.mean(&time), traffic.busiest_second(&time));
        report.figure("linked, with a token", brought);
        let at_the_end = self.logins.iter().filter(|login| login.is_linked_late()).count();
        report.figure(
            &format!("linked in the last {TOO_LATE} s, and lost"),
            format!("{too_late} of {at_the_end}"),
        );
        report.figure("never linked, and expired", expired);
        report.figure("never linked, and failed", failed);
        report.figure("requests that arrived", traffic.total(&time));
        report.figure("refused by 429", self.network.refused);
        report.figure("requests or responses lost", self.network.lost);
        let peak = f64::from(second) / mean;
        report.figure("peak", format!("{second}/s, {peak:.2} × the mean of {mean:.1}/s"));
        report.figure("longest after its PIN expired", format!("{latest} s"));
        report
            .expect(latest <= GRACE, || format!("a login ended {latest} s after its PIN expired"));
    }
}
