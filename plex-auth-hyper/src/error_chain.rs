//! Classification of a client's errors by their source chains. Unless a proxy connector failed, the
//! innermost recognized error determines the kind, because the outer ones are less specific.

use std::error::Error;
use std::io;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};

#[cfg(feature = "client")]
use crate::client_error::ClientError;
use crate::failure::Failure;
#[cfg(feature = "client")]
use crate::tls_error;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Classifies an error that occurred before the head of a response was complete.
pub(crate) fn head_failure(error: &BoxError) -> Failure {
    let chain = ErrorChain::of(&**error);
    Failure::new(chain.kind.unwrap_or(TransportErrorKind::Other), !chain.not_sent)
}

/// Classifies an error like [`head_failure`] does, but for an `https` URL: if the connection ended
/// while it was being opened, the error is an interrupted handshake, even if the handshake had not
/// begun.
pub(crate) fn https_head_failure(error: &BoxError) -> Failure {
    let failure = head_failure(error);
    let is_interrupted =
        failure.kind() == TransportErrorKind::CutOff && ErrorChain::of(&**error).connecting;
    match is_interrupted {
        true => Failure::not_sent(TransportErrorKind::Tls(TlsErrorKind::Interrupted)),
        false => failure,
    }
}

/// Classifies an error that occurred while reading the body of a response.
pub(crate) fn body_failure(error: &BoxError) -> TransportErrorKind {
    match ErrorChain::of(&**error).kind {
        Some(kind @ (TransportErrorKind::NotHttp | TransportErrorKind::Tls(_))) => kind,
        _ => TransportErrorKind::CutOff,
    }
}

/// Information about a failure, collected from its source chain, starting with the outermost error.
#[derive(Default)]
struct ErrorChain {
    kind: Option<TransportErrorKind>,
    not_sent: bool,
    connecting: bool,
    /// Whether the error occurred in the TLS handshake.
    handshake: bool,
    /// Whether a proxy connector failed. If so, the kind is `Proxy`, no matter what the innermost
    /// error is.
    proxy: bool,
    /// Whether the chain contains a [`hyper::Error`].
    http: bool,
}

impl ErrorChain {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut chain = Self::default();
        let mut link = Some(error);
        // Real chains are shorter, but a custom service's chain could be endless.
        for _ in 0..32 {
            let Some(error) = link else { break };
            chain.add(error);
            // The source of an `io::Error` is the source of the error that it wraps, so the wrapped
            // error itself would be skipped.
            link = match error.downcast_ref::<io::Error>() {
                Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        if chain.proxy {
            chain.kind = Some(TransportErrorKind::Proxy);
        }
        chain
    }

    fn add(&mut self, error: &(dyn Error + 'static)) {
        let kind = if let Some(io) = error.downcast_ref::<io::Error>() {
            self.io(io)
        } else if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            self.hyper(hyper)
        } else {
            self.client(error)
        };
        self.kind = kind.or(self.kind);
    }

    fn io(&mut self, error: &io::Error) -> Option<TransportErrorKind> {
        use io::ErrorKind as Kind;
        // hyper-rustls wraps an I/O error in a second one only during the handshake.
        self.handshake |=
            self.connecting && error.get_ref().is_some_and(|inner| inner.is::<io::Error>());
        Some(match error.kind() {
            Kind::ConnectionRefused => TransportErrorKind::Refused,
            Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable => TransportErrorKind::Unreachable,
            Kind::TimedOut | Kind::NotConnected if self.connecting && !self.handshake => {
                TransportErrorKind::Unreachable
            }
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected
            | Kind::TimedOut => match self.handshake {
                true => TransportErrorKind::Tls(TlsErrorKind::Interrupted),
                false => TransportErrorKind::CutOff,
            },
            // hyper reports an invalid chunk with these kinds.
            Kind::InvalidInput | Kind::InvalidData if self.http => TransportErrorKind::NotHttp,
            _ => return None,
        })
    }

    fn hyper(&mut self, error: &hyper::Error) -> Option<TransportErrorKind> {
        self.http = true;
        // This is true only for a request that was never taken from hyper's queue.
        self.not_sent |= error.is_canceled();
        if error.is_parse_too_large() {
            Some(TransportErrorKind::HeadTooLarge)
        } else if error.is_parse() {
            Some(TransportErrorKind::NotHttp)
        } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Some(TransportErrorKind::CutOff)
        } else if error.is_user() || error.is_timeout() || error.source().is_some() {
            None
        } else {
            // The only remaining kind has no predicate: data that arrives before a request is sent,
            // as from an SSH or mail server.
            Some(TransportErrorKind::NotHttp)
        }
    }

