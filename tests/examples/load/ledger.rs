//! Checks the outcome of each call in a run against the requests that the server received.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use plex_auth_fake::Seen;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::{Error, TransportError};

use crate::ask::Outcome;
use crate::report::Report;

/// The requests that the server received in a run.
pub(crate) struct Ledger<'a> {
    seen: &'a [Seen],
    /// The number of requests from each client.
    arrived: HashMap<&'a str, usize>,
}

impl<'a> Ledger<'a> {
    /// Creates a ledger of these requests.
    pub(crate) fn of(seen: &'a [Seen]) -> Self {
        let mut arrived = HashMap::new();
        for client in seen.iter().filter_map(client) {
            *arrived.entry(client).or_default() += 1;
        }
        Self { seen, arrived }
    }

    pub(crate) fn arrived(&self, client: &str) -> usize {
        self.arrived.get(client).copied().unwrap_or(0)
    }

    /// Checks the guarantees that hold under any fault. No call is lost, and no response reaches
    /// the wrong caller. No sign-in is sent more than once, and no other call more than twice.
    /// Every error is a transport error with a possible reason, and never claims that a request was
    /// not sent if the request arrived. `fitting` returns whether a reason is possible.
    pub(crate) fn judge(
        &self,
        report: &mut Report,
        calls: usize,
        outcomes: &[Outcome],
        fitting: fn(TransportErrorKind) -> bool,
    ) {
        report.expect(outcomes.len() == calls, || {
            format!("{} of {calls} calls never ended", calls - outcomes.len())
        });
        let mut tokens = HashSet::new();
        for outcome in outcomes {
            let Outcome { client, idempotent, result, .. } = outcome;
            let arrived = self.arrived(client);
            let most = if *idempotent { 2 } else { 1 };
            report.expect(arrived <= most, || format!("{client} was sent {arrived} times"));
            match result {
                Ok(answer) => {
                    let request = answer.request.and_then(|number| self.seen.get(number));
                    let own = request.and_then(self::client) == Some(client);
                    report.expect(own, || format!("{client} got the response to another request"));
                    report.expect(answer.right, || format!("{client} got a wrong response"));
                    let token = answer.token.as_deref();
                    let unique = token.is_none_or(|token| tokens.insert(token));
                    report.expect(unique, || format!("{client} got the token of another call"));
                }
                Err(Error::Transport(error)) => {
                    let denied = !error.may_have_been_sent() && arrived > 0;
                    report.expect(!denied, || format!("{client} arrived, but: {error}"));
                    report.expect(fitting(error.kind()), || format!("{client}: {error}"));
                }
                Err(error) => report.broken(format!("{client}: {error}")),
            }
        }
        figures(report, calls, outcomes, self.seen.len());
    }
}

fn client(seen: &Seen) -> Option<&str> {
    seen.header("x-plex-client-identifier")
}

fn figures(report: &mut Report, calls: usize, outcomes: &[Outcome], requests: usize) {
    let answered = outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
    report.figure("calls", calls);
    report.figure("answered", answered);
    let mut unanswered: BTreeMap<String, usize> = BTreeMap::new();
    for error in outcomes.iter().filter_map(transport_error) {
        let sent = if error.may_have_been_sent() { "may have been sent" } else { "nothing sent" };
        let reason = match error.kind() {
            TransportErrorKind::TimedOut(_) => "TimedOut".to_owned(),
            reason => format!("{reason:?}"),
        };
        *unanswered.entry(format!("{reason}, {sent}")).or_default() += 1;
    }
    for (how, count) in unanswered {
        report.figure(&how, count);
    }
    report.figure("requests that arrived", requests);

    let mut times: Vec<_> = outcomes.iter().map(|outcome| outcome.took).collect();
    times.sort_unstable();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    for (name, share) in [("median", 50), ("99 of 100 within", 99), ("slowest", 100)] {
        report.figure(name, format!("{:.1} ms", millis(at(share).copied().unwrap_or_default())));
    }
}

pub(crate) fn transport_error(outcome: &Outcome) -> Option<&TransportError> {
    outcome.result.as_ref().err().and_then(Error::as_transport)
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
