use std::time::Duration;

/// The longest `Retry-After` that is kept: a server's slip stops nothing for ever.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait between two calls of a kind: a steady pace, and twice as long after each trouble, up to a
/// limit.
///
/// Waits are whole seconds, in as little memory as there can be: a million devices have two of these each.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    initial: u16,
    max: u16,
    failures: u16,
}

impl Backoff {
    /// In seconds.
    pub(crate) const fn new(initial: u16, max: u16) -> Self {
        Self { initial, max, failures: 0 }
    }

    pub(crate) const fn initial(&self) -> Duration {
        Duration::from_secs(self.initial as u64)
    }

    /// The wait after a call that went well.
    pub(crate) fn succeeded(&mut self) -> Duration {
        self.failures = 0;
        self.initial()
    }

    /// The wait after one that did not; `retry_after` is what the other side asked for, and is kept where
    /// it is longer, up to [a day](MAX_RETRY_AFTER).
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
    fn wait_doubles_up_to_a_limit_until_a_success() {
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
