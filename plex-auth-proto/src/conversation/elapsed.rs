use std::time::{Duration, SystemTime};

/// How much time has passed, by a wall clock that somebody can set.
///
/// What a clock goes back counts as no time, so that nothing waits for an hour to come a second time. What it
/// goes forward is taken for time that has passed, as after a sleep of the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elapsed {
    last: Option<SystemTime>,
    passed: Duration,
}

impl Elapsed {
    /// How much has passed up to now, since this was first asked.
    pub(crate) fn at(&mut self, now: SystemTime) -> Duration {
        self.passed = self.peek(now);
        self.last = Some(now);
        self.passed
    }

    /// The same without taking note of it.
    pub(crate) fn peek(&self, now: SystemTime) -> Duration {
        let step = self.last.and_then(|last| now.duration_since(last).ok()).unwrap_or_default();
        self.passed.saturating_add(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_back_counts_as_no_time() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut elapsed = Elapsed::default();
        let passed = [100, 101, 50, 52, 1000, 1000].map(|now| elapsed.at(at(now)).as_secs());
        assert_eq!(passed, [0, 1, 1, 3, 951, 951]);
        assert_eq!(elapsed.peek(at(1001)).as_secs(), 952);
        assert_eq!(elapsed.at(at(1000)).as_secs(), 951);
    }
}
