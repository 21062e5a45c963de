//! A flow in the rush of whatever comes: answers early, late, twice and never, and a clock that jumps.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{Call, Error, Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// What it must keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The time between two calls of a kind at least.
    pub(crate) pace: Duration,
    /// How much later than it said it may end.
    pub(crate) grace: Duration,
    /// How often it is asked what is next.
    pub(crate) rounds: usize,
}

/// What becomes of one call.
#[derive(Clone, Debug)]
pub(crate) struct Lot<F> {
    fate: F,
    /// After how many seconds the answer comes; never where there is none. After a minute it is late.
    takes: Option<u64>,
    /// By how many seconds the clock is set just before.
    jump: i64,
    /// Whether the answer comes a second time.
    twice: bool,
}

fn lot<F: std::fmt::Debug>(fate: impl Strategy<Value = F>) -> impl Strategy<Value = Lot<F>> {
    let takes = prop_oneof![
        8 => (0_u64..3).prop_map(Some), 2 => (0_u64..59).prop_map(Some), 1 => (61_u64..90).prop_map(Some), 1 => Just(None)
    ];
    let jump = prop_oneof![12 => Just(0), 1 => -100_000_i64..100_000, 1 => -100_i64..100];
    (fate, takes, jump, any::<bool>()).prop_map(|(fate, takes, jump, twice)| Lot {
        fate,
        takes,
        jump,
        twice,
    })
}

/// Several of these, after a first one that is mostly this.
pub(crate) fn lots<F: std::fmt::Debug + Clone + 'static>(
    first: F,
    fate: impl Strategy<Value = F> + Clone + 'static,
) -> impl Strategy<Value = Vec<Lot<F>>> {
    let first = prop_oneof![4 => Just(first), 1 => fate.clone()];
    // Few, again and again, or many.
    let more = prop_oneof![vec(lot(fate.clone()), 1..4), vec(lot(fate), 4..40)];
    (lot(first), more).prop_map(|(first, more)| [vec![first], more].concat())
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Chaos<F, O> {
    /// What it ended in, where it did.
    pub(crate) outcome: Option<O>,
    /// What came, and of which place it was asked.
    pub(crate) met: Vec<(String, F)>,
    /// How often it asked.
    pub(crate) calls: usize,
    /// Whether the last of it came while it was waited for, as far as that is certain.
    pub(crate) was_heard: bool,
    /// Whether the time was over that it had said was left.
    pub(crate) was_over: bool,
}

/// Drives a flow with one call under way at the most. It must neither hurry nor be busy, nor end too late,
/// nor go on once it has ended.
///
/// `left` is told how it stands, and how much time is left by that.
pub(crate) fn chaos<C: Flow, F: Clone>(
    mut flow: C,
    lots: &[Lot<F>],
    bounds: Bounds,
    answer: impl Fn(&Call<C::Response>, &F) -> Result<Response<C::Response>, Error>,
    mut left: impl FnMut(&C, SystemTime) -> Option<Duration>,
) -> Result<Chaos<F, C::Output>, String> {
    // The true time, the clock's, and what the login can have noticed of it.
    let (mut passed, mut now, mut noticed) = (
        Duration::ZERO,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        Duration::ZERO,
    );
    let (mut looked_at, is_steady) = (now, lots.iter().all(|lot| lot.jump == 0));
    // Until a PIN is there: as long as its making is tried.
    let (mut deadline, mut after) = (Duration::from_secs(180), Duration::ZERO);
    let (mut sent, mut at_once) = (BTreeMap::<String, Duration>::new(), 0);
    // Those whose answers are still to come or never do, and the last one whose answer has come.
    let (mut under_way, mut answered, mut calls) = (Vec::new(), None, 0);
    let (mut met, mut was_heard) = (Vec::new(), false);
    for _ in 0..bounds.rounds {
        let step = now.duration_since(looked_at).unwrap_or_default();
        (noticed, looked_at) = (noticed + step, now);
        if let Some(left) = left(&flow, now) {
            deadline = noticed + left;
        }
        let wait = match flow.poll(now) {
            Step::Send(id, call) => {
                let path = call.request().uri().path().to_owned();
                let last = sent.insert(path, passed);
                at_once += 1;
                if at_once > 2 || last.is_some_and(|last| passed < last + bounds.pace) {
                    return Err(format!("it hurries, {passed:?} after its start"));
                }
                // The first comes once, the others again and again.
                let lot = lots.iter().chain(lots[1..].iter().cycle()).nth(calls).unwrap();
                let due = lot.takes.map(|takes| passed + Duration::from_secs(takes));
                under_way.push((due, id, call, lot));
                calls += 1;
                continue;
            }
            Step::Wait(time) if time < Duration::from_millis(1) => return Err("it is busy".into()),
            Step::Wait(time) => time.min(Duration::from_secs(100_000)),
            Step::Done(outcome) => {
                let was_over = noticed >= deadline;
                if after > bounds.grace {
                    return Err(format!("it ends {after:?} after its time"));
                }
                for (_, id, call, lot) in under_way.iter().chain(&answered) {
                    flow.complete(now, *id, answer(call, &lot.fate));
                    if !matches!(flow.poll(now), Step::Wait(_)) {
                        return Err("it is not over".into());
                    }
                }
                return Ok(Chaos {
                    outcome: Some(outcome),
                    met,
                    calls,
                    was_heard: was_heard && is_steady,
                    was_over,
                });
            }
        };
        let first = under_way.iter().filter_map(|(due, ..)| *due).min();
        let wait = first.map_or(wait, |due| wait.min(due.saturating_sub(passed)));
        passed += wait;
        now += wait;
        if !wait.is_zero() {
            at_once = 0;
        }
        after = if noticed < deadline { Duration::ZERO } else { after + wait };
        let Some(which) =
            under_way.iter().position(|(due, ..)| due.is_some_and(|due| due <= passed))
        else {
            continue;
        };
        let (due, id, call, lot) = under_way.swap_remove(which);
        if lot.jump > 0 {
            // What it takes for time that has passed, it may use.
            sent.clear();
            at_once = 0;
        }
        let by = Duration::from_secs(lot.jump.unsigned_abs());
        now = if lot.jump < 0 { now - by } else { now + by };
        noticed += now.duration_since(looked_at).unwrap_or_default();
        looked_at = now;
        for _ in 0..=usize::from(lot.twice) {
            flow.complete(now, id, answer(&call, &lot.fate));
        }
        met.push((call.request().uri().path().to_owned(), lot.fate.clone()));
        was_heard = lot.takes.is_some_and(|takes| takes < 59);
        answered = Some((due, id, call, lot));
    }
    Ok(Chaos { outcome: None, met, calls, was_heard: false, was_over: false })
}
