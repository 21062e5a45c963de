//! The number of requests in each second.

use std::ops::Range;

/// The mean number of requests in the interval over which a peak is measured. It is large enough
/// that a peak is due to the schedule and not to chance: with a mean of one request per second,
/// three requests in one second can be chance.
const ENOUGH: f64 = 250.0;

#[derive(Debug)]
pub(crate) struct Traffic {
    time: Range<u64>,
    seconds: Vec<u32>,
}

impl Traffic {
    pub(crate) fn over(time: Range<u64>) -> Self {
        let seconds = usize::try_from(time.end - time.start).expect("a month");
        Self { time, seconds: vec![0; seconds] }
    }

    pub(crate) fn count(&mut self, now: u64) {
        let second = usize::try_from(now - self.time.start).expect("a month");
        if let Some(count) = self.seconds.get_mut(second) {
            *count += 1;
        }
    }

    /// Returns the number of requests during these times.
    pub(crate) fn total(&self, times: &[Range<u64>]) -> u64 {
        times.iter().flat_map(|time| self.within(time)).map(|count| u64::from(*count)).sum()
    }

    /// Returns the mean number of requests per second during these times.
    pub(crate) fn mean(&self, times: &[Range<u64>]) -> f64 {
        let seconds: u64 = times.iter().map(|time| time.end - time.start).sum();
        to_float(self.total(times)) / to_float(seconds.max(1))
    }

    /// Returns the maximum number of requests in any second of these times.
    pub(crate) fn busiest_second(&self, times: &[Range<u64>]) -> u32 {
        times.iter().flat_map(|time| self.within(time)).copied().max().unwrap_or(0)
    }

    /// Returns the mean number of requests per second in the busiest interval of this length that
    /// lies within one of these times, and the last second of that interval.
    pub(crate) fn busiest(&self, times: &[Range<u64>], stretch: u64) -> (f64, u64) {
        let length = usize::try_from(stretch).expect("a month");
        let mut most = (0, 0);
        for time in times {
            let counts = self.within(time);
            let mut sum = 0;
            for (at, (place, count)) in (time.start..).zip(counts.iter().enumerate()) {
                sum += u64::from(*count);
                if let Some(left) = place.checked_sub(length) {
                    sum -= u64::from(counts[left]);
                }
                most = most.max((sum, at));
            }
        }
        (to_float(most.0) / to_float(stretch), most.1)
    }

    fn within(&self, time: &Range<u64>) -> &[u32] {
        let second = |at: u64| {
            let since = at.clamp(self.time.start, self.time.end) - self.time.start;
            usize::try_from(since).expect("a month")
        };
        &self.seconds[second(time.start)..second(time.end)]
    }
}

/// Returns the number of seconds that it takes to get [`ENOUGH`] requests at this rate, but at
/// least one second and at most a day.
pub(crate) fn stretch(mean: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let seconds = (ENOUGH / mean).ceil() as u64;
    seconds.clamp(1, 24 * 60 * 60)
}

#[expect(clippy::cast_precision_loss, reason = "far within what is exact")]
pub(crate) fn to_float(number: u64) -> f64 {
    number as f64
}
