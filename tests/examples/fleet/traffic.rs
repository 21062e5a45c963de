//! How many requests came in each second.

use std::ops::Range;

/// How many requests the mean brings in the stretch that a peak is measured over, so that a peak is the schedule's
/// and not chance's: a second in which three come by chance where one is the mean is no fault of anybody's.
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

    /// How many came in these times.
    pub(crate) fn total(&self, times: &[Range<u64>]) -> u64 {
        times.iter().flat_map(|time| self.within(time)).map(|count| u64::from(*count)).sum()
    }

    /// How many came in a second of these times.
    pub(crate) fn mean(&self, times: &[Range<u64>]) -> f64 {
        let seconds: u64 = times.iter().map(|time| time.end - time.start).sum();
        to_float(self.total(times)) / to_float(seconds.max(1))
    }

    /// The most that came in one second of these times.
    pub(crate) fn busiest_second(&self, times: &[Range<u64>]) -> u32 {
        times.iter().flat_map(|time| self.within(time)).copied().max().unwrap_or(0)
    }

    /// How many came in a second of the busiest stretch, which is so long and lies within one of these times, and
    /// when it ended.
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

/// How long a stretch is in which so many requests a second are [`ENOUGH`].
pub(crate) fn stretch(mean: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let seconds = (ENOUGH / mean).ceil() as u64;
    seconds.clamp(1, 24 * 60 * 60)
}

#[expect(clippy::cast_precision_loss, reason = "far within what is exact")]
pub(crate) fn to_float(number: u64) -> f64 {
    number as f64
}
