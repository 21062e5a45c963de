//! A fleet of devices that all renew their tokens with the same plex.tv for a month.

use std::collections::HashMap;
use std::ops::Range;

use plex_auth_proto::flow::{Action, Completion, DeviceTokenEnd, RequestId};
use plex_auth_proto::{Flow, Step};

use crate::agenda::Agenda;
use crate::chance::{Chance, mixed};
use crate::device::{Device, UNTIL_EXCHANGED};
use crate::network::{Answer, Network, Outage, Service, after, is_success};

pub(crate) const START: u64 = 1_700_000_000;
pub(crate) const HOUR: u64 = 60 * 60;
pub(crate) const DAY: u64 = 24 * HOUR;
pub(crate) const MONTH: u64 = 30 * DAY;

/// The interval, in seconds, in which the devices are first switched on, each at a random time.
pub(crate) const ROLLED_OUT: u64 = 11 * DAY / 2;

/// The average number of devices per thousand that are restarted each day.
const RESTARTED: u64 = 20;

/// On average, one in this many restarts happens when the next response arrives, before the device
/// saves its state.
const FORGETFUL: u64 = 4;

pub(crate) fn outages() -> Vec<Outage> {
    let outage = |name, from: u64, lasts: u64, answers_503| {
        let from = START + from;
        Outage { name, when: from..from + lasts, answers_503 }
    };
    vec![
        outage("5 minutes", 8 * DAY + 7 * HOUR, 300, false),
        outage("3 hours", 12 * DAY + 18 * HOUR, 3 * HOUR, true),
        outage("a day", 18 * DAY + 5 * HOUR, DAY, false),
    ]
}

/// The time at which a device's next response arrives, the request ID, and the response or error.
type Pending = (u64, RequestId, Answer);

/// The devices and the observed events. Times are in seconds since the Unix epoch.
pub(crate) struct Fleet<S> {
    pub(crate) service: S,
    pub(crate) network: Network,
    pub(crate) devices: Vec<Device>,
    old_tokens: Box<dyn Fn(u32) -> String>,
    agenda: Agenda,
    pending: HashMap<u32, Pending>,
    seed: u64,
    /// The intervals during which a device had no valid token.
    pub(crate) lapses: Vec<Range<u64>>,
    /// For each outage, the time at which the last of the devices that it delayed got a new token,
    /// or 0 if it delayed no devices.
    pub(crate) caught_up: Vec<u64>,
    pub(crate) renewals: u64,
    pub(crate) restarts: u64,
    pub(crate) forgotten: u64,
    /// The number of times that a device started over, because its registration never arrived and
    /// plex.tv refused its key.
    pub(crate) started_over: u64,
    /// The devices whose flow has ended, with the result.
    pub(crate) ended: Vec<(u32, DeviceTokenEnd)>,
    /// A hash of all requests and their outcomes.
    pub(crate) history: u64,
}

impl<S: Service> Fleet<S> {
    /// Creates a fleet. `takes` is the number of requests per second that the service accepts.
    pub(crate) fn new(
        service: S,
        count: u32,
        seed: u64,
        takes: u64,
        old_tokens: impl Fn(u32) -> String + 'static,
    ) -> Self {
        let mut agenda = Agenda::new();
        let mut devices = Vec::with_capacity(count as usize);
        for number in 0..count {
            let mut device = Device::new(number, seed, &old_tokens(number));
            device.due = since_start(agenda.put(START, START + u64::from(device.on_at), number));
            devices.push(device);
        }
        let outages = outages();
        Self {
            service,
            caught_up: vec![0; outages.len()],
            network: Network::new(seed, outages, takes, START..START + MONTH),
            devices,
            old_tokens: Box::new(old_tokens),
            agenda,
            pending: HashMap::new(),
            seed,
            lapses: Vec::new(),
            renewals: 0,
            restarts: 0,
            forgotten: 0,
            started_over: 0,
            ended: Vec::new(),
            history: 0,
        }
    }

    /// Simulates the month.
    pub(crate) fn live(&mut self) {
        let mut restarts = Vec::new();
        for now in START..START + MONTH {
            if (now - START).is_multiple_of(DAY) {
                restarts = self.restarts_of((now - START) / DAY);
            }
            while let Some((_, number)) = restarts.pop_if(|(at, _)| *at <= now) {
                self.restart(number, now);
            }
            loop {
                let due = self.agenda.take(now);
                if due.is_empty() {
                    break;
                }
                for number in due {
                    self.ask(number, now);
                }
            }
        }
        let left: Vec<_> = self.devices.iter().map(|device| device.good_until).collect();
        for good_until in left.into_iter().filter(|until| u64::from(*until) < MONTH) {
            self.lapses.push(START + u64::from(good_until)..START + MONTH);
        }
    }

