//! The environment of a scenario: a fake Plex that both transports can reach.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use plex_auth_fake::{Authority, FakePlex, Seen, Server};
use plex_auth_tests::Faults;

use crate::ask::{Ask, Outcome, Urls};
use crate::report::Report;
use crate::workers::Workers;
use crate::{Arguments, ledger::Ledger};

/// A server, the faults on its connections, and, for HTTPS, the root certificate to trust.
pub(crate) struct Place {
    pub(crate) server: Server,
    /// The fault plan for the server's connections, and the faults that have occurred so far.
    pub(crate) faults: Arc<Faults>,
    root: Option<Vec<u8>>,
}

/// A function that creates workers that trust the given root certificate, if any.
pub(crate) type NewWorkers = fn(Option<Vec<u8>>) -> Workers;

/// The name of each transport, and the function that creates its workers.
pub(crate) const WORKERS: [(&str, NewWorkers); 2] =
    [("sync", Workers::sync), ("async", Workers::asynchronous)];

impl Place {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let (server, root) = if arguments.https {
            let authority = Authority::new();
            (Server::https(FakePlex::new(), authority.good()), Some(authority.root_der()))
        } else {
            (Server::http(FakePlex::new()), None)
        };
        let faults = Arc::<Faults>::default();
        server.set_connection_plans(Arc::clone(&faults) as _);
        Self { server, faults, root }
    }

    pub(crate) fn workers(&self, new: NewWorkers) -> Workers {
        new(self.root.clone())
    }

    /// Returns `count` calls, with client identifiers that start with `party`.
    pub(crate) fn asks(&self, count: usize, party: &str) -> Vec<Arc<Ask>> {
        self.asks_at(["", ""], count, party)
    }

    /// Does the same as [`asks`](Self::asks), but adds these prefixes to the paths on plex.tv and on
    /// the media server.
    pub(crate) fn asks_at(
        &self,
        [plex_tv, server]: [&str; 2],
        count: usize,
        party: &str,
    ) -> Vec<Arc<Ask>> {
        let at = |prefix| format!("{}{prefix}", self.server.url());
        let urls = Urls { plex_tv: at(plex_tv), server: at(server) };
        Ask::many(count, party, urls, &self.server.fake())
    }

    /// Sends a round of calls without faults, and checks that each succeeds with the right
    /// response.
    pub(crate) fn without_faults(
        &self,
        workers: &Workers,
        calls: usize,
        at_once: usize,
        party: &str,
        report: &mut Report,
    ) -> Vec<Outcome> {
        let asks = self.asks(calls, party);
        let outcomes = workers.ask_all(&asks, at_once, &Arc::new(AtomicUsize::new(0)));
        let seen = self.take_seen();
        Ledger::of(&seen).judge(report, calls, &outcomes, |_| false);
        outcomes
    }

    /// Takes the requests that the server received since the last call to this function.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        self.server.with(|fake| {
            let seen = fake.requests().to_vec();
            fake.forget_requests();
            seen
        })
    }
}
