use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http_body::Body;
use plex_auth_proto::flow::SaveError;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::token_source::{
    Refresher, SharedRefresher, TokenError, TokenSendError, TokenSlot, TokenSourceStatus,
};
use plex_auth_proto::{Call, Secret, Token};
use tower_service::Service;

use crate::clock::SharedClock;
use crate::error_chain::BoxError;
use crate::request_body::RequestBody;
use crate::sleep::sleep;
use crate::token_task::{self, SaveCallback};
use crate::transport::Transport;

// The default timeout of an exchange: a caller should not wait longer for a new token than for the
// call itself.
const REFRESH_LIMIT: Duration = Duration::from_secs(30);

/// A token source that shares a [`Refresher`]'s token with all tasks of a program.
///
/// A task runs the refresher until the refresher ends, the token source is [shut
/// down](Self::shutdown), or its last clone is dropped. The refresher renews a device's token or a
/// transient token, or provides a fixed token
/// ([`PlexTv::fixed_token`](plex_auth_proto::PlexTv::fixed_token)).
///
#[cfg_attr(feature = "client", doc = "```no_run")]
#[cfg_attr(not(feature = "client"), doc = "```ignore")]
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_hyper::{ClientIdentity, PlexTv, Secret, TokenSource, Transport};
/// # use plex_auth_hyper::jwt::{DeviceKey, Jwk, SignError};
/// # use plex_auth_hyper::flow::DeviceTokenRefresher;
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let saved = std::fs::read_to_string("device.json")?;
/// let refresher = DeviceTokenRefresher::restore(plex_tv.clone(), key, &saved)?;
///
/// let http = Transport::new();
/// let save = |state: Secret| async move { std::fs::write("device.json", state.expose()) };
/// let tokens = TokenSource::spawn_with_save(&http, refresher, save);
///
/// // In any task, with a clone. If plex.tv rejects the token, it is renewed and the call is sent
/// // again.
/// let account = tokens.send(&http, |token| plex_tv.token_details(token)).await?;
/// # let _ = account;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenSource(Arc<Handle>);

struct Handle {
    slot: TokenSlot,
    clock: SharedClock,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.slot.shutdown();
    }
}

