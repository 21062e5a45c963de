//! Many concurrent callers on one transport: threads, or tasks on a multi-threaded tokio runtime.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use plex_auth_proto::{Call, Error};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::ask::{Ask, Outcome};

/// The time that a caller waits after a failed call. Without this delay, the callers would use up
/// all calls while the port is closed.
const RETRY_DELAY: Duration = Duration::from_millis(5);

/// A transport and, if it is async, its callers' runtime.
pub(crate) enum Workers {
    Sync(plex_auth_ureq::Transport),
    Async(plex_auth_hyper::Transport, Runtime),
}

/// The workers' runtime, if any, after their transport has been dropped.
pub(crate) struct Ground {
    _runtime: Option<Runtime>,
}

impl Workers {
    /// Creates workers that use ureq. They trust this root certificate, if any, in addition to the
    /// default roots.
    pub(crate) fn sync(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_ureq::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        Self::Sync(builder.build().expect("the root is a certificate"))
    }

    /// Creates workers that use hyper. They trust this root certificate, if any, in addition to the
    /// default roots.
    pub(crate) fn asynchronous(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_hyper::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let transport = builder.build().expect("the root is a certificate");
        Self::Async(transport, runtime.expect("a runtime"))
    }

    /// Sends all calls, at most `at_once` concurrently, and returns the outcomes of those that
    /// finished. `done` counts finished calls.
    pub(crate) fn ask_all(
        &self,
        asks: &[Arc<Ask>],
        at_once: usize,
        done: &Arc<AtomicUsize>,
    ) -> Vec<Outcome> {
        let next = Arc::new(AtomicUsize::new(0));
        let turn = |next: &AtomicUsize| next.fetch_add(1, Ordering::Relaxed);
        match self {
            Self::Sync(transport) => thread::scope(|scope| {
                let work = || {
                    let mut outcomes = Vec::new();
                    while let Some(ask) = asks.get(turn(&next)) {
                        let outcome = at_once_ready(ask.send(transport));
                        done.fetch_add(1, Ordering::Relaxed);
                        if outcome.result.is_err() {
                            thread::sleep(RETRY_DELAY);
                        }
                        outcomes.push(outcome);
                    }
                    outcomes
                };
                let callers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
                callers.into_iter().filter_map(|caller| caller.join().ok()).flatten().collect()
            }),
            Self::Async(transport, runtime) => {
                let asks: Arc<[_]> = asks.into();
                let caller = || {
                    let (transport, asks) = (transport.clone(), Arc::clone(&asks));
                    let (next, done) = (Arc::clone(&next), Arc::clone(done));
                    runtime.spawn(async move {
                        let mut outcomes = Vec::new();
                        while let Some(ask) = asks.get(turn(&next)) {
                            let outcome = ask.send(&transport).await;
                            done.fetch_add(1, Ordering::Relaxed);
                            if outcome.result.is_err() {
                                tokio::time::sleep(RETRY_DELAY).await;
                            }
                            outcomes.push(outcome);
                        }
                        outcomes
                    })
                };
                let callers: Vec<_> = (0..at_once).map(|_| caller()).collect();
                let join = |caller: JoinHandle<Vec<Outcome>>| runtime.block_on(caller).ok();
                callers.into_iter().filter_map(join).flatten().collect()
            }
        }
    }

    /// Sends one call from this thread.
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        match self {
            Self::Sync(transport) => transport.send(call),
            Self::Async(transport, runtime) => runtime.block_on(transport.send(call)),
        }
    }

    /// Drops the transport and its connections. The runtime, if any, keeps running, so that tasks
    /// that the transport spawned can finish.
    pub(crate) fn without_transport(self) -> Ground {
        match self {
            Self::Sync(_) => Ground { _runtime: None },
            Self::Async(_, runtime) => Ground { _runtime: Some(runtime) },
        }
    }
}

/// Returns the output of one of the sync transport's futures, which are ready at the first poll.
fn at_once_ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the sync transport is done when it returns"),
    }
}
