//! Sends calls without faults, and checks that every call succeeds, connections are reused, and
//! nothing leaks.

use std::time::Instant;

use crate::Arguments;
use crate::place::{NewWorkers, Place, WORKERS};
use crate::process::{memory, open_files, open_files_back_at};
use crate::report::Report;

/// The memory growth per call, in KiB, below which a round counts as free of leaks. A leak grows
/// with each round, but an allocator's pools do not.
const LEAK: usize = 1;

/// The memory growth, in KiB, below which a round counts as free of leaks regardless of the number
/// of calls.
const NOISE: usize = 8 * 1024;

/// The maximum number of rounds. The first one fills the allocator's pools. In at least one of the
/// others, memory must grow by less than the larger of the two limits above.
const ROUNDS: usize = 5;

pub(crate) fn play(arguments: &Arguments) -> Vec<Report> {
    WORKERS.map(|(name, workers)| one(arguments, name, workers)).into()
}

fn one(arguments: &Arguments, name: &str, workers: NewWorkers) -> Report {
    let before = open_files();
    let place = Place::new(arguments);
    let mut report = Report::new(name);
    round(arguments, &place, workers, "round-1", &mut report);
    let allowed = NOISE.max(LEAK * arguments.calls);
    let mut grown = Vec::new();
    for number in 2..=ROUNDS {
        let mut next = Report::new(name);
        let then = memory();
        round(arguments, &place, workers, &format!("round-{number}"), &mut next);
        next.adopt(report);
        report = next;
        let growth = memory().zip(then).map(|(now, then)| now.saturating_sub(then));
        grown.extend(growth);
        if growth.is_none_or(|growth| growth < allowed) {
            break;
        }
    }
    drop(place);
    let after = open_files_back_at(before);
    report.expect(after <= before, || {
        format!("{} open files before, {} after", shown(before), shown(after))
    });
    if let (Some(least), Some(now)) = (grown.iter().min(), memory()) {
        report.figure("memory", format!("{now} KiB"));
        report.figure("memory, least growth in a round", format!("{least} KiB"));
        report.expect(*least < allowed, || format!("memory grew in each round, in KiB: {grown:?}"));
    }
    report
}

fn round(
    arguments: &Arguments,
    place: &Place,
    workers: NewWorkers,
    party: &str,
    report: &mut Report,
) {
    let &Arguments { calls, at_once, .. } = arguments;
    let connections = place.server.connections();
    let workers = place.workers(workers);
    // All counts include the server's ends of the connections.
    let idle = open_files();
    let started = Instant::now();
    place.without_faults(&workers, calls, at_once, party, report);
    let took = started.elapsed();

    let opened = place.server.connections() - connections;
    report.figure("calls per second", format!("{:.0}", calls as f64 / took.as_secs_f64()));
    report.figure("connections", opened);
    report.expect(opened < calls, || format!("{opened} connections for {calls} calls"));
    let busy = open_files();
    let ground = workers.without_transport();
    let left = open_files_back_at(idle);
    for (when, files) in
        [("before", idle), ("after the calls", busy), ("without the transport", left)]
    {
        report.figure(&format!("open files, {when}"), shown(files));
    }
    report.expect(left <= idle, || {
        format!("{} open files before, {} without the transport", shown(idle), shown(left))
    });
    drop(ground);
}

fn shown(count: Option<usize>) -> String {
    count.map_or("?".to_owned(), |count| count.to_string())
}