    /// Returns a day's restarts, latest first.
    fn restarts_of(&self, day: u64) -> Vec<(u64, u32)> {
        let mut chance = Chance::new(self.seed ^ mixed(day), 0x7265);
        let mut restarts = Vec::new();
        for number in 0..since_start(START + self.devices.len() as u64) {
            if chance.happens(RESTARTED) {
                restarts.push((START + day * DAY + chance.below(DAY), number));
            }
        }
        restarts.sort_unstable();
        restarts.reverse();
        restarts
    }

    fn restart(&mut self, number: u32, now: u64) {
        let device = &mut self.devices[number as usize];
        if u64::from(device.on_at) > now - START {
            return;
        }
        self.restarts += 1;
        if mixed(now ^ u64::from(number)).is_multiple_of(FORGETFUL) {
            device.forgets_next = true;
            return;
        }
        device.restart();
        self.pending.remove(&number);
        self.put(number, now, now);
    }

    fn put(&mut self, number: u32, now: u64, at: u64) {
        let at = self.agenda.put(now, at, number);
        self.devices[number as usize].due = since_start(at);
    }

    /// Delivers the response that a device is waiting for, if any, and performs the refresher's
    /// next action.
    fn ask(&mut self, number: u32, now: u64) {
        let Device { due, on_at, .. } = self.devices[number as usize];
        if u64::from(due) != now - START {
            return; // This entry is stale: the device was restarted.
        }
        if u64::from(on_at) > now - START {
            return self.put(number, now, START + u64::from(on_at));
        }
        if let Some((_, id, answer)) = self.pending.remove(&number) {
            self.complete(number, now, id, answer);
        }
        let device = &mut self.devices[number as usize];
        match device.refresher.poll(device.clock(now)) {
            Step::Wait(time) => {
                let time = time.expect("nothing is in flight");
                self.put(number, now, after(now, time));
            }
            Step::Done(DeviceTokenEnd::KeyRefused(_)) if device.registered == 0 => {
                self.started_over += 1;
                device.start_over(&(self.old_tokens)(number));
                self.put(number, now, now);
            }
            Step::Done(end) => self.ended.push((number, end)),
            // The flow ended earlier, so the device is not scheduled again.
            Step::Finished => {}
            Step::Do(id, Action::Send(outgoing)) => {
                let path = outgoing.request().uri().path();
                let is_registration = path.ends_with("/auth/jwk");
                let is_exchange = path.ends_with("/auth/token");
                let path = path.len() as u64;
                let outcome = self.network.carry(outgoing, &mut self.service, now);
                let status = outcome.done.map_or(0, |status| status.as_u16());
                let what = now ^ u64::from(number) << 32 ^ path << 56 ^ u64::from(status) << 20;
                self.history = mixed(self.history ^ mixed(what ^ outcome.after << 16));
                if is_registration && outcome.done.is_some() {
                    device.registered_again += u8::from(device.registered > 0);
                    device.registered += u8::from(status == 201);
                }
                if is_exchange && status == 200 && device.good_until == UNTIL_EXCHANGED {
                    // The old token is now invalid. While a device waits for a response that will
                    // arrive, it does not count as being without a token.
                    let until = if outcome.answer.is_ok() { now + outcome.after } else { now };
                    device.good_until = since_start(until);
                }
                let comes = now + outcome.after;
                self.pending.insert(number, (comes, id, outcome.answer));
                self.put(number, now, comes);
            }
            Step::Do(id, _) => {
                device.refresher.complete(device.clock(now), id, Completion::Unsupported);
                self.put(number, now, now);
            }
        }
    }

    fn complete(&mut self, number: u32, now: u64, id: RequestId, answer: Answer) {
        let device = &mut self.devices[number as usize];
        if std::mem::take(&mut device.forgets_next) {
            self.forgotten += 1;
            return device.restart();
        }
        if !is_success(&answer) {
            device.failing_since.get_or_insert(since_start(now));
        }
        let renewals = device.refresher.renewals();
        device.refresher.complete(device.clock(now), id, answer.into());
        if device.refresher.renewals() == renewals {
            return;
        }
        self.renewals += 1;
        device.had_a_token = true;
        if u64::from(device.good_until) < now - START {
            self.lapses.push(START + u64::from(device.good_until)..now);
        }
        device.good_until = device.held_until().expect("a token that says when it ends");
        let Some(since) = device.failing_since.take() else { return };
        for (outage, caught_up) in self.network.outages.iter().zip(&mut self.caught_up) {
            if outage.when.contains(&(START + u64::from(since))) && now >= outage.when.end {
                *caught_up = now;
            }
        }
    }
}

fn since_start(at: u64) -> u32 {
    u32::try_from(at - START).expect("within a month")
}
