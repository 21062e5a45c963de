//! From a client's error to a reason: the chain of sources is walked, and the innermost link that says
//! something decides, as what is around it says the same more vaguely.

use std::error::Error;
use std::io;

use plex_auth_proto::{NoAnswerReason, TlsFault};

use crate::client_error::{BoxError, NotStarted};
#[cfg(feature = "client")]
use crate::client_error::{ConnectTimedOut, NameNotFound};
#[cfg(feature = "client")]
use crate::tls_error::tls_fault;

/// What a client's error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: NoAnswerReason,
    /// False only where it is sure that nothing reached the server.
    pub(crate) sent: bool,
}

/// The fault of an exchange that ended before the head of an answer was there.
pub(crate) fn of_head(error: &BoxError) -> Fault {
    let seen = Seen::of(&**error);
    Fault { reason: seen.reason.unwrap_or(NoAnswerReason::Other), sent: !seen.unsent }
}

/// The reason of a body that ended too early, the request having been sent and answered.
pub(crate) fn of_body(error: &BoxError) -> NoAnswerReason {
    match Seen::of(&**error).reason {
        Some(NoAnswerReason::NotHttp) => NoAnswerReason::NotHttp,
        _ => NoAnswerReason::CutOff,
    }
}

#[derive(Default)]
struct Seen {
    reason: Option<NoAnswerReason>,
    unsent: bool,
    connecting: bool,
    handshake: bool,
    speaking: bool,
}

impl Seen {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut seen = Self::default();
        let mut link = Some(error);
        // No chain is as long; a service's own error could have a source without end.
        for _ in 0..32 {
            let Some(error) = link else { break };
            seen.see(error);
            // The source of an io::Error is the source of what it holds, so that what it holds would
            // be passed over.
            link = match error.downcast_ref::<io::Error>() {
                Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        seen
    }

    fn see(&mut self, error: &(dyn Error + 'static)) {
        let reason = if let Some(io) = error.downcast_ref::<io::Error>() {
            self.io(io)
        } else if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            self.hyper(hyper)
        } else if let Some(NotStarted(why)) = error.downcast_ref() {
            self.unsent = true;
            Some(NoAnswerReason::NotStarted(why))
        } else {
            self.client(error)
        };
        self.reason = reason.or(self.reason);
    }

    fn io(&mut self, error: &io::Error) -> Option<NoAnswerReason> {
        use io::ErrorKind as Kind;
        // hyper-rustls wraps what comes of a handshake, and nothing else, once more.
        self.handshake |=
            self.connecting && error.get_ref().is_some_and(|inner| inner.is::<io::Error>());
        Some(match error.kind() {
            Kind::ConnectionRefused => NoAnswerReason::Refused,
            Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable => NoAnswerReason::Unreachable,
            Kind::TimedOut | Kind::NotConnected if self.connecting && !self.handshake => {
                NoAnswerReason::Unreachable
            }
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected
            | Kind::TimedOut => match self.handshake {
                true => NoAnswerReason::Tls(TlsFault::Interrupted),
                false => NoAnswerReason::CutOff,
            },
            // A chunk that is none.
            Kind::InvalidInput | Kind::InvalidData if self.speaking => NoAnswerReason::NotHttp,
            _ => return None,
        })
    }

    fn hyper(&mut self, error: &hyper::Error) -> Option<NoAnswerReason> {
        self.speaking = true;
        // hyper says so of a request that was never taken out of its queue, and of no other.
        self.unsent |= error.is_canceled();
        if error.is_parse_too_large() {
            Some(NoAnswerReason::HeadTooLarge)
        } else if error.is_parse() {
            Some(NoAnswerReason::NotHttp)
        } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Some(NoAnswerReason::CutOff)
        } else if error.is_user() || error.is_timeout() || error.source().is_some() {
            None
        } else {
            // The one kind that is left and has no predicate: bytes came before anything was asked, as
            // from an SSH or a mail server.
            Some(NoAnswerReason::NotHttp)
        }
    }

    #[cfg(not(feature = "client"))]
    fn client(&mut self, _: &(dyn Error + 'static)) -> Option<NoAnswerReason> {
        None
    }

    #[cfg(feature = "client")]
    fn client(&mut self, error: &(dyn Error + 'static)) -> Option<NoAnswerReason> {
        use hyper_util::client::legacy;

        if let Some(error) = error.downcast_ref::<legacy::Error>() {
            self.connecting |= error.is_connect();
            // Without a source it is a request that this client cannot send: without a host, of an HTTP
            // version that it does not speak.
            let impossible = error.source().is_none() && !error.is_connect();
            self.unsent |= error.is_connect() || impossible;
            impossible
                .then_some(NoAnswerReason::NotStarted("the client cannot send such a request"))
        } else if let Some(ConnectTimedOut(limit)) = error.downcast_ref() {
            Some(NoAnswerReason::TimedOut(*limit))
        } else if error.is::<NameNotFound>() {
            Some(NoAnswerReason::NameNotFound)
        } else {
            let error = error.downcast_ref::<rustls::Error>()?;
            Some(NoAnswerReason::Tls(tls_fault(error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    fn of(error: impl Into<BoxError>) -> Fault {
        of_head(&error.into())
    }

    #[test]
    fn an_error_of_another_client_is_taken_for_sent() {
        let fault = of("something else");
        assert_eq!(fault.reason, NoAnswerReason::Other);
        assert!(fault.sent);
    }

    #[test]
    fn a_foreign_io_error_is_read_by_its_kind() {
        for (kind, reason) in [
            (io::ErrorKind::ConnectionRefused, NoAnswerReason::Refused),
            (io::ErrorKind::HostUnreachable, NoAnswerReason::Unreachable),
            (io::ErrorKind::ConnectionReset, NoAnswerReason::CutOff),
            (io::ErrorKind::PermissionDenied, NoAnswerReason::Other),
        ] {
            assert_eq!(of(io::Error::from(kind)).reason, reason, "{kind:?}");
        }
    }

    #[test]
    fn what_an_io_error_holds_is_seen() {
        let fault = of(io::Error::other(NotStarted("no runtime")));
        assert_eq!(fault.reason, NoAnswerReason::NotStarted("no runtime"));
        assert!(!fault.sent);
    }

    #[test]
    fn a_source_without_end_ends() {
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
        assert_eq!(of(Endless).reason, NoAnswerReason::Other);
    }
}
