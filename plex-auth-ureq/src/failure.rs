use plex_auth_proto::NoAnswerReason;

/// The reason why an exchange returned no response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: NoAnswerReason,
    /// Whether any of the request may have reached the server.
    pub(crate) sent: bool,
}

impl Failure {
    /// A failure before any of the request was sent.
    pub(crate) fn not_sent(kind: NoAnswerReason) -> Self {
        Self { kind, sent: false }
    }

    /// A failure after some of the request may have been sent.
    pub(crate) fn outcome_unknown(kind: NoAnswerReason) -> Self {
        Self { kind, sent: true }
    }
}
