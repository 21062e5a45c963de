//! A fleet's results for the month, compared with the goals.

use std::ops::Range;

use plex_auth_fake::{FakePlex, Who};

use crate::devices::{DAY, Fleet, HOUR, MONTH, START};
use crate::plex_tv::DeviceTokens;
use crate::report::Report;
use crate::traffic::{stretch, to_float};

/// The highest peak load allowed outside outages and their recovery periods, as a multiple of the
/// mean.
const MOST_OUTSIDE: f64 = 3.0;
/// The highest peak load allowed after an outage, as a multiple of the mean.
const MOST_AFTER: f64 = 10.0;

/// The number of devices that are simulated with both the simplified service and the fake.
const FEW: u32 = 100;

pub(crate) fn play(devices: u32, seed: u64) -> Report {
    let mut report = Report::new(format!("{devices} devices, 30 days"));
    same_as_the_fake(seed, &mut report);
    let (takes, nonces) = limits(devices);
    let service = DeviceTokens::new(devices, nonces);
    let mut fleet = Fleet::new(service, devices, seed, takes, DeviceTokens::old_token);
    fleet.live();
    judge(&fleet, &mut report);
    report
}

/// Returns the number of requests per second that plex.tv accepts (about nine times the mean, but
/// at least 10), and the maximum number of unused nonces.
fn limits(devices: u32) -> (u64, usize) {
    let a_second = u64::from(devices) * 2 / (11 * DAY / 2);
    ((9 * a_second).max(10), (devices as usize / 10_000).max(5))
}

fn same_as_the_fake(seed: u64, report: &mut Report) {
    let (takes, nonces) = limits(FEW);
    let service = DeviceTokens::new(FEW, nonces);
    let mut plain = Fleet::new(service, FEW, seed, takes, DeviceTokens::old_token);
    let mut plex = FakePlex::new();
    plex.limit_nonces(nonces);
    plex.demand_times();
    let tokens: Vec<_> = (0..FEW).map(|_| plex.issue_token(Who::PlexPass)).collect();
    let mut whole =
        Fleet::new(plex, FEW, seed, takes, move |device| tokens[device as usize].clone());
    plain.live();
    whole.live();
    let asked = whole.network.traffic.total(&[START..START + MONTH]);
    report.figure("same with the fake", format!("{FEW} devices, {asked} requests"));
    report.expect(plain.history == whole.history && plain.lapses == whole.lapses, || {
        format!("{FEW} devices behaved differently with the fake")
    });
    let registered = whole.service.device_keys().count();
    let had: usize = whole.devices.iter().filter(|device| device.registered == 1).count();
    report.expect(registered == had, || format!("{registered} keys, but {had} registrations"));
}

fn judge(fleet: &Fleet<DeviceTokens>, report: &mut Report) {
    let traffic = &fleet.network.traffic;
    let outages = &fleet.network.outages;
    let up = up_times(outages.iter().map(|outage| outage.when.clone()));
    let mean = traffic.mean(&up);
    let over = stretch(mean);
    // The period that counts as after an outage is as long as the outage itself, but at least an
    // hour, and at least `over`.
    let after = |outage: &Range<u64>| {
        let lasts = (outage.end - outage.start).max(HOUR).max(over);
        outage.end..(outage.end + lasts).min(START + MONTH)
    };
    let outside = up_times(outages.iter().map(|o| o.when.start..after(&o.when).end));

    report.figure("requests that arrived", traffic.total(&up));
    report.figure("refused by 429", fleet.network.refused);
    report.figure("requests or responses lost", fleet.network.lost);
    report.figure("requests during an outage", fleet.network.during_outage);
    report.figure("renewals", fleet.renewals);
    report.figure("restarts", fleet.restarts);
    report.figure("of these before saving a token", fleet.forgotten);
    report.figure("mean", format!("{mean:.3}/s"));
    report.figure("a peak is measured over", format!("{over} s"));
    let mut peak = |name: &str, times: &[Range<u64>], most: f64| {
        let (busiest, until) = traffic.busiest(times, over);
        let second = traffic.busiest_second(times);
        let times_the_mean = busiest / mean;
        report.figure(
            &format!("peak {name}"),
            format!(
                "{busiest:.3}/s, {times_the_mean:.2} × the mean, on day {:.1} (busiest second: {second})",
                to_float(until - START) / to_float(DAY)
            ),
        );
        report.expect(times_the_mean <= most, || {
            format!("the peak {name} is {times_the_mean:.2} times the mean, above {most}")
        });
    };
    peak("outside outages", &outside, MOST_OUTSIDE);
    for outage in outages {
        peak(&format!("after {}", outage.name), &[after(&outage.when)], MOST_AFTER);
    }
    let mut lapsed = 0;
    for (outage, caught_up) in outages.iter().zip(&fleet.caught_up) {
        let Range { start, end } = outage.when;
        let in_it: Vec<_> =
            fleet.lapses.iter().filter(|lapse| lapse.start < end && lapse.end > start).collect();
        lapsed += in_it.len();
        let whole = in_it.iter().map(|lapse| lapse.end.saturating_sub(end)).max().unwrap_or(0);
        report.figure(
            &format!("after {}", outage.name),
            format!(
                "{} lapsed, the last until {whole} s later; all caught up after {} s",
                in_it.len(),
                caught_up.saturating_sub(end)
            ),
        );
    }
    let others = fleet.lapses.len() - lapsed;
    let longest = fleet.lapses.iter().map(|lapse| lapse.end - lapse.start).max().unwrap_or(0);
    report.figure("tokens that lapsed at other times", others);
    report.figure("longest without a token", format!("{longest} s"));
    promises(fleet, &up, report);
}

fn promises(fleet: &Fleet<DeviceTokens>, up: &[Range<u64>], report: &mut Report) {
    let twice = fleet.devices.iter().filter(|device| device.registered_again > 0).count();
    report.figure("registered twice", twice);
    report.figure("started over, registration lost", fleet.started_over);
    report.expect(twice == 0, || format!("{twice} devices registered twice"));
    let left = fleet.lapses.iter().filter(|lapse| is_left_without(lapse, up)).count();
    report.figure("left without a token", left);
    report.expect(left == 0, || {
        format!("{left} devices were without a token for an hour while plex.tv was up")
    });
    for (number, end) in &fleet.ended {
        report.broken(format!("the refresher of device {number} ended: {end}"));
    }
    let never = fleet.devices.iter().filter(|device| !device.had_a_token).count();
    report.expect(never == 0, || format!("{never} devices never had a token"));
}

/// Returns whether the service was up for a whole hour during the lapse.
fn is_left_without(lapse: &Range<u64>, up: &[Range<u64>]) -> bool {
    up.iter().any(|up| lapse.start.max(up.start) + HOUR <= lapse.end.min(up.end))
}

/// Returns the parts of the month outside these intervals, which must be sorted.
fn up_times(down: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut up = Vec::new();
    let mut from = START;
    for Range { start, end } in down {
        up.push(from..start);
        from = end;
    }
    up.push(from..START + MONTH);
    up
}
