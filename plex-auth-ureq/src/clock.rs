//! The clock for flows.

use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime};

use plex_auth_proto::flow::Now;

/// The instant from which elapsed time is measured. It is the same for the whole process, so that
/// another transport can continue a flow.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A clock that the transport shares with its clones.
pub(crate) type SharedClock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Returns the system clock.
pub(crate) fn system() -> SharedClock {
    Arc::new(|| Now::new(ORIGIN.elapsed(), SystemTime::now()))
}