    #[cfg(not(feature = "client"))]
    fn client(&mut self, _: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
        None
    }

    #[cfg(feature = "client")]
    fn client(&mut self, error: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
        use hyper_util::client::legacy;

        if let Some(error) = error.downcast_ref::<legacy::Error>() {
            self.connecting |= error.is_connect();
            // Without a source, the error means that the client cannot send the request, for
            // example because it has no host or an unsupported HTTP version.
            let cannot_send = error.source().is_none() && !error.is_connect();
            self.not_sent |= error.is_connect() || cannot_send;
            cannot_send.then_some(TransportErrorKind::NotStarted(
                "the client does not support the request's URL, method or HTTP version",
            ))
        } else if let Some(error) = error.downcast_ref::<ClientError>() {
            Some(match *error {
                ClientError::NotStarted(reason) => {
                    self.not_sent = true;
                    TransportErrorKind::NotStarted(reason)
                }
                ClientError::ConnectTimedOut(limit) => TransportErrorKind::TimedOut(limit),
                ClientError::NameNotFound => TransportErrorKind::NameNotFound,
            })
        } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
            Some(TransportErrorKind::Tls(match tls_error::classify(error) {
                // After the handshake, it is certain that the server speaks TLS.
                TlsErrorKind::NotTls if self.http => TlsErrorKind::Other,
                kind => kind,
            }))
        } else {
            self.proxy |= self.connecting && is_proxy_error(error);
            None
        }
    }
}

/// Returns whether the error is from one of hyper-util's proxy connectors. The types of these
/// errors are not public, but their messages have a fixed prefix.
#[cfg(feature = "client")]
fn is_proxy_error(error: &(dyn Error + 'static)) -> bool {
    let text = error.to_string();
    ["tunnel error: ", "SOCKS error: "].iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    fn of(error: impl Into<BoxError>) -> Failure {
        head_failure(&error.into())
    }

    #[test]
    fn an_unknown_error_counts_as_sent() {
        let failure = of("something else");
        assert_eq!(failure.kind(), TransportErrorKind::Other);
        assert!(failure.may_have_been_sent());
    }

    #[test]
    fn an_io_error_is_classified_by_kind() {
        for (io_kind, kind) in [
            (io::ErrorKind::ConnectionRefused, TransportErrorKind::Refused),
            (io::ErrorKind::HostUnreachable, TransportErrorKind::Unreachable),
            (io::ErrorKind::ConnectionReset, TransportErrorKind::CutOff),
            (io::ErrorKind::PermissionDenied, TransportErrorKind::Other),
        ] {
            assert_eq!(of(io::Error::from(io_kind)).kind(), kind, "{io_kind:?}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn an_error_inside_an_io_error_is_found() {
        let failure = of(io::Error::other(ClientError::NotStarted("no runtime")));
        assert_eq!(failure.kind(), TransportErrorKind::NotStarted("no runtime"));
        assert!(!failure.may_have_been_sent());
    }

    #[test]
    fn an_endless_chain_is_cut() {
        #[derive(Debug)]
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("endless")
            }
        }
        impl Error for Endless {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert_eq!(of(Endless).kind(), TransportErrorKind::Other);
    }
}
