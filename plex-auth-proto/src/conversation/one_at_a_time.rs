use super::RequestId;

/// The numbers of a conversation that has one call under way at the most.
#[derive(Clone, Debug)]
pub(crate) struct OneAtATime {
    next: RequestId,
    under_way: Option<RequestId>,
}

impl OneAtATime {
    pub(crate) const fn new() -> Self {
        Self { next: RequestId::FIRST, under_way: None }
    }

    pub(crate) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// The number of a call that is sent now.
    pub(crate) fn start(&mut self) -> RequestId {
        let id = self.next.take();
        self.under_way = Some(id);
        id
    }

    /// Whether this is the call that was under way, which then is none any more.
    pub(crate) fn finish(&mut self, id: RequestId) -> bool {
        let is_it = self.under_way == Some(id);
        if is_it {
            self.under_way = None;
        }
        is_it
    }
}
