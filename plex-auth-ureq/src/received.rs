use std::io::Read;
use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::header::CONTENT_LENGTH;
use plex_auth_proto::http::response::Parts;
use plex_auth_proto::http::{HeaderMap, Response};

use crate::callers_agent::{CallersAgent, RequestOrigin};
use crate::connection::Exchange;

/// Initial capacity for a body of unknown length. An account fits, so that growing the buffer leaves no copy of its
/// token behind.
const DEFAULT_CAPACITY: usize = 16 * 1024;

/// Upper bound on the initial capacity, whatever length the body declares.
const MAX_INITIAL_CAPACITY: usize = 1024 * 1024;

/// A response whose body is unread.
pub(crate) struct Received<'a> {
    head: Parts,
    body: ureq::Body,
    source: Source<'a>,
}

/// The origin of a response, which knows the meaning of an error of its body.
pub(crate) enum Source<'a> {
    Own(Exchange),
    Callers(&'a CallersAgent, RequestOrigin, Duration),
}

/// The connection of a response. No other exchange uses it until this is dropped, if it is one of our own.
#[derive(Clone)]
pub(crate) enum UsedConnection {
    Own(Exchange),
    Callers(CallersAgent, RequestOrigin),
}

impl UsedConnection {
    /// Returns whether other requests may have used the connection before. ureq does not say so of a caller's agent.
    pub(crate) fn may_be_reused(&self) -> bool {
        match self {
            Self::Own(exchange) => exchange.was_reused(),
            Self::Callers(..) => true,
        }
    }

    /// Keeps the connection from being used again.
    pub(crate) fn retire(&self) {
        match self {
            Self::Own(exchange) => exchange.retire(),
            Self::Callers(agent, origin) => agent.retire(origin.clone()),
        }
    }
}

impl<'a> Received<'a> {
    pub(crate) fn new(response: Response<ureq::Body>, source: Source<'a>) -> Self {
        let (mut head, body) = response.into_parts();
        // ureq leaves the URL there, which can be secret.
        head.extensions.clear();
        Self { head, body, source }
    }

    pub(crate) fn head(&self) -> &Parts {
        &self.head
    }

    pub(crate) fn connection(&self) -> UsedConnection {
        match &self.source {
            Source::Own(exchange) => UsedConnection::Own(exchange.clone()),
            Source::Callers(agent, origin, _) => {
                UsedConnection::Callers(CallersAgent::clone(agent), origin.clone())
            }
        }
    }

    /// Reads the body up to this size. If it ends early, returns what arrived, and the reason.
    pub(crate) fn read(self, max_size: usize) -> (Parts, Vec<u8>, Option<TransportErrorKind>) {
        let Self { head, body, source } = self;
        let mut bytes = Vec::with_capacity(initial_capacity(&head.headers).min(max_size));
        // The reader must be dropped before the exchange is finished.
        let result = body.into_reader().take(max_size as u64).read_to_end(&mut bytes);
        let error = match source {
            Source::Own(exchange) => {
                exchange.finish();
                let failure = exchange.failure().map(|failure| failure.kind());
                // An error of ureq's own here is a body that ended early.
                failure.or(result.err().map(|_| TransportErrorKind::CutOff))
            }
            Source::Callers(agent, _, limit) => {
                result.err().map(|error| agent.body_error(error, limit))
            }
        };
        (head, bytes, error)
    }
}

/// Returns the initial capacity of the buffer, so that it need not grow: the declared length and some space for
/// the read that finds the end.
fn initial_capacity(headers: &HeaderMap) -> usize {
    let declared =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    declared
        .map_or(DEFAULT_CAPACITY, |declared| declared.saturating_add(32).min(MAX_INITIAL_CAPACITY))
}
