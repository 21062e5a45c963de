use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::client_error::ClientError;
use crate::error_chain::BoxError;

/// The system's resolver, with a typed error where hyper-util has only a message.
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
                // An error number means that the system failed, for example because it has no file
                // descriptors left.
                Err(error) if error.raw_os_error().is_some() => return Err(error.into()),
                Err(_) => return Err(ClientError::NameNotFound.into()),
            };
            if addresses.is_empty() {
                return Err(ClientError::NameNotFound.into());
            }
            Ok(addresses.into_iter())
        })
    }
}
