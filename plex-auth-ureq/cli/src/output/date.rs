//! Formats dates and durations. The tool needs nothing else of this kind, so it uses no date
//! library.

use plex_auth_ureq::UnixSeconds;

const DAY: i64 = 24 * 60 * 60;

/// Returns the day in UTC, such as `2027-03-01`.
pub(crate) fn day(moment: UnixSeconds) -> String {
    // As in "chrono-compatible low-level date algorithms" by Howard Hinnant: years begin in March,
    // so a leap day is the last day of its year, and 400 years form an era.
    let days = moment.0.div_euclid(DAY).saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the remaining time, such as `14:59` or `1:02:03`.
pub(crate) fn left(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{UnixSeconds, day, left};

    #[test]
    fn days_match_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_339_124_759, "2012-06-08"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(day(UnixSeconds(seconds)), expected, "{seconds}");
        }
        // The earliest and the latest time do not overflow.
        assert!(!day(UnixSeconds(i64::MIN)).is_empty() && !day(UnixSeconds(i64::MAX)).is_empty());
    }

    #[test]
    fn remaining_time_is_shown_as_a_clock() {
        assert_eq!([left(899), left(5), left(3723)], ["14:59", "0:05", "1:02:03"]);
    }
}
