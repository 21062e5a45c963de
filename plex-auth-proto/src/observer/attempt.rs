use http::{Extensions, Method};

use crate::call::Outgoing;
use crate::error::RequestContext;

/// One attempt to send a request, as an [`Observer`](super::Observer) sees it.
#[derive(Clone, Debug)]
pub struct Attempt {
    context: RequestContext,
    method: Method,
    url: String,
    request_size: usize,
    number: u32,
    extensions: Extensions,
}

impl Attempt {
    /// Creates the state before the first attempt. The first call to `advance` turns it into
    /// attempt number 1.
    pub(super) fn before_first(outgoing: &Outgoing) -> Self {
        let request = outgoing.request();
        Self {
            context: outgoing.context().clone(),
            method: request.method().clone(),
            url: outgoing.masked_url().to_string(),
            request_size: request.body().as_ref().len(),
            number: 0,
            extensions: Extensions::new(),
        }
    }

    /// Advances to the next attempt of the same exchange.
    pub(super) fn advance(&mut self) {
        self.number = self.number.saturating_add(1);
    }

    /// Returns the [name of the operation](RequestContext::operation), such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.context.operation()
    }

    /// Returns the context of the request, which errors also contain.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL for display, with its path and query redacted if they are secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of this attempt within its exchange, starting at 1. It increases only if
    /// the transport itself repeats the request. If the program or a flow sends a request again, a
    /// new exchange starts.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the size of the request body, in bytes.
    pub fn request_size(&self) -> usize {
        self.request_size
    }

    /// Returns the values that observers have stored for this attempt. They are dropped after the
    /// attempt ends.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Returns a mutable reference to the values that observers have stored for this attempt, for
    /// example to add a start time or a span.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }
}
