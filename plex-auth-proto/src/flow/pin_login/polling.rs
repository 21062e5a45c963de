//! A PIN's lifetime and polling schedule.

use std::time::{Duration, SystemTime};

use super::login_pin::LoginPin;
use crate::flow::clock::Moment;
use crate::plex_tv::pin::MAX_LIFETIME;

// Plex's own clients poll at this interval. Shorter intervals are raised to it.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

// A user who has not linked the PIN within a few minutes was probably interrupted, and will not
// notice a few seconds' delay.
const MAX_INTERVAL: Duration = Duration::from_secs(5);

// A failed last poll is retried for this long after the PIN has expired.
const FINAL_POLL_GRACE: Duration = Duration::from_secs(30);

// In this period before a PIN expires, neither the backoff nor `Retry-After` delays a poll by more
// than two seconds. plex.tv forgets an expired PIN, so a token that has not been fetched by then is
// lost.
const FINAL_STRETCH: Duration = Duration::from_secs(20);

/// The time between two polls, which grows by one second every minute, up to a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollInterval {
    first: Duration,
    longest: Duration,
}

impl Default for PollInterval {
    fn default() -> Self {
        Self { first: MIN_INTERVAL, longest: MAX_INTERVAL }
    }
}

impl PollInterval {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        let first = first.max(MIN_INTERVAL);
        Self { first, longest: longest.max(first) }
    }

    /// Returns the interval for a PIN of this age.
    pub(super) fn at(self, age: Duration) -> Duration {
        self.first.saturating_add(Duration::from_secs(age.as_secs() / 60)).min(self.longest)
    }
}

/// A PIN that is being polled. Times are in elapsed time, except `ends_at` and `provisional_end`.
pub(super) struct Polling {
    pin: LoginPin,
    created: Duration,
    /// When the PIN expires. Unless this time is provisional, a response can only move it earlier:
    /// Plex may keep returning the original lifetime of a PIN that has expired.
    deadline: Duration,
    /// When the PIN expires, by the server's clock.
    ends_at: Option<SystemTime>,
    /// When the last poll was sent.
    last_poll: Option<Duration>,
    /// The earliest time of the next poll, set when Plex asks for a wait. It may be before the end of
    /// that wait, so that a poll is still sent around the PIN's expiry.
    not_before: Duration,
    /// Whether the last poll was sent at or after the PIN's expiry.
    was_last: bool,
    /// Whether the last poll was sent at or after `ends_at`, by the server's clock or the wall
    /// clock.
    was_after_wall_end: bool,
    /// Whether the program asked for another poll after the last one was sent.
    is_wanted: bool,
    /// The expiry of a restored PIN, by the server's clock. Cleared once a response shows the
    /// current time or the time left: before that, the deadline depends on a wall clock that may be
    /// wrong.
    provisional_end: Option<SystemTime>,
}

impl Polling {
    pub(super) fn new(pin: LoginPin, now: Moment, life: Duration) -> Self {
        let mut polling = Self {
            pin,
            created: now.elapsed,
            deadline: now.elapsed.saturating_add(life),
            ends_at: None,
            last_poll: None,
            not_before: Duration::ZERO,
            was_last: false,
            was_after_wall_end: false,
            is_wanted: false,
            provisional_end: None,
        };
        polling.set_end(now);
        polling
    }

    /// Sets the expiry of a restored PIN, by the server's clock.
    pub(super) fn restored_until(mut self, ends_at: Option<SystemTime>) -> Self {
        self.provisional_end = ends_at;
        self
    }

    /// Returns when the PIN expires, by the server's clock, if known.
    pub(super) fn saved_end(&self, now: Moment) -> Option<SystemTime> {
        let end = now.server.and_then(|server| server.checked_add(self.left(now)));
        self.provisional_end.or(end)
    }

    fn set_end(&mut self, now: Moment) {
        let left = self.left(now);
        self.was_after_wall_end = false;
        self.ends_at = now.server.and_then(|now| now.checked_add(left));
    }

    pub(super) fn pin(&self) -> &LoginPin {
        &self.pin
    }

    pub(super) fn left(&self, now: Moment) -> Duration {
        self.deadline.saturating_sub(now.elapsed)
    }

    /// Returns whether the PIN may have expired while the computer slept and has not been polled
    /// since. Another poll then shows whether the PIN is still valid.
    pub(super) fn needs_wall_poll(&self, now: Moment) -> bool {
        !self.was_after_wall_end && self.is_wall_over(now)
    }

    fn is_wall_over(&self, now: Moment) -> bool {
        now.latest().zip(self.ends_at).is_some_and(|(now, end)| now >= end)
    }

