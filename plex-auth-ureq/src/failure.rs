use plex_auth_proto::NoAnswerReason;

/// Why no answer came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: NoAnswerReason,
    /// Whether any of the request may have reached the server.
    pub(crate) sent: bool,
}

impl Fault {
    pub(crate) fn nothing_sent(reason: NoAnswerReason) -> Self {
        Self { reason, sent: false }
    }

    pub(crate) fn outcome_unknown(reason: NoAnswerReason) -> Self {
        Self { reason, sent: true }
    }
}
