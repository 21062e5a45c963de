//! Drops futures after each possible number of polls, on a transport that other callers use at the
//! same time, and checks that the other calls are not affected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plex_auth_fake::{Delivery, Misbehavior};
use plex_auth_tests::dropped_after;

use crate::Arguments;
use crate::ask::{Ask, Outcome};
use crate::ledger::Ledger;
use crate::place::Place;
use crate::report::Report;
use crate::workers::Workers;

/// The path prefixes of the dropped calls. The fake responds slowly on these paths, so that the
/// futures need many polls.
const SLOW: [&str; 2] = ["/api/v2", "/pms"];

const OPERATIONS: [&str; 4] =
    ["token_details", "sign_in", "transient_token", "source_connection_information"];

pub(crate) fn play(arguments: &Arguments) -> Vec<Report> {
    let &Arguments { calls, at_once, .. } = arguments;
    let mut report = Report::new("async");
    let place = Place::new(arguments);
    be_slow(&place);
    let workers = place.workers(Workers::asynchronous);
    let Workers::Async(transport, runtime) = &workers else { return vec![report] };

    let droppers: Vec<_> = OPERATIONS
        .iter()
        .enumerate()
        .map(|(kind, operation)| {
            // The operations alternate, so every fourth call is the same operation.
            let asks = place.asks_at(SLOW, calls, operation);
            let asks: Arc<[_]> = asks.into_iter().skip(kind).step_by(OPERATIONS.len()).collect();
            let next = Arc::new(AtomicUsize::new(0));
            let workers = (0..at_once.div_ceil(2 * OPERATIONS.len())).map(|_| {
                runtime.spawn(drop_all(transport.clone(), Arc::clone(&asks), Arc::clone(&next)))
            });
            (operation, Arc::clone(&asks), workers.collect::<Vec<_>>())
        })
        .collect();
    let asks = place.asks(calls, "waits");
    let outcomes = workers.ask_all(&asks, at_once, &Arc::new(AtomicUsize::new(0)));

    let mut dropped = Vec::new();
    for (operation, asks, workers) in droppers {
        let (mut most, mut finished) = (0, Vec::new());
        for dropper in workers {
            let done = runtime.block_on(dropper).expect("a dropper does not panic");
            most = most.max(done.most_polls);
            finished.extend(done.finished);
        }
        report.figure(&format!("{operation}, dropped"), asks.len() - finished.len());
        report.figure(&format!("{operation}, most polls"), most);
        dropped.push((asks, finished));
    }

    let seen = place.take_seen();
    let ledger = Ledger::of(&seen);
    ledger.judge(&mut report, calls, &outcomes, |_| false);
    for (asks, finished) in dropped {
        let mut own = Report::new("async");
        ledger.judge(&mut own, finished.len(), &finished, |_| false);
        report.adopt(own);
        for ask in asks.iter() {
            let arrived = ledger.arrived(&ask.client);
            let most = if ask.is_idempotent() { 2 } else { 1 };
            report.expect(arrived <= most, || format!("{} was sent {arrived} times", ask.client));
        }
    }
    report.figure("connections", place.server.connections());

    // Afterwards the same transport must work as before.
    let mut after = Report::new("async");
    place.without_faults(&workers, calls.min(1000), at_once, "after", &mut after);
    report.adopt(after);
    vec![report]
}

/// Makes the bodies of plex.tv's responses and the heads of the media server's responses arrive in
/// pieces.
fn be_slow(place: &Place) {
    let pause = Duration::from_millis(1);
    let body = Delivery::SlowBody { bytes: 512, pause };
    let head = Delivery::SlowHead { bytes: 32, pause };
    let paths = [
        ("/user", body),
        ("/users/signin", body),
        ("/security/token", head),
        ("/security/resources", head),
    ];
    place.server.with(|fake| {
        for (path, delivery) in paths {
            let [plex_tv, server] = SLOW;
            let prefix = if path.starts_with("/user") { plex_tv } else { server };
            fake.misbehave(&format!("{prefix}{path}"), Misbehavior::deliver(delivery));
        }
    });
}

#[derive(Default)]
struct Dropped {
    finished: Vec<Outcome>,
    most_polls: usize,
}

/// Drops one call after one poll, the next after two polls, and so on until a call completes. Then
/// starts over with one poll.
async fn drop_all(
    transport: plex_auth_hyper::Transport,
    asks: Arc<[Arc<Ask>]>,
    next: Arc<AtomicUsize>,
) -> Dropped {
    let mut dropped = Dropped::default();
    let mut polls = 1;
    while let Some(ask) = asks.get(next.fetch_add(1, Ordering::Relaxed)) {
        match dropped_after(polls, ask.send(&transport)).await {
            Some(outcome) => {
                dropped.most_polls = dropped.most_polls.max(polls);
                dropped.finished.push(outcome);
                polls = 1;
            }
            None => polls += 1,
        }
    }
    dropped
}
