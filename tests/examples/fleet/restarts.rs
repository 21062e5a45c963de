//! Media servers that are restarted, all within a minute, under many clients that hold a transient token for each.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use plex_auth_fake::FakePlex;
use plex_auth_proto::flow::{
    Action, Completion, RequestId, TransientTokenProgress, TransientTokenRefresher,
};
use plex_auth_proto::{ClientIdentity, Flow, MediaServer, Step, Token};

use crate::agenda::Agenda;
use crate::chance::{Chance, mixed};
use crate::devices::{HOUR, START};
use crate::network::{Answer, Network, after, clock};
use crate::report::Report;
use crate::servers::{Attic, Server};

/// When the servers are restarted: once at any hour, and once when most tokens are about to be renewed.
const ROUNDS: [u64; 2] = [START + 20 * HOUR, START + 67 * HOUR - 300];
const TIME: u64 = 72 * HOUR;

/// Within how many seconds all of them go down.
const ALL_WITHIN: u64 = 60;
/// How long a server that comes up answers 503.
const STARTING: u64 = 15;
/// How often each user asks its server for something, in seconds.
const USED_EVERY: u64 = 300;
/// How many of a thousand account tokens die while the servers are down for the first time.
const DEAD: u64 = 10;
/// The jitter: somebody waits for the token.
const JITTER: u64 = 30_000;
/// Within how long each user has a good token again: it finds out when it asks for something next.
const WITHIN: u64 = USED_EVERY + HOUR / 4;
/// Servers that live under both values, and how many refreshers each of them has.
const FEW: (u32, u32) = (5, 50);

struct User {
    refresher: TransientTokenRefresher,
    server: u32,
    account_token: String,
    is_dead: bool,
    /// When it asks its server for something next.
    uses_at: u64,
    due: u64,
    /// Tokens that were made for it since its server was restarted.
    made: u32,
    /// Answers with such tokens that can have been lost on the way.
    lost: u32,
    /// When it had a good token after that.
    whole_at: Option<u64>,
    /// How often it was told that its account's token is invalid.
    reported_invalid: u32,
}

struct Household<S> {
    server: S,
    /// When it is down in each round.
    down: [Range<u64>; 2],
    /// The requests of the second that was last, and the most in any.
    second: u64,
    count: u32,
    busiest: u32,
}

type Pending = (RequestId, Answer);

struct Town<S> {
    households: Vec<Household<S>>,
    users: Vec<User>,
    network: Network,
    agenda: Agenda,
    pending: HashMap<u32, Pending>,
    history: u64,
}

pub(crate) fn play(servers: u32, refreshers: u32, seed: u64) -> Report {
    let title =
        format!("{servers} servers restarted under {refreshers} transient-token refreshers");
    let mut report = Report::new(title);
    let mut plain = Town::<Attic>::new(FEW.0, FEW.1, seed);
    let mut whole = Town::<FakePlex>::new(FEW.0, FEW.1, seed);
    plain.live(&mut Report::new(String::new()));
    whole.live(&mut Report::new(String::new()));
    report.figure("same under the whole fake", format!("{} servers, {} refreshers", FEW.0, FEW.1));
    report.expect(plain.history == whole.history, || {
        "the servers answered differently under the whole fake".to_owned()
    });
    let mut town = Town::<Attic>::new(servers, refreshers, seed);
    town.live(&mut report);
    report
}

