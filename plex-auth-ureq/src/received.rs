use std::io::{self, Read};
use std::mem;
use std::time::Duration;

use plex_auth_proto::Body;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::header::CONTENT_LENGTH;
use plex_auth_proto::http::response::Parts;
use plex_auth_proto::http::{HeaderMap, Response};

use crate::callers_agent::{CallersAgent, RequestOrigin};
use crate::connection::Exchange;
use crate::error_context;

/// The initial capacity for a body of unknown length.
// Large enough for a response that contains an account.
const DEFAULT_CAPACITY: usize = 16 * 1024;

/// The maximum initial capacity, regardless of the declared length of the body.
const MAX_INITIAL_CAPACITY: usize = 1024 * 1024;

/// A response with an unread body.
pub(crate) struct Received<'a> {
    head: Parts,
    body: ureq::Body,
    source: Source<'a>,
}

/// The source of a response, needed to classify an error that occurs while reading the body.
pub(crate) enum Source<'a> {
    Own(Exchange),
    Callers(&'a CallersAgent, RequestOrigin, Duration),
}

/// The connection that a response arrived on. If this crate opened it, no other exchange uses it
/// until this value and all its clones are dropped.
#[derive(Clone)]
pub(crate) enum UsedConnection {
    Own(Exchange),
    Callers(CallersAgent, RequestOrigin),
}

impl UsedConnection {
    /// Returns whether other requests may have used the connection. Always true for a caller's
    /// agent, because ureq does not report whether it reused a connection.
    pub(crate) fn may_be_reused(&self) -> bool {
        match self {
            Self::Own(exchange) => exchange.was_reused(),
            Self::Callers(..) => true,
        }
    }

    /// Prevents the connection from being reused.
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
        // ureq stores the URL in the extensions, and the URL can be secret.
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

    /// Reads at most `max_size` bytes of the body. If the body ends early, also returns the reason.
    pub(crate) fn read(self, max_size: usize) -> (Parts, Vec<u8>, Option<TransportErrorKind>) {
        let Self { head, body, source } = self;
        let mut bytes = vec![0; initial_capacity(&head.headers).min(max_size)];
        // The reader must be dropped before the exchange is finished.
        let result = read_to_end(body.into_reader(), &mut bytes, max_size);
        let error = match source {
            Source::Own(exchange) => {
                exchange.finish();
                let failure = exchange.failure().map(|failure| failure.kind());
                failure.or(result.err().map(|error| {
                    error_context::body_kind(error_context::classify_protocol(&error.into()))
                }))
            }
            Source::Callers(agent, _, limit) => {
                result.err().map(|error| agent.body_error(error, limit))
            }
        };
        (head, bytes, error)
    }
}

/// Replaces the contents of the buffer with up to `max_size` bytes from the reader. A buffer that is
/// too small is zeroed before it is freed, because it can contain a token.
fn read_to_end(mut reader: impl Read, buffer: &mut Vec<u8>, max_size: usize) -> io::Result<()> {
    let mut length = 0_usize;
    let result = loop {
        if length == buffer.len() && length < max_size {
            let size = length.saturating_mul(2).clamp(DEFAULT_CAPACITY.min(max_size), max_size);
            let mut larger = vec![0; size];
            if let Some(start) = larger.get_mut(..length) {
                start.copy_from_slice(buffer);
            }
            // `Body` is zeroed on drop.
            drop(Body::from(mem::replace(buffer, larger)));
        }
        match reader.read(buffer.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break Ok(()),
            Ok(read) => length = length.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    buffer.truncate(length);
    result
}

/// Returns the initial capacity of the buffer: the declared length plus some space for the read
/// that finds the end, but at most `MAX_INITIAL_CAPACITY`. If no length is declared, returns
/// `DEFAULT_CAPACITY`.
fn initial_capacity(headers: &HeaderMap) -> usize {
    let declared =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    declared
        .map_or(DEFAULT_CAPACITY, |declared| declared.saturating_add(32).min(MAX_INITIAL_CAPACITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_grows_up_to_the_limit() {
        let sent: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        for (max_size, initial) in [(0, 0), (1, 1), (99_999, 10), (100_000, 16_384), (200_000, 0)] {
            let mut buffer = vec![0; initial];
            read_to_end(sent.as_slice(), &mut buffer, max_size).unwrap();
            assert!(buffer == sent[..max_size.min(sent.len())], "{max_size}");
        }
    }
}
