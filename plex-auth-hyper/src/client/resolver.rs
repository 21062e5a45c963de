use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::client_error::ClientError;
use crate::error_chain::BoxError;

/// The system's resolver. Unlike hyper-util's, it has its own error for a name that was not found.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    system: GaiResolver,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { system: GaiResolver::new() }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.system.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.system.call(name);
        Box::pin(async move {
            let addresses: Vec<_> = match found.await {
                Ok(addresses) => addresses.collect(),
                Err(error) if is_system_failure(&error) => return Err(error.into()),
                Err(_) => return Err(ClientError::NameNotFound.into()),
            };
            if addresses.is_empty() {
                return Err(ClientError::NameNotFound.into());
            }
            Ok(addresses.into_iter())
        })
    }
}

/// Returns whether the lookup failed because of the operating system, for example because no file
/// descriptors are left. Such an error has an OS error code. On Windows, the errors for a name that
/// was not found have one too.
fn is_system_failure(error: &io::Error) -> bool {
    let is_lookup_error = |number: &i32| cfg!(windows) && (11001..=11004).contains(number);
    error.raw_os_error().is_some_and(|number| !is_lookup_error(&number))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::is_system_failure;

    #[test]
    fn unknown_name_is_not_a_system_failure() {
        const WSAHOST_NOT_FOUND: i32 = 11001;
        assert!(!is_system_failure(&io::Error::other("failed to lookup address information")));
        assert!(is_system_failure(&io::Error::from_raw_os_error(24)));
        let windows = is_system_failure(&io::Error::from_raw_os_error(WSAHOST_NOT_FOUND));
        assert_eq!(windows, !cfg!(windows));
    }
}
