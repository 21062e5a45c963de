use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The server's `Retry-After`: the time at which the next request may be sent.
///
/// If the server sends a date, it is converted to a duration using the response's own `Date`, so
/// that neither clock needs to be correct. Without a `Date`, the caller's clock is needed:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::error::RetryAfter;
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
/// let at = RetryAfter::At(SystemTime::UNIX_EPOCH + Duration::from_secs(1_090));
/// assert_eq!(at.wait(now), Duration::from_secs(90));
/// assert_eq!(RetryAfter::In(Duration::from_secs(120)).wait(now), Duration::from_secs(120));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAfter {
    /// After this duration, measured from when the response arrived. The server chooses the
    /// duration, so cap it.
    In(Duration),
    /// At this time. This variant is used only if the response has no valid `Date`.
    At(SystemTime),
}

impl RetryAfter {
    /// Returns how long to wait: the duration in [`In`](Self::In), or the time from `now` until
    /// [`At`](Self::At), which is zero if that time has passed.
    pub fn wait(self, now: SystemTime) -> Duration {
        match self {
            Self::In(wait) => wait,
            Self::At(moment) => moment.duration_since(now).unwrap_or_default(),
        }
    }

    /// Parses whole seconds or an HTTP date. Returns `None` for any other value, and if the header
    /// is missing or repeated.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(RETRY_AFTER).iter();
        let (value, None) = (values.next()?, values.next()) else {
            return None;
        };
        let text = value.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|seconds| Self::In(Duration::from_secs(seconds)));
        }
        let moment = httpdate::parse_http_date(text).ok()?;
        let made = headers.get(DATE).and_then(|date| date.to_str().ok());
        let made = made.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        Some(match made {
            Some(made) => Self::In(moment.duration_since(made).unwrap_or_default()),
            None => Self::At(moment),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::RetryAfter;
    use http::HeaderMap;
    use http::header::{DATE, RETRY_AFTER};
    use std::time::{Duration, SystemTime};

    fn read(values: &[&str]) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, value.parse().unwrap());
        }
        RetryAfter::read(&headers)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let seconds = |seconds| Some(RetryAfter::In(Duration::from_secs(seconds)));
        assert_eq!(read(&["120"]), seconds(120));
        assert_eq!(read(&[" 0 "]), seconds(0));
        assert_eq!(read(&["1000000000000"]), seconds(1_000_000_000_000));
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(read(&["Sun, 06 Nov 1994 08:49:37 GMT"]), Some(RetryAfter::At(date)));
    }

    #[test]
    fn date_is_relative_to_the_response_date() {
        let dated = |date: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(RETRY_AFTER, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
            headers.append(DATE, date.parse().unwrap());
            RetryAfter::read(&headers)
        };
        let seconds = |seconds| Some(RetryAfter::In(Duration::from_secs(seconds)));
        assert_eq!(dated("Sun, 06 Nov 1994 08:48:37 GMT"), seconds(60));
        assert_eq!(dated("Sun, 06 Nov 1994 08:49:38 GMT"), seconds(0));
        assert_eq!(dated("today"), read(&["Sun, 06 Nov 1994 08:49:37 GMT"]));
    }

    #[test]
    fn unreadable_values_are_absent() {
        let too_large = "9".repeat(40);
        for values in [&[][..], &["-1"], &["1e9"], &["abc"], &[""], &["1", "2"], &[&too_large]] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }

    #[test]
    fn past_date_means_no_wait() {
        let past = RetryAfter::At(SystemTime::UNIX_EPOCH);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(past.wait(now), Duration::ZERO);
    }
}
