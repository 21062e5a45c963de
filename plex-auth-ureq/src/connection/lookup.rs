//! Name lookup within a deadline.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use plex_auth_proto::error::TransportErrorKind;

use super::target::Target;
use crate::deadline::Deadline;
use crate::error_context::is_lookup_error;
use crate::failure::Failure;

// Each address gets half of the remaining time, so if this many do not respond, almost no time is
// left for another.
const MAX_ADDRESSES: usize = 16;

type Key = (String, u16);
type Resolve = fn(&Key) -> io::Result<Vec<SocketAddr>>;

/// The pending lookups. Exchanges for the same host and port share a lookup, so that threads do not
/// accumulate if the resolver is slow.
#[derive(Clone, Default)]
pub(super) struct Lookups(Arc<Mutex<HashMap<Key, Arc<Pending>>>>);

/// A lookup in progress on its own thread.
#[derive(Default)]
struct Pending {
    found: Mutex<Option<io::Result<Vec<SocketAddr>>>>,
    finished: Condvar,
}

impl Lookups {
    /// Returns a host's addresses. The list is never empty. A literal address needs no lookup. A
    /// name is resolved on a separate thread, because the system's resolver has no time limit. The
    /// thread ends when the resolver returns.
    pub(super) fn addresses(
        &self,
        target: &Target,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let port = target.port();
        if let Ok(address) = target.bare_host().parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        self.look_up((target.bare_host().to_owned(), port), deadline, |(host, port)| {
            Ok((host.as_str(), *port).to_socket_addrs()?.take(MAX_ADDRESSES).collect())
        })
    }

    fn look_up(
        &self,
        key: Key,
        deadline: Deadline,
        resolve: Resolve,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let timed_out = || Failure::not_sent(TransportErrorKind::TimedOut(deadline.limit()));
        let left = deadline.left().map_err(|_| timed_out())?;
        let pending =
            self.pending(key, resolve).map_err(|_| Failure::not_sent(TransportErrorKind::Other))?;
        let found = lock(&pending.found);
        let (found, _) = pending
            .finished
            .wait_timeout_while(found, left, |found| found.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match &*found {
            Some(Ok(found)) if !found.is_empty() => Ok(found.clone()),
            Some(Err(error)) if !is_lookup_error(error) => {
                Err(Failure::not_sent(TransportErrorKind::Other))
            }
            Some(_) => Err(Failure::not_sent(TransportErrorKind::NameNotFound)),
            None => Err(timed_out()),
        }
    }

    /// Returns the pending lookup of this host and port, or starts one.
    fn pending(&self, key: Key, resolve: Resolve) -> io::Result<Arc<Pending>> {
        let mut all = lock(&self.0);
        if let Some(pending) = all.get(&key) {
            return Ok(Arc::clone(pending));
        }
        let pending = Arc::<Pending>::default();
        let (lookups, finished, name) = (self.clone(), Arc::clone(&pending), key.clone());
        thread::Builder::new().name("name lookup".to_owned()).spawn(move || {
            let found = resolve(&name);
            lock(&lookups.0).remove(&name);
            *lock(&finished.found) = Some(found);
            finished.finished.notify_all();
        })?;
        all.insert(key, Arc::clone(&pending));
        Ok(pending)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    static STARTED: AtomicUsize = AtomicUsize::new(0);
    static RELEASED: AtomicBool = AtomicBool::new(false);

    fn slow(_: &Key) -> io::Result<Vec<SocketAddr>> {
        STARTED.fetch_add(1, Ordering::SeqCst);
        while !RELEASED.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(vec![SocketAddr::from(([10, 0, 0, 7], 443))])
    }

    #[test]
    fn only_unknown_names_are_not_found() {
        let resolve: [(Resolve, _); 3] = [
            (|_| Ok(Vec::new()), TransportErrorKind::NameNotFound),
            (
                |_| Err(io::Error::other("failed to lookup address information: x")),
                TransportErrorKind::NameNotFound,
            ),
            // The process has no file descriptors left.
            (|_| Err(io::Error::from_raw_os_error(24)), TransportErrorKind::Other),
        ];
        for (resolve, kind) in resolve {
            let deadline = Deadline::after(Duration::from_secs(20));
            let result = Lookups::default().look_up((kind.to_string(), 443), deadline, resolve);
            assert_eq!(result, Err(Failure::not_sent(kind)));
        }
    }

    #[test]
    fn pending_lookup_is_shared() {
        let lookups = Lookups::default();
        let key = || ("plex.example".to_owned(), 443);
        let limit = Duration::from_millis(5);
        for _ in 0..20 {
            let result = lookups.look_up(key(), Deadline::after(limit), slow);
            assert_eq!(result, Err(Failure::not_sent(TransportErrorKind::TimedOut(limit))));
        }
        assert_eq!(lock(&lookups.0).len(), 1);
        RELEASED.store(true, Ordering::SeqCst);
        let long = Duration::from_secs(20);
        assert_eq!(lookups.look_up(key(), Deadline::after(long), slow).unwrap().len(), 1);
        // The result is not cached.
        while !lock(&lookups.0).is_empty() {
            thread::sleep(Duration::from_millis(1));
        }
        let before = STARTED.load(Ordering::SeqCst);
        assert!(before <= 2, "{before}");
        lookups.look_up(key(), Deadline::after(long), slow).unwrap();
        assert_eq!(STARTED.load(Ordering::SeqCst), before + 1);
    }
}
