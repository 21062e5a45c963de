//! Idle connections.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::buffered::Connection;
use super::target::Target;

// ureq's defaults. Idle connections are not kept for long, because plex.tv and routers close them,
// and a retry costs more than a handshake.
const MAX_IDLE: usize = 10;
const MAX_IDLE_PER_TARGET: usize = 3;
const MAX_IDLE_AGE: Duration = Duration::from_secs(15);

#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

/// An idle connection. The pool's list is ordered by `since`.
struct Idle {
    target: Target,
    since: Instant,
    connection: Connection,
}

impl Pool {
    /// Takes the most recently used idle connection to the target that is still open, if there is
    /// one.
    pub(super) fn take(&self, target: &Target) -> Option<Connection> {
        loop {
            // Dropped connections are closed after the lock is released.
            let (mut taken, _old) = {
                let mut idle = self.lock();
                let old = remove_old(&mut idle);
                let index = idle.iter().rposition(|idle| idle.target == *target);
                (idle.remove(index?).connection, old)
            };
            if taken.stream.is_idle() {
                return Some(taken);
            }
        }
    }

    /// Keeps a connection for the next exchange.
    pub(super) fn put(&self, target: Target, connection: Connection) {
        let _closed = {
            let mut idle = self.lock();
            let mut closed = remove_old(&mut idle);
            let same = idle.iter().filter(|idle| idle.target == target).count();
            if same >= MAX_IDLE_PER_TARGET {
                let oldest = idle.iter().position(|idle| idle.target == target);
                closed.extend(oldest.map(|index| idle.remove(index)));
            } else if idle.len() >= MAX_IDLE {
                closed.push(idle.remove(0));
            }
            idle.push(Idle { target, since: Instant::now(), connection });
            closed
        };
    }

    /// Closes the idle connections to a target.
    pub(super) fn close(&self, target: &Target) {
        let _closed: Vec<Idle> = {
            let mut idle = self.lock();
            let (closed, kept) =
                mem::take(&mut *idle).into_iter().partition(|idle| idle.target == *target);
            *idle = kept;
            closed
        };
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_old(idle: &mut Vec<Idle>) -> Vec<Idle> {
    let count = idle.iter().take_while(|idle| idle.since.elapsed() >= MAX_IDLE_AGE).count();
    idle.drain(..count).collect()
}
