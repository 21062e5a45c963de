//! Errors of the crate's own client, each a type of its own so that it is found again in a chain of sources.

use std::error::Error;
use std::fmt;
#[cfg(feature = "client")]
use std::time::Duration;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a client could not start. Its own kind of error, so that it is found again in a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotStarted(pub(crate) &'static str);

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for NotStarted {}

/// That no connection came about within this limit of our client's.
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectTimedOut(pub(crate) Duration);

#[cfg(feature = "client")]
impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.0)
    }
}

#[cfg(feature = "client")]
impl Error for ConnectTimedOut {}

/// The name has no address.
#[cfg(feature = "client")]
#[derive(Debug)]
pub(crate) struct NameNotFound;

#[cfg(feature = "client")]
impl fmt::Display for NameNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name was not found")
    }
}

#[cfg(feature = "client")]
impl Error for NameNotFound {}
