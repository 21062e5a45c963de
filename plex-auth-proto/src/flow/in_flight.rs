use std::time::Duration;

use crate::flow::step::RequestId;

/// How long a call is waited for: twice as long as a transport takes for one, unless told otherwise. What came
/// of it is lost then, as where a flow was stopped while it was under way.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(60);

/// The numbers of a flow that has one call under way at the most.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    next: RequestId,
    request: Option<Request>,
}

/// A call that is under way, in elapsed time.
#[derive(Clone, Copy, Debug)]
struct Request {
    id: RequestId,
    sent: Duration,
    /// Whether it has been seen that its time is nearly over.
    is_noticed: bool,
}

impl InFlight {
    pub(crate) const fn new() -> Self {
        Self { next: RequestId::FIRST, request: None }
    }

    pub(crate) const fn is_active(&self) -> bool {
        self.request.is_some()
    }

    /// The number of the next call.
    pub(crate) const fn upcoming(&self) -> RequestId {
        self.next
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
        let lost = |call: &mut Request| {
            let is_nearly_over = now.saturating_add(leeway) >= call.sent.saturating_add(LOST_AFTER);
            if is_nearly_over && !std::mem::replace(&mut call.is_noticed, true) {
                call.sent = now.saturating_add(leeway).saturating_sub(LOST_AFTER);
            }
            now >= call.sent.saturating_add(LOST_AFTER)
        };
        self.request.take_if(lost).is_some()
    }

    /// Nothing is waited for any more.
    pub(crate) fn forget(&mut self) {
        self.request = None;
    }

    /// The number of a call that is sent now.
    pub(crate) fn start(&mut self, now: Duration) -> RequestId {
        let id = self.next.take();
        self.request = Some(Request { id, sent: now, is_noticed: false });
        id
    }

    /// Whether this is the call that was under way, which then is none any more.
    pub(crate) fn finish(&mut self, id: RequestId) -> bool {
        self.request.take_if(|request| request.id == id).is_some()
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
        assert!(!calls.finish(first) && calls.finish(second) && !calls.finish(second));
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
}
