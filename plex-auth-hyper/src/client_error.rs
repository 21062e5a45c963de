use std::error::Error;
use std::fmt;
use std::time::Duration;

/// An error from this crate's client. If it comes from the connector, hyper-util includes it in the
/// source chain of its own error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClientError {
    /// The client cannot send the request. Contains the reason.
    NotStarted(&'static str),
    /// The connection was not established within the client's own limit.
    ConnectTimedOut(Duration),
    /// The name was not found, or has no address.
    NameNotFound,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(reason) => f.write_str(reason),
            Self::ConnectTimedOut(limit) => {
                write!(f, "no connection was established within {limit:?}")
            }
            Self::NameNotFound => f.write_str("the host name was not found"),
        }
    }
}

impl Error for ClientError {}
