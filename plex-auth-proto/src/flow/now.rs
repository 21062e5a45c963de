use std::ops::{Add, AddAssign};
use std::time::{Duration, SystemTime};

/// The current time, as two clock readings that the caller passes to a flow.
///
/// The elapsed time is monotonic, like an [`Instant`](std::time::Instant), and is used to schedule
/// requests and limit their duration. It may start anywhere, but all readings for one flow must
/// share an origin. If a reading is below the last one, its origin is assumed to have changed, and
/// no time counts as elapsed.
///
/// The wall-clock time is used only where Plex uses dates: for the expiry of a token or a PIN, the
/// time in a signature, and `Retry-After`. It is corrected using the `Date` header of Plex's
/// responses, so it need not be correct, and a device without a clock can omit it.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use plex_auth_proto::flow::Now;
///
/// # fn clock() -> Instant { Instant::now() }
/// let start = clock();
/// let now = || Now::new(start.elapsed(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
/// assert!(now().wall().is_some());
///
/// let tv = Now::without_wall_clock(Duration::from_secs(5)) + Duration::from_secs(1);
/// assert_eq!((tv.elapsed().as_secs(), tv.wall()), (6, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    elapsed: Duration,
    wall: Option<SystemTime>,
}

impl Now {
    /// Creates a `Now` from a monotonic reading and the wall-clock time.
    pub const fn new(elapsed: Duration, wall: SystemTime) -> Self {
        Self { elapsed, wall: Some(wall) }
    }

    /// Creates a `Now` for a device without a wall clock, or with one that was never set.
    pub const fn without_wall_clock(elapsed: Duration) -> Self {
        Self { elapsed, wall: None }
    }

    /// Returns the monotonic reading.
    pub const fn elapsed(self) -> Duration {
        self.elapsed
    }

    /// Returns the wall-clock time, if there is one.
    pub const fn wall(self) -> Option<SystemTime> {
        self.wall
    }
}

/// Advances both readings. On overflow, the elapsed time saturates, and the wall-clock time does
/// not change.
impl Add<Duration> for Now {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self {
            elapsed: self.elapsed.saturating_add(time),
            wall: self.wall.map(|wall| wall.checked_add(time).unwrap_or(wall)),
        }
    }
}

impl AddAssign<Duration> for Now {
    fn add_assign(&mut self, time: Duration) {
        *self = *self + time;
    }
}
