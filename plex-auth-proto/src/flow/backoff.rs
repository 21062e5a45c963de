use std::time::Duration;

/// The longest `Retry-After` that is kept: a server's slip stops nothing for ever.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait between two calls of a kind: a steady pace, and twice as long after each trouble, up to a
/// limit.
///
/// Waits are whole seconds, in as little memory as there can be: a million devices have two of these each.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    steady: u16,
    slowest: u16,
    troubles: u16,
}

impl Pace {
    /// In seconds.
    pub(crate) const fn new(steady: u16, slowest: u16) -> Self {
        Self { steady, slowest, troubles: 0 }
    }

    pub(crate) const fn steady(&self) -> Duration {
        Duration::from_secs(self.steady as u64)
    }

    /// The wait after a call that went well.
    pub(crate) fn well(&mut self) -> Duration {
        self.troubles = 0;
        self.steady()
    }

    /// The wait after one that did not; `retry_after` is what the other side asked for, and is kept where
    /// it is longer, up to [a day](LONGEST_RETRY_AFTER).
    pub(crate) fn trouble(&mut self, retry_after: Option<Duration>) -> Duration {
        self.troubles = self.troubles.saturating_add(1);
        let doubled = self.steady.saturating_mul(2_u16.saturating_pow(self.troubles.into()));
        let wait = Duration::from_secs(doubled.min(self.slowest).into());
        wait.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_doubles_the_wait_up_to_a_limit_and_one_success_ends_that() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::new(1, 16);
        let waits: Vec<_> = (0..6).map(|_| pace.trouble(None).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 16, 16]);
        assert_eq!(pace.trouble(Some(seconds(60))), seconds(60));
        assert_eq!(pace.trouble(Some(seconds(3))), seconds(16));
        assert_eq!(pace.trouble(Some(Duration::MAX)), seconds(24 * 60 * 60));
        assert_eq!(pace.well(), seconds(1));
        assert_eq!(pace.trouble(None), seconds(2));
    }
}
