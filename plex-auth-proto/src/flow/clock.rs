use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

use super::now::Now;
use crate::error::Error;
use crate::values::retry_after::RetryAfter;

/// 2020-01-01, which is before this code was written. A server that sends an earlier `Date` has a
/// clock that was never set.
const EARLIEST: Duration = Duration::from_secs(1_577_836_800);

// A time server sets the clock to within a second, and the estimate of the server's time is behind
// by at most the time that a response took.
const AGREEMENT: Duration = Duration::from_secs(60);

/// A flow's clock: the time since the flow began, and the server's time if it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// The caller's last monotonic reading.
    last: Option<Duration>,
    elapsed: Duration,
    reading: Option<Box<Reading>>,
}

/// The server's time at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    server: SystemTime,
    elapsed: Duration,
    wall: Option<SystemTime>,
}

/// A point in time, according to a flow's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time since the flow began.
    pub(crate) elapsed: Duration,
    /// The server's time: the last reading plus the time elapsed since, or the wall clock if there
    /// is no reading. `None` if both are missing.
    pub(crate) server: Option<SystemTime>,
    /// The wall-clock time. If there is a reading of the server's time, this is corrected by the
    /// difference between the two clocks at that reading, unless the wall clock was wrong then, but
    /// has since been set and now agrees with `server`. `None` if the wall clock is missing now or
    /// was missing at that reading. It can be ahead of `server` after the computer has slept.
    wall: Option<SystemTime>,
}

impl Clock {
    pub(crate) fn at(&mut self, now: Now) -> Moment {
        self.elapsed = self.elapsed_at(now);
        self.last = Some(now.elapsed());
        self.peek(now)
    }

    /// Returns the same moment as [`at`](Self::at), but does not record the reading.
    pub(crate) fn peek(&self, now: Now) -> Moment {
        let elapsed = self.elapsed_at(now);
        let Some(Reading { server, elapsed: since, wall }) = self.reading.as_deref().copied()
        else {
            return Moment { elapsed, server: now.wall(), wall: now.wall() };
        };
        let estimate = server.checked_add(elapsed.saturating_sub(since));
        let corrected = |wall: SystemTime, then: SystemTime| match wall.duration_since(then) {
            // The wall clock was wrong at the reading and has been set since.
            _ if difference(then, server) >= AGREEMENT
                && estimate.is_some_and(|estimate| difference(wall, estimate) < AGREEMENT) =>
            {
                Some(wall)
            }
            Ok(passed) => server.checked_add(passed),
            Err(back) => server.checked_sub(back.duration()),
        };
        let wall = now.wall().zip(wall).and_then(|(wall, then)| corrected(wall, then));
        Moment { elapsed, server: estimate, wall }
    }

    fn elapsed_at(&self, now: Now) -> Duration {
        // A reading below the last one has a different origin, so the time passed is unknown.
        let passed = self.last.and_then(|last| now.elapsed().checked_sub(last)).unwrap_or_default();
        self.elapsed.saturating_add(passed)
    }

    /// Learns the server's time from the `Date` of a response that arrives now. The response was
    /// sent a moment ago, so this does not set the clock ahead of the server's. Ignores a `Date`
    /// that is unreadable or before 2020.
    pub(crate) fn learn(&mut self, now: Now, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        if let Some(date) = date.filter(|date| *date >= SystemTime::UNIX_EPOCH + EARLIEST) {
            self.set(now, date);
        }
    }

    /// Sets the server's time, from a `Date` or another source.
    pub(crate) fn set(&mut self, now: Now, server: SystemTime) {
        let Moment { elapsed, .. } = self.at(now);
        self.reading = Some(Box::new(Reading { server, elapsed, wall: now.wall() }));
    }

    /// Returns whether the server's time was learned from one of its responses.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.reading.is_some()
    }
}

fn difference(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

impl Moment {
    /// Returns the later of `server` and `wall`, because a token or a PIN counts as expired as soon
    /// as either time is past its expiry. Returns `None` if neither is known.
    pub(crate) fn latest(self) -> Option<SystemTime> {
        self.server.max(self.wall)
    }

    /// Returns how long the server asked the client to wait, if it did. Returns zero for a
    /// `Retry-After` date if the current time is unknown.
    pub(crate) fn retry_after(self, error: &Error) -> Option<Duration> {
        match (error.retry_after()?, self.server) {
            (RetryAfter::In(wait), _) => Some(wait),
            (RetryAfter::At(_), None) => Some(Duration::ZERO),
            (date, Some(now)) => Some(date.wait(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::HeaderMap;
    use http::header::DATE;

    use super::{Clock, Now};

    fn wall(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn at(elapsed: u64, seconds: u64) -> Now {
        Now::new(Duration::from_secs(elapsed), wall(seconds))
    }

    fn dated(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    #[test]
    fn earlier_reading_is_a_new_origin() {
        let mut clock = Clock::default();
        let elapsed = [100, 101, 50, 52, 1000, 1000].map(|now| clock.at(at(now, 0)).elapsed);
        assert_eq!(elapsed.map(|time| time.as_secs()), [0, 1, 1, 3, 951, 951]);
        assert_eq!(clock.peek(at(1001, 0)).elapsed.as_secs(), 952);
        let end = Now::without_wall_clock(Duration::MAX);
        for _ in 0..3 {
            clock.at(end);
            clock.at(at(0, 0));
        }
    }

    #[test]
    fn server_time_follows_the_last_date() {
        let mut clock = Clock::default();
        assert_eq!(clock.at(at(0, 100)).server, Some(wall(100)));
        assert_eq!(clock.at(Now::without_wall_clock(Duration::ZERO)).server, None);
        for unknown in ["soon", "Thu, 01 Jan 1970 01:00:00 GMT"] {
            clock.learn(at(0, 100), &dated(unknown));
            assert_eq!(clock.at(at(0, 100)).server, Some(wall(100)), "{unknown}");
            assert!(!clock.is_confirmed());
        }
        clock.learn(at(0, 100), &dated("Tue, 14 Nov 2023 22:13:20 GMT"));
        // The wall clock is set back by a minute.
        let moment = clock.at(at(10, 50));
        assert_eq!(moment.server, Some(wall(1_700_000_010)));
        assert_eq!(moment.latest(), Some(wall(1_700_000_010)));
        // The wall clock is set to the right time.
        assert_eq!(clock.at(at(10, 1_700_000_030)).latest(), Some(wall(1_700_000_030)));
        // A wall clock that was almost right at the reading is still corrected.
        for (at_reading, later) in [(40, 50), (-50, 50)] {
            let fast = 1_700_000_000_i64 + at_reading;
            let mut clock = Clock::default();
            let date = dated("Tue, 14 Nov 2023 22:13:20 GMT");
            clock.learn(at(0, fast.cast_unsigned()), &date);
            let now = at(10, (fast + later).cast_unsigned());
            let expected = Some(wall(1_700_000_000 + later.cast_unsigned()));
            assert_eq!(clock.at(now).latest(), expected, "{at_reading}");
        }
        // The computer slept for a week.
        let moment = clock.at(at(11, 100 + 7 * 86_400));
        assert_eq!(moment.server, Some(wall(1_700_000_011)));
        assert_eq!(moment.latest(), Some(wall(1_700_000_000 + 7 * 86_400)));
        clock.set(at(12, 0), wall(9000));
        assert_eq!(clock.peek(at(13, 0)).server, Some(wall(9001)));
        assert_eq!(
            clock.peek(Now::without_wall_clock(Duration::from_secs(14))).latest(),
            Some(wall(9002))
        );
    }
}
