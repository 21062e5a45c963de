use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

use super::elapsed::Elapsed;

/// 2020-01-01, long before this was written: what says that it is earlier has a clock that was never set.
const EARLIEST: Duration = Duration::from_secs(1_577_836_800);

/// Plex's clock, as far as it is known: what its last answer said, and the time that has passed since.
///
/// Until an answer said something it is the caller's clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerClock {
    elapsed: Elapsed,
    /// What Plex's clock said, and at which elapsed time.
    reading: Option<(SystemTime, Duration)>,
}

/// One moment, by both clocks that count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Since the flow began.
    pub(crate) elapsed: Duration,
    /// By Plex's clock.
    pub(crate) plex: SystemTime,
}

impl ServerClock {
    pub(crate) fn at(&mut self, now: SystemTime) -> Times {
        self.elapsed.at(now);
        self.peek(now)
    }

    /// The same without taking note of it.
    pub(crate) fn peek(&self, now: SystemTime) -> Times {
        let elapsed = self.elapsed.peek(now);
        let reading =
            self.reading.and_then(|(reading, at)| reading.checked_add(elapsed.saturating_sub(at)));
        Times { elapsed, plex: reading.unwrap_or(now) }
    }

    /// Takes note of an answer that comes now. It was made a moment ago, so that this clock is never ahead.
    pub(crate) fn learn(&mut self, now: SystemTime, headers: &HeaderMap) {
        let elapsed = self.elapsed.at(now);
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        if let Some(date) = date.filter(|date| *date >= SystemTime::UNIX_EPOCH + EARLIEST) {
            self.reading = Some((date, elapsed));
        }
    }

    /// Plex has said by other means what time it is now.
    pub(crate) fn set(&mut self, now: Duration, time: SystemTime) {
        self.reading = Some((time, now));
    }
}

#[cfg(test)]
mod tests {
    use super::ServerClock;
    use http::HeaderMap;
    use http::header::DATE;
    use std::time::{Duration, SystemTime};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn dated(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    #[test]
    fn server_time_is_independent_of_the_local_clock() {
        let mut clock = ServerClock::default();
        assert_eq!(clock.at(at(100)).plex, at(100));
        for unknown in ["soon", "Thu, 01 Jan 1970 01:00:00 GMT"] {
            clock.learn(at(100), &dated(unknown));
            assert_eq!(clock.at(at(100)).plex, at(100), "{unknown}");
        }
        clock.learn(at(100), &dated("Tue, 14 Nov 2023 22:13:20 GMT"));
        assert_eq!(clock.at(at(110)).plex, at(1_700_000_010));
        // Back by a minute.
        assert_eq!(clock.at(at(50)).plex, at(1_700_000_010));
        assert_eq!(clock.at(at(55)).plex, at(1_700_000_015));
        clock.learn(at(55), &HeaderMap::new());
        assert_eq!(clock.peek(at(56)).plex, at(1_700_000_016));
        let elapsed = clock.at(at(57)).elapsed;
        clock.set(elapsed, at(9000));
        assert_eq!(clock.peek(at(58)).plex, at(9001));
    }
}