impl<S: Server> Town<S> {
    fn new(servers: u32, refreshers: u32, seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0x73_65_72);
        let mut agenda = Agenda::new();
        let mut household = |_| {
            let down = ROUNDS.map(|round| {
                let from = round + chance.below(ALL_WITHIN);
                from..from + 30 + chance.below(90)
            });
            Household { server: S::new(), down, second: 0, count: 0, busiest: 0 }
        };
        let mut households: Vec<_> = (0..servers).map(&mut household).collect();
        let user = |number| {
            let server = number % servers;
            let identity = ClientIdentity::builder(format!("user-{number:07}")).build();
            let account_token = households[server as usize].server.account_token();
            let token = Token::new(&account_token).expect("a token");
            let url = "http://server.example".parse().expect("a URL");
            let media_server = MediaServer::new(identity.expect("an identity"), url, token);
            let jitter = Duration::from_millis(chance.below(JITTER));
            let uses_at = START + HOUR + chance.below(USED_EVERY);
            User {
                refresher: media_server
                    .transient_token_refresher()
                    .jitter(jitter)
                    .max_wait(Duration::from_secs(HOUR)),
                server,
                account_token,
                is_dead: false,
                uses_at,
                due: agenda.put(START, START + chance.below(HOUR), number),
                made: 0,
                lost: 0,
                whole_at: None,
                reported_invalid: 0,
            }
        };
        let users = (0..refreshers).map(user).collect();
        let network = Network::new(seed, Vec::new(), u64::MAX, START..START + TIME);
        Self { households, users, network, agenda, pending: HashMap::new(), history: 0 }
    }

    fn live(&mut self, report: &mut Report) {
        let mut chance = Chance::new(0x6465, self.users.len() as u64);
        for now in START..START + TIME {
            for (round, start) in ROUNDS.into_iter().enumerate() {
                if (start..start + ALL_WITHIN).contains(&now) {
                    self.go_down(round, now, &mut chance);
                }
                if now == start + 2 * HOUR {
                    self.judge(round, report);
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

    /// The servers whose turn it is go down, and what they have handed out is void.
    fn go_down(&mut self, round: usize, now: u64, chance: &mut Chance) {
        let goes = |household: &Household<S>| household.down[round].start == now;
        for household in self.households.iter_mut().filter(|household| goes(household)) {
            household.server.restart();
        }
        for user in &mut self.users {
            let household = &mut self.households[user.server as usize];
            if goes(household) {
                (user.made, user.lost, user.whole_at) = (0, 0, None);
                if round == 0 && chance.happens(DEAD) {
                    user.is_dead = true;
                    household.server.revoke(&user.account_token);
                }
            }
        }
    }

    fn ask(&mut self, number: u32, now: u64) {
        let user = &mut self.users[number as usize];
        if user.due != now {
            return;
        }
        let household = &mut self.households[user.server as usize];
        if let Some((id, answer)) = self.pending.remove(&number) {
            user.lost += u32::from(answer.is_err());
            user.refresher.complete(clock(now), id, answer.into());
            let opens = user
                .refresher
                .token()
                .is_some_and(|token| household.server.is_opened_by(token, now));
            if opens && user.whole_at.is_none() {
                user.whole_at = Some(now);
            }
            let progress = user.refresher.progress(clock(now));
            user.reported_invalid +=
                u32::from(matches!(progress, TransientTokenProgress::Refused { .. }));
        }
        let is_down = household.down.iter().any(|down| down.contains(&now));
        if user.uses_at <= now {
            user.uses_at = now + USED_EVERY;
            // Twice, as of two requests that were under way at once.
            if let Some(token) = user.refresher.token().filter(|_| !is_down).cloned()
                && !household.server.is_opened_by(&token, now)
            {
                user.refresher.rejected(clock(now), &token);
                user.refresher.rejected(clock(now), &token);
            }
        }
        let next = match user.refresher.poll(clock(now)) {
            Step::Done(never) => match never {},
            // Only a use of the token can change anything.
            Step::Wait(None) | Step::Finished => user.uses_at,
            Step::Wait(Some(time)) => after(now, time),
            Step::Do(id, Action::Send(outgoing)) => {
                if household.second != now {
                    (household.second, household.count) = (now, 0);
                }
                household.count += 1;
                household.busiest = household.busiest.max(household.count);
                let starts = household
                    .down
                    .iter()
                    .any(|down| (down.end..down.end + STARTING).contains(&now));
                let outcome = if is_down || starts {
                    self.network.in_vain(&outgoing, starts)
                } else {
                    self.network.carry(outgoing, &mut household.server, now)
                };
                let status = outcome.done.map_or(0, |status| status.as_u16());
                user.made += u32::from(status == 200);
                let what = now ^ u64::from(number) << 32 ^ u64::from(status) << 20;
                self.history = mixed(self.history ^ mixed(what ^ outcome.after << 16));
                self.pending.insert(number, (id, outcome.answer));
                // Nothing else is asked of it meanwhile.
                user.due = self.agenda.put(now, now + outcome.after, number);
                return;
            }
            Step::Do(id, _) => {
                user.refresher.complete(clock(now), id, Completion::Unsupported);
                now
            }
        };
        user.due = self.agenda.put(now, next.min(user.uses_at), number);
    }

    /// Two hours after a round of restarts.
    fn judge(&self, round: usize, report: &mut Report) {
        let name = |what: &str| format!("restart {}: {what}", round + 1);
        let alive = || self.users.iter().filter(|user| !user.is_dead);
        let mut longest = 0;
        for user in alive() {
            let up = self.households[user.server as usize].down[round].end;
            match user.whole_at {
                Some(whole_at) => longest = longest.max(whole_at.saturating_sub(up)),
                None => report.broken(name("a refresher has no token that its server takes")),
            }
            report.expect(user.made <= 1 + user.lost, || {
                name(&format!(
                    "a refresher asked for {} tokens, of which {} were lost",
                    user.made, user.lost
                ))
            });
            report.expect(user.reported_invalid == 0, || {
                name("a refresher takes its account's token for dead, which is not")
            });
        }
        let whole = alive().filter(|user| user.whole_at.is_some()).count();
        report.figure(&name("good tokens again"), format!("{whole} of {}", alive().count()));
        report.figure(&name("last, after its server was up"), format!("{longest} s"));
        report.expect(longest <= WITHIN, || name(&format!("one had no token for {longest} s")));
        let dead = || self.users.iter().filter(|user| user.is_dead);
        let reported = dead().filter(|user| user.reported_invalid == 1).count();
        report.figure(
            &name("dead account tokens told once"),
            format!("{reported} of {}", dead().count()),
        );
        report.expect(reported == dead().count(), || {
            name(&format!("{reported} of {} dead account tokens were told once", dead().count()))
        });
        let time = [ROUNDS[round]..ROUNDS[round] + 2 * HOUR];
        let (busiest, _) = self.network.traffic.busiest(&time, 1);
        let mean = self.network.traffic.mean(&time);
        report.figure(
            &name("peak, of all servers"),
            format!("{busiest}/s, mean of 2 hours {mean:.1}/s"),
        );
        let busiest = self.households.iter().map(|household| household.busiest).max().unwrap_or(0);
        report.figure(&name("peak so far, of one server"), format!("{busiest}/s"));
    }
}
