//! Where a scenario plays: a fake Plex that both transports can reach.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use plex_auth_fake::{Authority, FakePlex, Seen, Server};
use plex_auth_tests::Fates;

use crate::ask::{Ask, Outcome, Urls};
use crate::report::Report;
use crate::workers::Workers;
use crate::{Arguments, ledger::Ledger};

/// A server, and how calls to it are made.
pub(crate) struct Place {
    pub(crate) server: Server,
    /// How its connections end.
    pub(crate) fates: Arc<Fates>,
    root: Option<Vec<u8>>,
}

/// Makes workers that trust this root.
pub(crate) type NewWorkers = fn(Option<Vec<u8>>) -> Workers;

/// Both transports, by their names.
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
        let fates = Arc::<Fates>::default();
        server.set_connection_plans(Arc::clone(&fates) as _);
        Self { server, fates, root }
    }

    pub(crate) fn workers(&self, new: NewWorkers) -> Workers {
        new(self.root.clone())
    }

    /// So many calls of a party that nobody else belongs to.
    pub(crate) fn asks(&self, count: usize, party: &str) -> Vec<Arc<Ask>> {
        self.asks_at(["", ""], count, party)
    }

    /// The same, of plex.tv and the media server where these paths stand before theirs.
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

    /// A round of calls without any trouble: each must be answered, and right.
    pub(crate) fn untroubled(
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

    /// What the server saw since it was asked so last.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        self.server.with(|fake| {
            let seen = fake.requests().to_vec();
            fake.forget_requests();
            seen
        })
    }
}
