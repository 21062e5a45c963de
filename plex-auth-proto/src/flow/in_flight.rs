use std::collections::VecDeque;
use std::time::Duration;

use crate::flow::step::RequestId;

/// How long a call is waited for: twice as long as a transport takes for one, unless told otherwise. What came
/// of it is lost then, as where a flow was stopped while it was under way.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(60);

// A PIN of half an hour whose every poll is lost has 30 of them.
const MAX_LOST: usize = 32;

/// The request of a flow that has at most one in flight, and those whose responses did not arrive in time.
#[derive(Debug)]
pub(crate) struct InFlight {
    request: Option<Request>,
    /// Boxed, because most flows lose no request, and a program can have many thousands of flows.
    lost: Option<Box<Lost>>,
}

/// Requests that are not waited for any more.
#[derive(Debug, Default)]
struct Lost(VecDeque<Request>);

/// A request, in elapsed time.
#[derive(Clone, Copy, Debug)]
struct Request {
    id: RequestId,
    sent: Duration,
    /// Whether it has been seen that its time is nearly over.
    is_noticed: bool,
}

/// The arrival of a response to one of the flow's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// When the request was sent.
    pub(crate) sent: Duration,
    /// Whether the flow did not wait for it any more.
    pub(crate) is_late: bool,
}

impl InFlight {
    pub(crate) const fn new() -> Self {
        Self { request: None, lost: None }
    }

    pub(crate) const fn is_active(&self) -> bool {
        self.request.is_some()
    }

    /// When the call that is under way was sent.
    pub(crate) fn sent_at(&self) -> Option<Duration> {
        self.request.map(|call| call.sent)
    }

    /// Whether the call that was under way is lost, so that there is none any more.
    pub(crate) fn is_lost(&mut self, now: Duration) -> bool {
        self.is_lost_for(now, Duration::ZERO)
    }

    /// The same for a call that must not be lost by a clock that is set forward, which is taken for time that has
    /// passed: once its time is seen to be nearly over, it has that much left, as if it had been sent later.
    pub(crate) fn is_lost_for(&mut self, now: Duration, leeway: Duration) -> bool {
        let Some(call) = &mut self.request else { return false };
        let is_nearly_over = now.saturating_add(leeway) >= call.sent.saturating_add(LOST_AFTER);
        if is_nearly_over && !std::mem::replace(&mut call.is_noticed, true) {
            call.sent = now.saturating_add(leeway).saturating_sub(LOST_AFTER);
        }
        let is_lost = now >= call.sent.saturating_add(LOST_AFTER);
        if is_lost {
            self.lose();
        }
        is_lost
    }

    /// Stops waiting for the request in flight. Its response can still arrive late.
    pub(crate) fn lose(&mut self) {
        let Some(request) = self.request.take() else { return };
        let Lost(lost) = &mut **self.lost.get_or_insert_default();
        if lost.len() == MAX_LOST {
            lost.pop_front();
        }
        lost.push_back(request);
    }

    /// Ignores the responses to all requests sent so far.
    pub(crate) fn forget(&mut self) {
        self.request = None;
        self.lost = None;
    }

    /// Returns the ID of a request that is sent now.
    pub(crate) fn start(&mut self, now: Duration) -> RequestId {
        self.lose();
        let id = RequestId::unique();
        self.request = Some(Request { id, sent: now, is_noticed: false });
        id
    }

    /// Takes the response to this request; `None` if it is not one of the flow's, or had a response before.
    pub(crate) fn finish(&mut self, id: RequestId) -> Option<Arrival> {
        if let Some(request) = self.request.take_if(|request| request.id == id) {
            return Some(Arrival { sent: request.sent, is_late: false });
        }
        let Lost(lost) = &mut **self.lost.as_mut()?;
        let index = lost.iter().position(|request| request.id == id)?;
        let request = lost.remove(index)?;
        Some(Arrival { sent: request.sent, is_late: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_and_missing_responses_are_lost() {
        let seconds = Duration::from_secs;
        let mut calls = InFlight::new();
        let first = calls.start(seconds(10));
        assert!(calls.is_active() && !calls.is_lost(seconds(69)));
        assert!(calls.is_lost(seconds(70)) && !calls.is_active());
        let second = calls.start(seconds(70));
        assert_eq!(calls.finish(second), Some(Arrival { sent: seconds(70), is_late: false }));
        assert_eq!(calls.finish(second), None);
        assert_eq!(calls.finish(first), Some(Arrival { sent: seconds(10), is_late: true }));
        assert_eq!(calls.finish(first), None);
        assert!(!calls.is_lost(seconds(1000)), "it has come");
    }

    #[test]
    fn clock_set_forward_leaves_the_leeway() {
        let seconds = Duration::from_secs;
        let lost_at = |looks: &[u64]| {
            let mut calls = InFlight::new();
            calls.start(seconds(10));
            let mut looks = looks.iter().copied();
            looks.find(|now| calls.is_lost_for(seconds(*now), seconds(10)))
        };
        let steadily: Vec<_> = (10..100).collect();
        assert_eq!(lost_at(&steadily), Some(70));
        assert_eq!(lost_at(&[11, 5000, 5000, 5001, 5009, 5010, 5011]), Some(5010));
    }

    #[test]
    fn requests_of_others_do_not_arrive() {
        let (mut own, mut other) = (InFlight::new(), InFlight::new());
        let id = own.start(Duration::ZERO);
        let foreign = other.start(Duration::ZERO);
        assert_eq!((own.finish(foreign), other.finish(id)), (None, None));
        own.lose();
        assert!(own.finish(id).is_some_and(|arrival| arrival.is_late));
        other.forget();
        assert_eq!(other.finish(foreign), None);
    }

    #[test]
    fn lost_requests_are_bounded() {
        let mut calls = InFlight::new();
        let first = calls.start(Duration::ZERO);
        for _ in 0..=MAX_LOST {
            calls.start(Duration::ZERO);
        }
        assert!(calls.finish(first).is_none());
        assert!(calls.lost.is_some_and(|lost| lost.0.len() == MAX_LOST));
    }
}
