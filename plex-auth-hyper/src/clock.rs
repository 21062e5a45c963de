//! The clock for flows.

use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime};

use plex_auth_proto::flow::Now;

use crate::sleep::SharedTimer;

/// The instant from which elapsed time is measured. It is the same for the whole process, so that
/// another transport can continue a flow.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A clock that the transport shares with its clones.
pub(crate) type SharedClock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Returns a clock that uses the runtime's timer, which tests can pause, and the system's wall
/// clock.
pub(crate) fn of_timer(timer: SharedTimer) -> SharedClock {
    Arc::new(move || {
        let elapsed = timer.now().saturating_duration_since(*ORIGIN);
        Now::new(elapsed, SystemTime::now())
    })
}
