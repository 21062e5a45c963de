//! A timer wheel for a million clients, with one slot per second.

/// The span of the wheel, in seconds. No flow in the simulations waits longer than this.
const REACH: u64 = 4096;

/// The clients that are due in each second of the span.
#[derive(Debug)]
pub(crate) struct Agenda {
    seconds: Vec<Vec<u32>>,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self { seconds: (0..REACH).map(|_| Vec::new()).collect() }
    }

    /// Schedules a client, and returns the scheduled time. A time beyond the span is replaced with
    /// the end of the span, which is harmless: the client is just polled early.
    pub(crate) fn put(&mut self, now: u64, at: u64, who: u32) -> u64 {
        let at = at.clamp(now, now + REACH - 1);
        self.seconds[slot(at)].push(who);
        at
    }

    /// Takes the clients due in this second, in the order in which they were scheduled. While they
    /// are handled, more may be scheduled for the same second: call this again until it returns an
    /// empty list.
    pub(crate) fn take(&mut self, now: u64) -> Vec<u32> {
        std::mem::take(&mut self.seconds[slot(now)])
    }
}

fn slot(at: u64) -> usize {
    usize::try_from(at % REACH).expect("a small number")
}
