//! The clock of flows.

use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime};

use plex_auth_proto::flow::Now;

use crate::deadline::SharedTimer;

/// The origin of elapsed time: one for the process, so that a flow can be driven on over another transport.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A clock that the transport shares with its clones.
pub(crate) type SharedClock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Returns the clock of a runtime's timer, which can be paused in tests, and of the system.
pub(crate) fn of_timer(timer: SharedTimer) -> SharedClock {
    Arc::new(move || {
        let elapsed = timer.now().saturating_duration_since(*ORIGIN);
        Now::new(elapsed, SystemTime::now())
    })
}
