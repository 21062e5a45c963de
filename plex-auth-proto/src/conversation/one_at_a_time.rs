use std::time::Duration;

use super::RequestId;

/// How long a call is waited for: twice as long as a transport takes for one, unless told otherwise. What came
/// of it is lost then, as where a conversation was stopped while it was under way.
pub(crate) const LOST: Duration = Duration::from_secs(60);

/// The numbers of a conversation that has one call under way at the most.
#[derive(Clone, Debug)]
pub(crate) struct OneAtATime {
    next: RequestId,
    /// With when it was sent, in elapsed time.
    under_way: Option<(RequestId, Duration)>,
}

impl OneAtATime {
    pub(crate) const fn new() -> Self {
        Self { next: RequestId::FIRST, under_way: None }
    }

    pub(crate) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether the call that was under way is lost, so that there is none any more.
    pub(crate) fn is_lost(&mut self, now: Duration) -> bool {
        let lost = |(_, sent): &mut (RequestId, Duration)| now >= sent.saturating_add(LOST);
        self.under_way.take_if(lost).is_some()
    }

    /// The number of a call that is sent now.
    pub(crate) fn start(&mut self, now: Duration) -> RequestId {
        let id = self.next.take();
        self.under_way = Some((id, now));
        id
    }

    /// Whether this is the call that was under way, which then is none any more.
    pub(crate) fn finish(&mut self, id: RequestId) -> bool {
        self.under_way.take_if(|(under_way, _)| *under_way == id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_which_nothing_comes_is_lost_and_so_is_what_comes_too_late() {
        let seconds = Duration::from_secs;
        let mut calls = OneAtATime::new();
        let first = calls.start(seconds(10));
        assert!(calls.is_under_way() && !calls.is_lost(seconds(69)));
        assert!(calls.is_lost(seconds(70)) && !calls.is_under_way());
        let second = calls.start(seconds(70));
        assert!(!calls.finish(first) && calls.finish(second) && !calls.finish(second));
        assert!(!calls.is_lost(seconds(1000)), "it has come");
    }
}
