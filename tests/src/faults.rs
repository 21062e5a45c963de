//! Connections that the server ends early, at chosen points.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Request;
use plex_auth_fake::{ConnectionPlan, ConnectionPlans, Delivery};

/// A plan for the connections of a [`Server`](plex_auth_fake::Server): every n-th connection ends
/// early, on one of its first four requests, at a [`Point`] determined by a seed. About half of
/// these connections are reset; the others are closed.
///
/// A client that reuses connections would soon have only connections that never end early, so
/// [`answers_per_connection`](Self::answers_per_connection) makes the server close those, too.
#[derive(Debug, Clone, Copy)]
pub struct FaultPlan {
    every: usize,
    seed: u64,
    answers: Option<usize>,
}

impl FaultPlan {
    /// Creates a plan that ends every n-th connection early. The same seed gives the same plan.
    pub fn every(connections: usize, seed: u64) -> Self {
        Self { every: connections.max(1), seed, answers: None }
    }

    /// Also closes each of the other connections after this many responses. The last response has
    /// `connection: close`.
    pub fn answers_per_connection(mut self, answers: usize) -> Self {
        self.answers = Some(answers);
        self
    }

    /// Returns how the connection with this number ends.
    fn ending(&self, number: usize) -> Ending {
        if !(number + 1).is_multiple_of(self.every) {
            return self.answers.map_or(Ending::None, |answers| Ending::Closes { answers });
        }
        let mut random = fastrand::Rng::with_seed(self.seed ^ ((number as u64) << 32));
        let point = random.choice(Point::ALL).unwrap_or(Point::Unread);
        Ending::Fault {
            point,
            after: random.usize(..4),
            place: random.usize(..),
            reset: random.bool(),
        }
    }
}

/// The point at which a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Point {
    /// When the first bytes of a request arrive, before they are processed.
    Unread,
    /// After a request was handled, before the first byte of its response.
    Unanswered,
    /// In the head of a response.
    InHead,
    /// In the body of a response.
    InBody,
    /// After a complete response that promised to keep the connection open.
    AfterAnswer,
}

impl Point {
    /// All points.
    pub const ALL: [Self; 5] =
        [Self::Unread, Self::Unanswered, Self::InHead, Self::InBody, Self::AfterAnswer];
}

/// A connection that ended early.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fault {
    /// The point at which it ended.
    pub point: Point,
    /// The number of complete responses that were sent before it ended.
    pub answered: usize,
    /// The `X-Plex-Client-Identifier` of the request that failed as a result. `None` after a
    /// complete response, or if the request had no such header.
    pub client: Option<String>,
}

/// The plans for the connections of a server, and the connections that ended early. See
/// [`Server::set_connection_plans`](plex_auth_fake::Server::set_connection_plans).
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<Plan>,
    faults: Mutex<Vec<Fault>>,
}

#[derive(Debug, Default)]
struct Plan {
    plan: Option<FaultPlan>,
    /// The number of connections that this plan has been applied to so far.
    number: usize,
    /// The number of plans set so far. Pending faults from earlier plans are canceled.
    generation: usize,
}

impl Faults {
    /// Applies this plan to new connections, and cancels the faults that are still pending on open
    /// connections. With `None`, no connection ends early.
    pub fn set(&self, plan: impl Into<Option<FaultPlan>>) {
        let mut current = self.plan();
        *current = Plan { plan: plan.into(), number: 0, generation: current.generation + 1 };
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the connections that ended early, oldest first.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ConnectionPlans for Faults {
    /// Returns the plan for the next connection.
    fn next(self: Arc<Self>) -> Arc<dyn ConnectionPlan> {
        let (ending, generation) = {
            let mut plan = self.plan();
            let ending = plan.plan.map_or(Ending::None, |faults| faults.ending(plan.number));
            plan.number += 1;
            (ending, plan.generation)
        };
        Arc::new(PlannedConnection {
            ending,
            generation,
            answered: AtomicUsize::new(0),
            faults: self,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    None,
    /// The connection is closed after this many responses.
    Closes {
        answers: usize,
    },
    /// After this many responses, the connection ends at this point of the next request. In a head
    /// or body, `place` determines how many bytes are sent.
    Fault {
        point: Point,
        after: usize,
        place: usize,
        reset: bool,
    },
}

/// The plan for one connection.
#[derive(Debug)]
struct PlannedConnection {
    ending: Ending,
    generation: usize,
    answered: AtomicUsize,
    faults: Arc<Faults>,
}

impl ConnectionPlan for PlannedConnection {
    fn ends_with_reset(&self) -> bool {
        matches!(self.ending, Ending::Fault { reset: true, .. })
    }

    fn ends_unread(&self, bytes: &[u8]) -> bool {
        let ends = self.is_due(Point::Unread);
        if ends {
            self.record(Point::Unread, client_in(bytes));
        }
        ends
    }

    fn delivery(&self, request: &Request<Vec<u8>>, body: usize) -> Option<Delivery> {
        let due = |point: &Point| self.is_due(*point);
        let point = Point::ALL.into_iter().find(due);
        let client = request.headers().get(CLIENT).and_then(|value| value.to_str().ok());
        if let Some(point) = point {
            let client = client.filter(|_| point != Point::AfterAnswer);
            self.record(point, client.map(str::to_owned));
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
        let Ending::Fault { place, .. } = self.ending else {
            return None;
        };
        match point? {
            Point::Unread => None,
            Point::Unanswered => Some(Delivery::CloseUnanswered),
            // Every head is longer than this.
            Point::InHead => Some(Delivery::CutOffInHead { after: 1 + place % 60 }),
            Point::InBody => Some(Delivery::CutOff { after: place % body.max(1) }),
            Point::AfterAnswer => Some(Delivery::ThenClose),
        }
    }

    fn announces_end(&self) -> bool {
        matches!(self.ending, Ending::Closes { answers } if self.responses() >= answers)
    }
}

impl PlannedConnection {
    fn responses(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    fn is_due(&self, at: Point) -> bool {
        let due = matches!(self.ending, Ending::Fault { point, after, .. }
            if point == at && after == self.responses());
        due && self.faults.plan().generation == self.generation
    }

    fn record(&self, point: Point, client: Option<String>) {
        let answered = self.responses() + usize::from(point == Point::AfterAnswer);
        let fault = Fault { point, answered, client };
        self.faults.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

const CLIENT: &str = "x-plex-client-identifier";

/// Returns the client identifier of the request that starts with these bytes.
fn client_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut headers = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case(CLIENT))?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests;
