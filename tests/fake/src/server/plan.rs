//! Hooks that let this project's tests delay a [`Server`](crate::Server)'s responses or end its
//! connections early.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;

use crate::fake::Delivery;

/// Decides how the connections of a server end.
#[doc(hidden)]
pub trait ConnectionPlans: fmt::Debug + Send + Sync {
    /// Returns the plan for the next connection.
    fn next(self: Arc<Self>) -> Arc<dyn ConnectionPlan>;
}

/// Decides how one connection ends. The default methods change nothing.
#[doc(hidden)]
pub trait ConnectionPlan: fmt::Debug + Send + Sync {
    /// Returns whether the connection ends with a reset.
    fn ends_with_reset(&self) -> bool {
        false
    }

    /// Returns whether the connection ends now, before these bytes of a request are processed.
    fn ends_unread(&self, bytes: &[u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Returns how to deliver the response to this request, or `None` to leave its delivery
    /// unchanged. `body` is the length of the response's body.
    fn delivery(&self, request: &Request<Vec<u8>>, body: usize) -> Option<Delivery> {
        let _ = (request, body);
        None
    }

    /// Returns whether to add a `connection: close` header to the response that
    /// [`delivery`](Self::delivery) was last called for.
    fn announces_end(&self) -> bool {
        false
    }
}

/// The usual behavior of a connection.
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
