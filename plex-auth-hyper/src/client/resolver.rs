use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::client_error::ClientError;
use crate::error_chain::BoxError;

/// The system's resolver. Unlike hyper-util's, it returns a distinct error if a name is not found.
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
                Err(error) if is_lookup_error(&error) => {
                    return Err(ClientError::NameNotFound.into());
                }
                Err(error) => return Err(error.into()),
            };
            if addresses.is_empty() {
                return Err(ClientError::NameNotFound.into());
            }
            Ok(addresses.into_iter())
        })
    }
}

/// Returns whether the error means that the resolver found no address for the name. The standard
/// library reports this only as text, except on Windows, which has error codes for it. Other errors
/// are from the operating system, for example because no file descriptors are left, or from a
/// runtime that is being shut down.
fn is_lookup_error(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => cfg!(windows) && (11001..=11004).contains(&number),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::str::FromStr;
    use std::task::Waker;

    use super::*;

    #[test]
    fn cancelled_lookup_is_not_an_unknown_name() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let lookup = pin!(Resolver::new().call(Name::from_str("localhost").unwrap()));
        let Poll::Ready(result) = lookup.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the lookup was not cancelled");
        };
        assert!(!result.unwrap_err().is::<ClientError>());
    }

    #[test]
    fn system_failure_is_not_an_unknown_name() {
        const WSAHOST_NOT_FOUND: i32 = 11001;
        assert!(is_lookup_error(&io::Error::other("failed to lookup address information: x")));
        assert!(!is_lookup_error(&io::Error::from_raw_os_error(24)));
        assert!(!is_lookup_error(&io::Error::from(io::ErrorKind::Interrupted)));
        let windows = is_lookup_error(&io::Error::from_raw_os_error(WSAHOST_NOT_FOUND));
        assert_eq!(windows, cfg!(windows));
    }
}