impl TokenSource {
    /// Creates a token source and the future that runs its refresher with this transport. Spawn the
    /// future. The refresher's state is not saved.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// # use std::convert::Infallible;
    /// # use std::future::{ready, Ready};
    /// # use std::task::{Context, Poll};
    /// # use plex_auth_hyper::http::{Request, Response};
    /// # use plex_auth_hyper::RequestBody;
    /// #
    /// # #[derive(Clone)]
    /// # struct Mock;
    /// #
    /// # impl tower_service::Service<Request<RequestBody>> for Mock {
    /// #     type Response = Response<String>;
    /// #     type Error = Infallible;
    /// #     type Future = Ready<Result<Response<String>, Infallible>>;
    /// #
    /// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
    /// #         Poll::Ready(Ok(()))
    /// #     }
    /// #
    /// #     fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
    /// #         ready(Ok(Response::new(String::new())))
    /// #     }
    /// # }
    /// use plex_auth_hyper::token_source::TokenError;
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, TokenSource, Transport};
    ///
    /// # let transport = Transport::over(Mock, smol_hyper::rt::SmolTimer::new());
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let fixed = plex_tv.fixed_token(Token::new("xyz-Abc_0123456789ab")?);
    /// let (tokens, run) = TokenSource::new(&transport, fixed);
    /// # smol::block_on(async {
    /// smol::spawn(run).detach();
    ///
    /// let token = tokens.token().await?;
    /// tokens.rejected(&token);
    /// assert!(matches!(tokens.token().await, Err(TokenError::Rejected)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing renews the token: callers get the current token while it
    /// is valid, and otherwise [`TokenError::Stopped`].
    pub fn new<S, B, R>(
        transport: &Transport<S>,
        refresher: R,
    ) -> (Self, impl Future<Output = ()> + Send + use<S, B, R>)
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError> + Send,
        R: Refresher + Send,
        R::Output: Send,
    {
        Self::start(transport, refresher, None)
    }

    /// Creates a token source like [`new`](Self::new). Its future calls `save` with each new state
    /// before any caller gets the token that the state contains.
    ///
    /// Until the future returned by `save` completes, callers get the previous token if it is still
    /// valid. If that future fails or panics, [`status`](Self::status) reports the error, and
    /// callers get the new token anyway. However, a refresher that was about to register a key does
    /// not register it, and ends with
    /// [`NotSaved`](plex_auth_proto::flow::DeviceTokenEnd::NotSaved).
    ///
    /// If that future itself calls [`token`](Self::token), it gets the previous token or an error,
    /// without waiting. If `save` owns a clone of the token source, the token source keeps running
    /// until it is [shut down](Self::shutdown).
    pub fn with_save<S, B, R, F, Fut, E>(
        transport: &Transport<S>,
        mut refresher: R,
        mut save: F,
    ) -> (Self, impl Future<Output = ()> + Send + use<S, B, R, F, Fut, E>)
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError> + Send,
        R: Refresher + Send,
        R::Output: Send,
        F: FnMut(Secret) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        refresher.enable_saving();
        let save: SaveCallback = Box::new(move |state| {
            let save = save(state);
            Box::pin(async move { save.await.map_err(SaveError::new) })
        });
        Self::start(transport, refresher, Some(save))
    }

    fn start<S, B, R>(
        transport: &Transport<S>,
        refresher: R,
        save: Option<SaveCallback>,
    ) -> (Self, impl Future<Output = ()> + Send + use<S, B, R>)
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError> + Send,
        R: Refresher + Send,
        R::Output: Send,
    {
        let (slot, flow) = SharedRefresher::new(refresher, transport.now());
        let source = Self(Arc::new(Handle { slot: slot.clone(), clock: transport.shared_clock() }));
        (source, token_task::run(transport.driver(flow), slot, save))
    }

    /// Returns the current token. Waits for a token if there is none yet, or if the last one has
    /// expired or was rejected.
    ///
    /// If plex.tv rejects a device's token within ten minutes of its renewal, the next renewal
    /// waits until those ten minutes are over.
    ///
    /// # Cancel safety
    ///
    /// The future can be dropped at any point.
    ///
    /// # Errors
    ///
    /// Returns a [`TokenError`] if no token will become available, or if the `save` callback calls
    /// this method while no token is valid.
    pub fn token(&self) -> impl Future<Output = Result<Token, TokenError>> + Send + use<> {
        let source = self.clone();
        async move {
            let mut wait = source.0.slot.wait();
            poll_fn(|cx| wait.poll((source.0.clock)(), cx)).await
        }
    }

    /// Reports that the host that issued this token rejected it. Several reports for the same token
    /// wake the refresher only once. [`send`](Self::send) reports rejections automatically.
    pub fn rejected(&self, token: &Token) {
        self.0.slot.rejected(token);
    }

    /// Sends a call with the token. If the host that issued the token rejects it, and the call can
    /// safely be sent again, waits up to 30 s for a new token and sends the call again with the new
    /// token. A call can safely be sent again if it is idempotent, or if the error's
    /// [outcome](crate::Error::outcome) shows that the first request was not carried out.
    ///
    /// `call` creates the call, and may be called twice. A media server's response never counts as
    /// a rejection of an account's token.
    ///
    /// # Cancel safety
    ///
    /// Same as [`Transport::send`]: after the future is dropped, the request may have been sent.
    ///
    /// # Errors
    ///
    /// Returns [`TokenSendError::Token`] if there is no token to send with, and
    /// [`TokenSendError::Call`] if the call failed.
    pub async fn send<S, B, T>(
        &self,
        transport: &Transport<S>,
        mut call: impl FnMut(&Token) -> Call<T>,
    ) -> Result<T, TokenSendError>
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
        S::Error: Into<BoxError>,
        B: Body,
        B::Error: Into<BoxError>,
    {
        let token = self.token().await?;
        let first = call(&token);
        let is_idempotent = first.reply().is_idempotent();
        let error = match transport.send(first).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !self.0.slot.call_failed(&token, &error, is_idempotent) {
            return Err(error.into());
        }
        match self.token_within(transport, REFRESH_LIMIT).await {
            Some(Ok(next)) => Ok(transport.send(call(&next)).await?),
            _ => Err(error.into()),
        }
    }

    /// Returns the token like [`token`](Self::token), or `None` if `limit` passes first.
    async fn token_within<S>(
        &self,
        transport: &Transport<S>,
        limit: Duration,
    ) -> Option<Result<Token, TokenError>> {
        let mut token = pin!(self.token());
        let mut sleep = pin!(sleep(transport.timer().clone(), limit));
        poll_fn(|cx| {
            if let Poll::Ready(token) = token.as_mut().poll(cx) {
                return Poll::Ready(Some(token));
            }
            sleep.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// Returns the status for display and logs: the last errors and, if there will be no more
    /// tokens, the reason.
    pub fn status(&self) -> TokenSourceStatus {
        self.0.slot.status()
    }

    /// Ends the token source and all its clones: waiting and later callers get
    /// [`TokenError::ShutDown`] immediately. The task drops its requests and ends once any running
    /// `save` has finished.
    pub fn shutdown(&self) {
        self.0.slot.shutdown();
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("status", &self.status()).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use plex_auth_proto::{ClientIdentity, MediaServer};

    use super::*;

    #[test]
    fn a_limit_holds_after_a_shutdown_of_the_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let transport = Transport::new();
        let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap();
        let token = Token::new("xyz-Abc_0123456789ab").unwrap();
        let server = MediaServer::new(me, "http://127.0.0.1:1".parse().unwrap(), token);
        let (tokens, _run) = TokenSource::new(&transport, server.transient_token_refresher());
        let limit = Duration::from_millis(20);
        let token = handle.block_on(tokens.token_within(&transport, limit));
        assert!(token.is_none());
    }
}