    /// Returns the earliest time at which the next poll may be sent.
    pub(super) fn earliest(&self) -> Duration {
        self.last_poll.map_or(self.created, |last| last.saturating_add(MIN_INTERVAL))
    }

    /// Requests another poll. Returns the earliest time at which it may be sent.
    pub(super) fn want(&mut self) -> Duration {
        self.is_wanted = true;
        self.earliest().max(self.not_before)
    }

    /// Returns whether the program asked for another poll after the last one was sent.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Records the earliest time of the next poll, after Plex asked for a wait.
    pub(super) fn wait_until(&mut self, time: Duration) {
        self.not_before = time;
    }

    /// Records that a poll is being sent.
    pub(super) fn sending(&mut self, now: Moment) {
        self.is_wanted = false;
        self.last_poll = Some(now.elapsed);
        self.was_last = now.elapsed >= self.deadline;
        self.was_after_wall_end = self.is_wall_over(now);
    }

    /// Handles a response that has no token but may contain the time left. Returns whether the PIN
    /// has expired.
    pub(super) fn is_over_after(
        &mut self,
        now: Moment,
        left: Option<Duration>,
        is_clock_confirmed: bool,
    ) -> bool {
        self.correct_deadline(now, left, is_clock_confirmed);
        if let Some(left) = left {
            self.deadline = self.deadline.min(now.elapsed.saturating_add(left));
        }
        // Only a poll that was sent after the expiry shows that the PIN was not linked in its last
        // moments.
        let is_gone = left.is_some_and(|left| left.is_zero());
        let is_over = (self.was_last || is_gone) && self.deadline <= now.elapsed;
        // If the response states the time left, that time takes precedence over the clocks.
        let is_wall_over = left.is_none() && self.is_wall_over(now);
        let was_after_wall_end = self.was_after_wall_end;
        if !is_wall_over {
            self.set_end(now);
        }
        is_over || (is_wall_over && was_after_wall_end)
    }

    /// Corrects a restored PIN's deadline once a response shows the current time or the time left.
    pub(super) fn correct_deadline(
        &mut self,
        now: Moment,
        left: Option<Duration>,
        is_clock_confirmed: bool,
    ) {
        let Some(end) = self.provisional_end else { return };
        let by_date = now.server.filter(|_| is_clock_confirmed);
        let by_date = by_date.map(|now| end.duration_since(now).unwrap_or_default());
        if let Some(left) = by_date.into_iter().chain(left).min() {
            self.deadline = now.elapsed.saturating_add(left.min(MAX_LIFETIME));
            self.provisional_end = None;
            self.set_end(now);
        }
    }

    /// Returns whether to give up after a failed poll.
    pub(super) fn is_over_after_failure(&self, now: Moment) -> bool {
        self.was_last && now.elapsed > self.deadline.saturating_add(FINAL_POLL_GRACE)
    }

    /// Returns when to poll next: after the interval, or at the PIN's expiry if that is sooner, but
    /// not within the next second. If another poll was requested, it does not wait for the
    /// interval.
    pub(super) fn next_poll(&self, now: Moment, interval: &PollInterval) -> Duration {
        if self.is_wanted {
            return self.earliest();
        }
        let age = now.elapsed.saturating_sub(self.created);
        let due = now.elapsed.saturating_add(interval.at(age));
        due.min(self.deadline).max(now.elapsed.saturating_add(MIN_INTERVAL))
    }

    /// Returns when to poll again after a failure.
    pub(super) fn next_poll_after_failure(&self, now: Moment, wait: Duration) -> Duration {
        let now = now.elapsed;
        let earliest = now.saturating_add(MIN_INTERVAL);
        let latest = if now < self.deadline.saturating_sub(FINAL_STRETCH) {
            self.deadline.saturating_sub(FINAL_STRETCH)
        } else if now < self.deadline {
            now.saturating_add(MIN_INTERVAL.saturating_mul(2)).min(self.deadline)
        } else {
            now.saturating_add(FINAL_POLL_GRACE)
        };
        now.saturating_add(wait).min(latest.max(earliest))
    }
}

#[cfg(test)]
mod tests {
    use super::PollInterval;
    use std::time::Duration;

    #[test]
    fn interval_widens_to_its_longest() {
        let seconds = Duration::from_secs;
        let at = |interval: PollInterval, age| interval.at(seconds(age)).as_secs();
        let usual = PollInterval::default();
        let ages = [0, 59, 60, 120, 240, 1800];
        assert_eq!(ages.map(|age| at(usual, age)), [1, 1, 2, 3, 5, 5]);
        let polite = PollInterval::new(seconds(30), seconds(10));
        assert_eq!(ages.map(|age| at(polite, age)), [30; 6]);
        assert_eq!(at(PollInterval::new(Duration::ZERO, Duration::ZERO), 0), 1);
    }
}
