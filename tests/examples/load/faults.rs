//! Ends every seventh connection early: before the request is read, before the response, in the
//! response's head or body, or after a response that promised to keep the connection open.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind as Reason};
use plex_auth_tests::{Fault, FaultPlan, Point};

use crate::Arguments;
use crate::ask::Outcome;
use crate::ledger::{Ledger, transport_error};
use crate::place::{NewWorkers, Place, WORKERS};
use crate::report::Report;

const EVERY: usize = 7;

/// Connections that do not end early are closed after this many responses, so that enough new
/// connections are opened.
const ANSWERS: usize = 8;

pub(crate) fn play(arguments: &Arguments) -> Vec<Report> {
    WORKERS.map(|(name, workers)| one(arguments, name, workers)).into()
}

fn one(arguments: &Arguments, name: &str, workers: NewWorkers) -> Report {
    let &Arguments { calls, at_once, seed, .. } = arguments;
    let mut report = Report::new(name);
    let place = Place::new(arguments);
    let workers = place.workers(workers);
    let asks = place.asks(calls, "faults");
    place.faults.set(FaultPlan::every(EVERY, seed).answers_per_connection(ANSWERS));
    let outcomes = workers.ask_all(&asks, at_once, &Arc::new(AtomicUsize::new(0)));
    place.faults.set(None);

    let seen = place.take_seen();
    let ledger = Ledger::of(&seen);
    report.figure("seed", seed);
    ledger.judge(&mut report, calls, &outcomes, |reason| {
        matches!(reason, Reason::CutOff | Reason::Tls(TlsErrorKind::Interrupted))
    });
    let faults = place.faults.faults();
    for point in Point::ALL {
        let count = faults.iter().filter(|fault| fault.point == point).count();
        report.figure(&format!("connections ended early, {point:?}"), count);
    }
    report.figure("connections", place.server.connections());
    let twice = |outcome: &&Outcome| ledger.arrived(&outcome.client) == 2;
    report.figure("arrived twice", outcomes.iter().filter(twice).count());
    judge_stale(&mut report, &outcomes, &faults);

    // Afterwards everything must work again.
    let mut after = Report::new(name);
    place.without_faults(&workers, at_once, at_once, "after", &mut after);
    report.adopt(after);
    report
}

/// Checks that no idempotent call fails because of a stale pooled connection: the last copy of a
/// failed call must have been sent on a new connection, or its response must have been cut off in
/// the body.
fn judge_stale(report: &mut Report, outcomes: &[Outcome], faults: &[Fault]) {
    let mut last: HashMap<&str, &Fault> = HashMap::new();
    for fault in faults {
        if let Some(client) = &fault.client {
            last.insert(client, fault);
        }
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.idempotent) {
        let Some(error) = transport_error(outcome) else { continue };
        let fresh = last
            .get(outcome.client.as_str())
            .is_some_and(|fault| fault.answered == 0 || fault.point == Point::InBody);
        report.expect(fresh, || {
            let fault = last.get(outcome.client.as_str());
            format!("{} failed on a stale connection: {error}; {fault:?}", outcome.client)
        });
    }
}
