//! Flows driven with responses that are early, late, repeated or missing, with cancelled requests,
//! and with a wall clock that jumps.

use std::collections::BTreeMap;
use std::time::Duration;

use plex_auth_proto::flow::{Action, Completion, Now};
use plex_auth_proto::{Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::harness::{InFlight, Scripted, shifted, start};

/// The limits that the flow must stay within.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The shortest allowed time between two requests to the same path.
    pub(crate) interval: Duration,
    /// The time within which the flow must end if it does not report the time left.
    pub(crate) timeout: Duration,
    /// The maximum time that the flow may run past its reported end or `timeout`.
    pub(crate) grace: Duration,
    /// The maximum number of polls.
    pub(crate) rounds: usize,
}

/// The response to one request, and how it arrives.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    response: Scripted,
    /// The seconds until the response arrives, or `None` if it never does. After 60 s, every
    /// response is late.
    takes: Option<u64>,
    /// The seconds by which the wall clock jumps just before the response arrives.
    jump: i64,
    /// Whether the driver cancels the request instead of delivering the response.
    is_cancelled: bool,
    /// Whether the response is delivered twice.
    twice: bool,
}

fn event(response: impl Strategy<Value = Scripted>) -> impl Strategy<Value = Event> {
    let takes = prop_oneof![
        8 => (0_u64..3).prop_map(Some), 2 => (0_u64..59).prop_map(Some), 1 => (61_u64..90).prop_map(Some), 1 => Just(None)
    ];
    let jump = prop_oneof![12 => Just(0), 1 => -100_000_i64..100_000, 1 => -100_i64..100];
    let is_cancelled = prop_oneof![12 => Just(false), 1 => Just(true)];
    (response, takes, jump, is_cancelled, any::<bool>()).prop_map(
        |(response, takes, jump, is_cancelled, twice)| Event {
            response,
            takes,
            jump,
            is_cancelled,
            twice,
        },
    )
}

/// Generates several events. The first one usually has the response `first`.
pub(crate) fn events(
    first: Scripted,
    response: impl Strategy<Value = Scripted> + Clone + 'static,
) -> impl Strategy<Value = Vec<Event>> {
    let first = prop_oneof![4 => Just(first), 1 => response.clone()];
    // Either a few events, which `chaos` repeats, or many.
    let more = prop_oneof![vec(event(response.clone()), 1..4), vec(event(response), 4..40)];
    (event(first), more).prop_map(|(first, more)| [vec![first], more].concat())
}

/// The result of driving a flow.
#[derive(Debug)]
pub(crate) struct Chaos<O> {
    /// The outcome, if the flow has ended.
    pub(crate) outcome: Option<O>,
    /// The responses, each with the path of its request.
    pub(crate) received: Vec<(String, Scripted)>,
    /// The number of requests.
    pub(crate) calls: usize,
    /// Whether the wall clock never jumps.
    pub(crate) is_steady: bool,
    /// Whether the last response definitely arrived while the flow was still waiting for it.
    pub(crate) in_time: bool,
    /// Whether the flow ended at or after its reported end or [`Bounds::timeout`].
    pub(crate) was_over: bool,
}

/// Drives a flow that waits for one request at a time, and checks that it keeps the interval
/// between requests, causes no busy loop, ends in time, and does nothing after it ends.
///
/// `left` is called before each poll, and returns the remaining time that the flow reports.
pub(crate) fn chaos<F: Flow>(
    mut flow: F,
    events: &[Event],
    bounds: Bounds,
    mut left: impl FnMut(&F, Now) -> Option<Duration>,
) -> Result<Chaos<F::Output>, String> {
    let (mut now, mut passed) = (start(), Duration::ZERO);
    let (mut deadline, mut after) = (bounds.timeout, Duration::ZERO);
    let is_steady = events.iter().all(|event| event.jump == 0);
    let (mut sent, mut at_once) = (BTreeMap::<String, Duration>::new(), 0);
    // The requests without a response, and the last one with a response.
    let (mut in_flight, mut answered, mut calls) = (Vec::new(), None, 0);
    let (mut received, mut in_time) = (Vec::new(), false);
    let deliver = |flow: &mut F, now, request: &InFlight, event: &Event| {
        let completion = match event.is_cancelled {
            true => Completion::Cancelled,
            false => event.response.completion(&request.outgoing),
        };
        flow.complete(now, request.id, completion);
    };
    for _ in 0..bounds.rounds {
        if let Some(left) = left(&flow, now) {
            deadline = passed + left;
        }
        let wait = match flow.poll(now) {
            Step::Do(id, Action::Send(outgoing)) => {
                let path = outgoing.request().uri().path().to_owned();
                let last = sent.insert(path, passed);
                at_once += 1;
                if at_once > 2 || last.is_some_and(|last| passed < last + bounds.interval) {
                    return Err(format!("requests too close together, after {passed:?}"));
                }
                // The first event is used once, and the others are repeated.
                let event = events.iter().chain(events[1..].iter().cycle()).nth(calls).unwrap();
                let due = event.takes.map(|takes| passed + Duration::from_secs(takes));
                in_flight.push((due, InFlight { id, outgoing }, event));
                calls += 1;
                continue;
            }
            Step::Do(_, action) => return Err(format!("{action:?}")),
            Step::Wait(Some(time)) if time < Duration::from_millis(1) => {
                return Err("a busy loop".into());
            }
            Step::Wait(Some(time)) => time,
            Step::Wait(None) if in_flight.is_empty() => return Err("the flow is stuck".into()),
            Step::Wait(None) => Duration::from_secs(100_000),
            Step::Finished => return Err("the outcome was not returned".into()),
            Step::Done(outcome) => {
                let was_over = passed >= deadline;
                if after > bounds.grace {
                    return Err(format!("the flow ended {after:?} after its deadline"));
                }
                for (_, request, event) in in_flight.iter().chain(&answered) {
                    deliver(&mut flow, now, request, event);
                    if !matches!(flow.poll(now), Step::Finished) {
                        return Err("the flow did something after its end".into());
                    }
                }
                return Ok(Chaos {
                    outcome: Some(outcome),
                    received,
                    calls,
                    is_steady,
                    in_time: in_time && is_steady,
                    was_over,
                });
            }
        };
        let first = in_flight.iter().filter_map(|(due, ..)| *due).min();
        let wait = first.map_or(wait, |due| wait.min(due.saturating_sub(passed)));
        (now, passed) = (now + wait, passed + wait);
        if !wait.is_zero() {
            at_once = 0;
        }
        after = passed.saturating_sub(deadline);
        let Some(which) =
            in_flight.iter().position(|(due, ..)| due.is_some_and(|due| due <= passed))
        else {
            continue;
        };
        let (due, request, event) = in_flight.swap_remove(which);
        now = shifted(now, event.jump);
        if event.is_cancelled {
            // The request may be sent again at once.
            sent.clear();
            at_once = 0;
        }
        for _ in 0..=usize::from(event.twice) {
            deliver(&mut flow, now, &request, event);
        }
        if !event.is_cancelled {
            let path = request.outgoing.request().uri().path().to_owned();
            received.push((path, event.response.clone()));
        }
        in_time = event.takes.is_some_and(|takes| takes < 10) && !event.is_cancelled;
        answered = Some((due, request, event));
    }
    Ok(Chaos { outcome: None, received, calls, is_steady, in_time: false, was_over: false })
}
