//! Kills the server several times while calls are in flight, and restarts it on the same port.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use plex_auth_fake::{Delivery, FakePlex, Misbehavior};
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind as Reason};

use crate::Arguments;
use crate::ledger::Ledger;
use crate::place::{NewWorkers, Place, WORKERS};
use crate::report::Report;

const RESTARTS: usize = 5;

/// The delay between handling a request and sending its response. It is long enough that some
/// requests are at that stage when the server is killed.
const RESPONSE_DELAY: Duration = Duration::from_millis(2);

/// The time for which the port stays closed.
const DOWN: Duration = Duration::from_millis(20);

pub(crate) fn play(arguments: &Arguments) -> Vec<Report> {
    WORKERS.map(|(name, workers)| one(arguments, name, workers)).into()
}

fn one(arguments: &Arguments, name: &str, workers: NewWorkers) -> Report {
    let &Arguments { calls, at_once, .. } = arguments;
    let mut report = Report::new(name);
    let mut place = Place::new(arguments);
    let workers = place.workers(workers);
    let asks = place.asks(calls, "restart");
    place.server.with(|fake| {
        for path in ["/user", "/users/signin", "/security/token", "/security/resources"] {
            fake.misbehave(path, Misbehavior::deliver(Delivery::After(RESPONSE_DELAY)));
        }
    });
    let done = Arc::new(AtomicUsize::new(0));
    let outcomes = thread::scope(|scope| {
        let calling = scope.spawn(|| workers.ask_all(&asks, at_once, &done));
        for restart in 1..=RESTARTS {
            // Restarts are spread evenly over the finished calls, not over time.
            let due = calls * restart / (RESTARTS + 1);
            while done.load(Ordering::Relaxed) < due && !calling.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            place.server.restart(DOWN).expect("the port is still to be had");
        }
        calling.join().unwrap_or_default()
    });
    place.server.with(FakePlex::behave);
    let seen = place.take_seen();
    Ledger::of(&seen).judge(&mut report, calls, &outcomes, |reason| {
        matches!(reason, Reason::Refused | Reason::CutOff | Reason::Tls(TlsErrorKind::Interrupted))
    });
    report.figure("restarts", RESTARTS);
    report.figure("connections", place.server.connections());

    // Afterwards everything must work again, including sign-ins.
    let mut after = Report::new(name);
    place.without_faults(&workers, at_once, at_once, "after", &mut after);
    report.adopt(after);
    report
}
