//! Hooks into the connections of a [`Server`](crate::Server), with which this project's load test lets them die early.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;

use crate::fake::Delivery;

/// Decides how the connections of a server end.
#[doc(hidden)]
pub trait ConnectionPlans: fmt::Debug + Send + Sync {
    /// Returns the plan of the next connection.
    fn next(self: Arc<Self>) -> Arc<dyn ConnectionPlan>;
}

/// Decides how one connection ends. Each default is the usual behavior.
#[doc(hidden)]
pub trait ConnectionPlan: fmt::Debug + Send + Sync {
    /// Whether it ends with a reset.
    fn ends_with_reset(&self) -> bool {
        false
    }

    /// Whether it ends now, before these bytes of a request are read.
    fn ends_unread(&self, bytes: &[u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Returns how the response to a request, with a body of this length, is delivered, if not as usual.
    fn delivery(&self, request: &Request<Vec<u8>>, body: usize) -> Option<Delivery> {
        let _ = (request, body);
        None
    }

    /// Whether the response that [`delivery`](Self::delivery) was asked about says `connection: close`.
    fn announces_end(&self) -> bool {
        false
    }
}

/// The plan of a connection without one.
#[derive(Debug)]
struct Usual;

impl ConnectionPlan for Usual {}

/// The plans of a server, if it has any.
#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<Option<Arc<dyn ConnectionPlans>>>);

impl Plans {
    pub(super) fn set(&self, plans: Arc<dyn ConnectionPlans>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(plans);
    }

    pub(super) fn next(&self) -> Arc<dyn ConnectionPlan> {
        let plans = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        plans.map_or_else(|| Arc::new(Usual) as Arc<dyn ConnectionPlan>, ConnectionPlans::next)
    }
}
