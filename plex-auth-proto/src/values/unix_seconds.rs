use std::time::{Duration, SystemTime};

use crate::wire::lenient::{self, Value};

/// A time in seconds since 1970-01-01 00:00 UTC, as sent by Plex.
///
/// Converts to [`SystemTime`] and, through it, to the types of date libraries.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::UnixSeconds;
///
/// let joined = UnixSeconds(1_339_124_759);
/// assert_eq!(SystemTime::try_from(joined)?, SystemTime::UNIX_EPOCH + Duration::from_secs(1_339_124_759));
/// # Ok::<(), plex_auth_proto::error::InvalidUnixSeconds>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub i64);

impl<'de> serde::Deserialize<'de> for UnixSeconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

impl TryFrom<UnixSeconds> for SystemTime {
    type Error = InvalidUnixSeconds;

    fn try_from(moment: UnixSeconds) -> Result<Self, InvalidUnixSeconds> {
        let distance = Duration::from_secs(moment.0.unsigned_abs());
        if moment.0 < 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        }
        .ok_or(InvalidUnixSeconds)
    }
}

/// Rounds down to whole seconds.
impl From<SystemTime> for UnixSeconds {
    fn from(moment: SystemTime) -> Self {
        let seconds = |distance: Duration| i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
        Self(match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => seconds(since),
            Err(before) => {
                let before = before.duration();
                let started = i64::from(before.subsec_nanos() > 0);
                seconds(before).saturating_neg().saturating_sub(started)
            }
        })
    }
}

/// An error for a time that this platform's [`SystemTime`] cannot represent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is outside the range this platform supports")]
pub struct InvalidUnixSeconds;

impl Value<'_> for UnixSeconds {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        number.try_into().ok().map(Self)
    }

    fn from_text(text: &str) -> Option<Self> {
        Value::from_text(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidUnixSeconds, UnixSeconds};
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_time_is_within_a_second() {
        let (epoch, half) = (SystemTime::UNIX_EPOCH, Duration::from_millis(500));
        for (moment, second) in [
            (epoch, 0),
            (epoch + half, 0),
            (epoch - half, -1),
            (epoch - Duration::from_secs(1), -1),
            (epoch + Duration::from_secs(1_700_000_000), 1_700_000_000),
        ] {
            assert_eq!(UnixSeconds::from(moment), UnixSeconds(second));
        }
    }

    #[test]
    fn times_before_1970_differ_from_out_of_range() {
        assert_eq!(
            SystemTime::try_from(UnixSeconds(-1)),
            Ok(SystemTime::UNIX_EPOCH - Duration::from_secs(1))
        );
        if SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(i64::MAX as u64)).is_none() {
            assert_eq!(SystemTime::try_from(UnixSeconds(i64::MAX)), Err(InvalidUnixSeconds));
        }
        // `i64::MIN` has no positive counterpart.
        let _ = SystemTime::try_from(UnixSeconds(i64::MIN));
    }
}
