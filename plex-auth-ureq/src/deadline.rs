use std::io;
use std::time::{Duration, Instant};

/// The time by which an exchange, or a part of one, must end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

// A much longer limit would overflow an `Instant` on some systems.
const MAX_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns the limit, shortened if necessary so that it can be added to the current time.
pub(crate) fn capped(limit: Duration) -> Duration {
    limit.min(MAX_LIMIT)
}

impl Deadline {
    /// Creates a deadline that is `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        let now = Instant::now();
        Self { at: now.checked_add(capped(limit)).unwrap_or(now), limit }
    }

    /// Returns the deadline for a step that starts now: `limit` from now or this deadline,
    /// whichever is earlier.
    pub(crate) fn part(self, limit: Duration) -> Self {
        let part = Self::after(limit);
        if part.at < self.at { part } else { self }
    }

    /// Returns the limit that the deadline was created with, for error messages.
    pub(crate) fn limit(self) -> Duration {
        self.limit
    }

    /// Returns the remaining time, which is never zero.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::TimedOut`] if no time remains.
    pub(crate) fn left(self) -> io::Result<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// Returns whether the error means that one of this crate's time limits was exceeded. Unlike a
/// timeout reported by the operating system, such an error has no OS error code.
pub(crate) fn is_exceeded(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Deadline, is_exceeded};

    #[test]
    fn a_part_does_not_extend_the_whole() {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        assert_eq!(Deadline::after(second).part(hour).limit(), second);
        assert_eq!(Deadline::after(hour).part(second).limit(), second);
        assert_eq!(Deadline::after(Duration::MAX).part(hour).limit(), hour);
    }

    #[test]
    fn no_time_left_is_an_error() {
        let error = Deadline::after(Duration::ZERO).left().unwrap_err();
        assert!(is_exceeded(&error));
        assert!(Deadline::after(Duration::MAX).left().is_ok());
    }
}
