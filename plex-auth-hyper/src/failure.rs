use plex_auth_proto::error::TransportErrorKind;

/// A failed exchange: the kind of error, and whether anything may have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: TransportErrorKind,
    sent: bool,
}

impl Failure {
    /// Creates a failure. `sent` says whether any of the request may have reached the server.
    pub(crate) fn new(kind: TransportErrorKind, sent: bool) -> Self {
        Self { kind, sent }
    }

    /// Creates the failure for an error that occurred before any of the request was sent.
    pub(crate) fn not_sent(kind: TransportErrorKind) -> Self {
        Self::new(kind, false)
    }

    /// Creates the failure for an error that occurred when some of the request may already have
    /// been sent.
    pub(crate) fn outcome_unknown(kind: TransportErrorKind) -> Self {
        Self::new(kind, true)
    }

    pub(crate) fn kind(self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether any of the request may have reached the server.
    pub(crate) fn may_have_been_sent(self) -> bool {
        self.sent
    }
}
