use std::time::Duration;

// A longer `Retry-After` is cut to this time, so that a wrong one does not stall a flow for weeks.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The time between two requests of the same kind. It doubles after each failure, up to a limit.
///
/// Waits are stored as 16-bit seconds to save memory: a program can have a million devices, each
/// with two backoffs.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    initial: u16,
    max: u16,
    failures: u16,
}

impl Backoff {
    /// Creates a backoff. Both times are in seconds.
    pub(crate) const fn new(initial: u16, max: u16) -> Self {
        Self { initial, max, failures: 0 }
    }

    pub(crate) const fn initial(&self) -> Duration {
        Duration::from_secs(self.initial as u64)
    }

    /// Resets the backoff after a request that succeeded, and returns the wait before the next one.
    pub(crate) fn succeeded(&mut self) -> Duration {
        self.failures = 0;
        self.initial()
    }

    /// Counts a request that failed, and returns the wait before the next one: the doubled wait, up
    /// to the limit, or `retry_after` (up to a [day](MAX_RETRY_AFTER)) if that is longer.
    pub(crate) fn failed(&mut self, retry_after: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let doubled = self.initial.saturating_mul(2_u16.saturating_pow(self.failures.into()));
        let wait = Duration::from_secs(doubled.min(self.max).into());
        wait.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_up_to_a_limit() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(1, 16);
        let waits: Vec<_> = (0..6).map(|_| backoff.failed(None).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 16, 16]);
        assert_eq!(backoff.failed(Some(seconds(60))), seconds(60));
        assert_eq!(backoff.failed(Some(seconds(3))), seconds(16));
        assert_eq!(backoff.failed(Some(Duration::MAX)), seconds(24 * 60 * 60));
        assert_eq!(backoff.succeeded(), seconds(1));
        assert_eq!(backoff.failed(None), seconds(2));
    }
}
