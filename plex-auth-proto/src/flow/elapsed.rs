use std::time::{Duration, SystemTime};

/// How far a clock goes forward at once at most, as far as that is taken for time that has passed: a century. Else one
/// that is set to its end and back some times would use up all the time that a [`Duration`] can express, and nothing
/// would be waited for any more.
const LONGEST_STEP: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

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
        self.passed.saturating_add(step.min(LONGEST_STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_set_back_adds_no_time() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut elapsed = Elapsed::default();
        let passed = [100, 101, 50, 52, 1000, 1000].map(|now| elapsed.at(at(now)).as_secs());
        assert_eq!(passed, [0, 1, 1, 3, 951, 951]);
        assert_eq!(elapsed.peek(at(1001)).as_secs(), 952);
        assert_eq!(elapsed.at(at(1000)).as_secs(), 951);
    }

    #[test]
    fn clock_set_to_its_maximum_does_not_overflow() {
        let mut elapsed = Elapsed::default();
        let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 62));
        for _ in 0..10 {
            elapsed.at(SystemTime::UNIX_EPOCH);
            end.map(|end| elapsed.at(end));
        }
        let minute = Duration::from_secs(60);
        let before = elapsed.at(SystemTime::UNIX_EPOCH);
        assert_eq!(elapsed.at(SystemTime::UNIX_EPOCH + minute), before + minute);
    }
}
