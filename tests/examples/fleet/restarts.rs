//! Media servers that are all restarted within a minute, while many clients have transient tokens
//! for them.

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

/// The times of the restarts: an arbitrary hour, and a time when most tokens are about to be
/// renewed.
const ROUNDS: [u64; 2] = [START + 20 * HOUR, START + 67 * HOUR - 300];
const TIME: u64 = 72 * HOUR;

/// The interval in which all servers go down, in seconds.
const ALL_WITHIN: u64 = 60;
/// The number of seconds for which a server answers 503 while it starts.
const STARTING: u64 = 15;
/// The interval between a user's requests to the server, in seconds.
const USED_EVERY: u64 = 300;
/// The average number of account tokens per thousand that are revoked when their server goes down
/// for the first time.
const REVOKED: u64 = 10;
/// The maximum jitter, in milliseconds. It is short because a user is waiting for the token.
const JITTER: u64 = 30_000;
/// The maximum time, in seconds, from the end of a server's downtime until a user with a valid
/// account token has a valid transient token again. A user notices a restart only on the next
/// request.
const WITHIN: u64 = USED_EVERY + HOUR / 4;
/// The numbers of servers and refreshers that are simulated with both the simplified servers and
/// the fake.
const FEW: (u32, u32) = (5, 50);

struct User {
    refresher: TransientTokenRefresher,
    server: u32,
    account_token: String,
    is_revoked: bool,
    /// The time of the user's next request to the server.
    uses_at: u64,
    due: u64,
    /// The number of tokens created for the user since the server's restart.
    made: u32,
    /// The number of requests since the server's restart that got no response. A lost response may
    /// have contained a token.
    lost: u32,
    /// The time at which the user first had a valid token after the server's last restart, if the
    /// user has had one since.
    valid_at: Option<u64>,
    /// The number of times that the refresher reported the account's token as invalid.
    reported_invalid: u32,
}

struct Household<S> {
    server: S,
    /// The downtime in each round.
    down: [Range<u64>; 2],
    /// The time of the latest request, in seconds.
    second: u64,
    /// The number of requests during that second.
    count: u32,
    /// The maximum number of requests in one second.
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
    let title = format!("{servers} servers restarted with {refreshers} transient-token refreshers");
    let mut report = Report::new(title);
    let mut plain = Town::<Attic>::new(FEW.0, FEW.1, seed);
    let mut whole = Town::<FakePlex>::new(FEW.0, FEW.1, seed);
    plain.live(seed, &mut Report::new(String::new()));
    whole.live(seed, &mut Report::new(String::new()));
    report.figure("same with the fake", format!("{} servers, {} refreshers", FEW.0, FEW.1));
    report.expect(plain.history == whole.history, || {
        "the servers behaved differently with the fake".to_owned()
    });
    let mut town = Town::<Attic>::new(servers, refreshers, seed);
    town.live(seed, &mut report);
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
                is_revoked: false,
                uses_at,
                due: agenda.put(START, START + chance.below(HOUR), number),
                made: 0,
                lost: 0,
                valid_at: None,
                reported_invalid: 0,
            }
        };
        let users = (0..refreshers).map(user).collect();
        let network = Network::new(seed, Vec::new(), u64::MAX, START..START + TIME);
        Self { households, users, network, agenda, pending: HashMap::new(), history: 0 }
    }

    fn live(&mut self, seed: u64, report: &mut Report) {
        let mut chance = Chance::new(seed, 0x64_65);
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

    /// Stops the servers whose downtime starts now, so that their transient tokens become invalid.
    /// In the first round, also revokes some of their users' account tokens.
    fn go_down(&mut self, round: usize, now: u64, chance: &mut Chance) {
        let goes = |household: &Household<S>| household.down[round].start == now;
        for household in self.households.iter_mut().filter(|household| goes(household)) {
            household.server.restart();
        }
        for user in &mut self.users {
            let household = &mut self.households[user.server as usize];
            if goes(household) {
                (user.made, user.lost, user.valid_at) = (0, 0, None);
                if round == 0 && chance.happens(REVOKED) {
                    user.is_revoked = true;
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
            if opens && user.valid_at.is_none() {
                user.valid_at = Some(now);
            }
            let progress = user.refresher.progress(clock(now));
            user.reported_invalid +=
                u32::from(matches!(progress, TransientTokenProgress::Refused { .. }));
        }
        let is_down = household.down.iter().any(|down| down.contains(&now));
        if user.uses_at <= now {
            user.uses_at = now + USED_EVERY;
            // The rejection is reported twice, as it would be by two requests in flight at the same
            // time.
            if let Some(token) = user.refresher.token().filter(|_| !is_down).cloned()
                && !household.server.is_opened_by(&token, now)
            {
                user.refresher.rejected(clock(now), &token);
                user.refresher.rejected(clock(now), &token);
            }
        }
        let next = match user.refresher.poll(clock(now)) {
            Step::Done(never) => match never {},
            // Nothing changes until the token is used again.
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
                    self.network.during_outage(&outgoing, starts)
                } else {
                    self.network.carry(outgoing, &mut household.server, now)
                };
                let status = outcome.done.map_or(0, |status| status.as_u16());
                user.made += u32::from(status == 200);
                let what = now ^ u64::from(number) << 32 ^ u64::from(status) << 20;
                self.history = mixed(self.history ^ mixed(what ^ outcome.after << 16));
                self.pending.insert(number, (id, outcome.answer));
                // The user sends no other request until the response arrives.
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

    /// Checks the goals two hours after a round of restarts.
    fn judge(&self, round: usize, report: &mut Report) {
        let name = |what: &str| format!("restart {}: {what}", round + 1);
        let others = || self.users.iter().filter(|user| !user.is_revoked);
        let mut longest = 0;
        for user in others() {
            let up = self.households[user.server as usize].down[round].end;
            match user.valid_at {
                Some(valid_at) => longest = longest.max(valid_at.saturating_sub(up)),
                None => report.broken(name("a refresher has no token that its server accepts")),
            }
            report.expect(user.made <= 1 + user.lost, || {
                name(&format!(
                    "a refresher asked for {} tokens, of which {} were lost",
                    user.made, user.lost
                ))
            });
            report.expect(user.reported_invalid == 0, || {
                name("a refresher reports a valid account token as invalid")
            });
        }
        let whole = others().filter(|user| user.valid_at.is_some()).count();
        report.figure(&name("valid tokens again"), format!("{whole} of {}", others().count()));
        report.figure(&name("last, after its server was up"), format!("{longest} s"));
        report.expect(longest <= WITHIN, || name(&format!("no token for {longest} s")));
        let revoked = || self.users.iter().filter(|user| user.is_revoked);
        let reported = revoked().filter(|user| user.reported_invalid == 1).count();
        report.figure(
            &name("revoked account tokens reported"),
            format!("{reported} of {}", revoked().count()),
        );
        report.expect(reported == revoked().count(), || {
            name(&format!(
                "only {reported} of {} revoked account tokens were reported exactly once",
                revoked().count()
            ))
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
