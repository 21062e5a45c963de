//! A refresher's current token, and when to renew it.

use std::time::Duration;

use crate::jwt::PlexJwt;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

const DAY: i64 = 24 * 60 * 60;

// The number of seconds after which a token without an expiry is renewed. Plex's tokens are valid
// for a day longer than this.
const DEFAULT_RENEW_AFTER: i64 = 6 * DAY;

/// A token, and its issue, renewal and expiry times.
pub(super) struct CurrentToken {
    pub(super) token: Token,
    pub(super) issued_at: Option<UnixSeconds>,
    renew_at: i64,
    pub(super) expires_at: Option<UnixSeconds>,
}

impl CurrentToken {
    /// Wraps a token that was received at `now`, in Unix seconds by Plex's clock. If that time is
    /// unknown and the token has no expiry, the token is due for renewal immediately.
    pub(super) fn new(token: Token, now: Option<i64>) -> Self {
        let jwt = PlexJwt::unverified(&token).ok();
        let usual = now.map_or(i64::MIN, |now| now.saturating_add(DEFAULT_RENEW_AFTER));
        Self {
            issued_at: jwt.as_ref().and_then(|jwt| jwt.issued_at),
            renew_at: jwt.as_ref().map_or(usual, |jwt| jwt.renew_at().0),
            expires_at: jwt.map(|jwt| jwt.expires_at),
            token,
        }
    }

    /// Returns when a device with this jitter renews the token, in Unix seconds: usually a day
    /// before the token expires, moved earlier by the jitter. The jitter is limited to the time
    /// between renewal and expiry, which is at most a day, and to half of the time between issue
    /// and renewal. If the issue time or the expiry is unknown, there is no jitter. If jitter
    /// delayed renewals instead, some tokens would expire during a day-long outage.
    fn renew_at(&self, jitter: Duration) -> i64 {
        let ahead = self.expires_at.map_or(0, |end| end.0.saturating_sub(self.renew_at));
        let half = self.issued_at.map_or(0, |start| self.renew_at.saturating_sub(start.0) / 2);
        let jitter = i64::try_from(jitter.as_secs()).unwrap_or(i64::MAX);
        self.renew_at.saturating_sub(jitter.min(ahead).min(half).max(0))
    }

    /// Returns the time until a device with this jitter renews the token.
    pub(super) fn rest(&self, jitter: Duration, UnixSeconds(now): UnixSeconds) -> Duration {
        let rest = self.renew_at(jitter).saturating_sub(now);
        Duration::from_secs(u64::try_from(rest).unwrap_or_default())
    }

    /// Returns whether the token was issued more than a day after this time, in which case the
    /// clock must be wrong.
    pub(super) fn is_issued_in_future(&self, UnixSeconds(now): UnixSeconds) -> bool {
        self.issued_at.is_some_and(|UnixSeconds(at)| at > now.saturating_add(DAY))
    }

    /// Returns the time until the token expires; zero if it has expired or has no expiry.
    pub(super) fn left(&self, UnixSeconds(now): UnixSeconds) -> Duration {
        let left = self.expires_at.map_or(0, |end| end.0.saturating_sub(now));
        Duration::from_secs(u64::try_from(left).unwrap_or_default())
    }
}
