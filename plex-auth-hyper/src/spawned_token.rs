//! Token sources whose task runs on tokio.

use std::error::Error as StdError;

use http_body::Body;
use plex_auth_proto::Secret;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::token_source::Refresher;
use tower_service::Service;

use crate::error_chain::BoxError;
use crate::request_body::RequestBody;
use crate::shared_token::TokenSource;
use crate::transport::Transport;

impl TokenSource {
    /// Creates a token source like [`new`](Self::new) and spawns its future on tokio. Without a
    /// runtime, nothing renews the token, and [`token`](Self::token) returns
    /// [`TokenError::Stopped`](plex_auth_proto::token_source::TokenError::Stopped) unless there is
    /// a valid token.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, TokenSource, Transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let fixed = plex_tv.fixed_token(Token::new("xyz-Abc_0123456789ab")?);
    /// let tokens = TokenSource::spawn(&Transport::new(), fixed);
    /// assert_eq!(tokens.token().await?.expose(), "xyz-Abc_0123456789ab");
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn<S, B, R>(transport: &Transport<S>, refresher: R) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError> + Send,
        R: Refresher + Send + 'static,
        R::Output: Send,
    {
        let (source, run) = Self::new(transport, refresher);
        spawn(run);
        source
    }

    /// Creates a token source like [`with_save`](Self::with_save) and spawns its future on tokio,
    /// as [`spawn`](Self::spawn) does.
    pub fn spawn_with_save<S, B, R, F, Fut, E>(
        transport: &Transport<S>,
        refresher: R,
        save: F,
    ) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError> + Send,
        R: Refresher + Send + 'static,
        R::Output: Send,
        F: FnMut(Secret) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        let (source, run) = Self::with_save(transport, refresher, save);
        spawn(run);
        source
    }
}

fn spawn(run: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        drop(runtime.spawn(run));
    }
}
