use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use plex_auth_proto::flow::SaveError;
use plex_auth_proto::token_source::{
    Refresher, SharedRefresher, TokenError, TokenSendError, TokenSlot, TokenSourceStatus,
};
use plex_auth_proto::{Call, Secret, Token};

use crate::clock::SharedClock;
use crate::thread_waker::ThreadWaker;
use crate::token_thread::{self, SaveCallback};
use crate::transport::Transport;

// The default timeout of an exchange: a caller should not wait longer for a new token than for the
// call itself.
const REFRESH_LIMIT: Duration = Duration::from_secs(30);

/// A token source that shares a [`Refresher`]'s token with all threads of a program.
///
/// A thread runs the refresher until the refresher ends, the token source is [shut
/// down](Self::shutdown), or its last clone is dropped. The refresher renews a device's token or a
/// transient token, or provides a fixed token
/// ([`PlexTv::fixed_token`](plex_auth_proto::PlexTv::fixed_token)).
///
/// ```no_run
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_ureq::{ClientIdentity, PlexTv, Secret, TokenSource, Transport};
/// # use plex_auth_ureq::jwt::{DeviceKey, Jwk, SignError};
/// # use plex_auth_ureq::flow::DeviceTokenRefresher;
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let saved = std::fs::read_to_string("device.json")?;
/// let refresher = DeviceTokenRefresher::restore(plex_tv.clone(), key, &saved)?;
///
/// let http = Transport::new();
/// let save = |state: &Secret| std::fs::write("device.json", state.expose());
/// let tokens = TokenSource::with_save(&http, refresher, save);
///
/// // On any thread, with a clone. If plex.tv rejects the token, it is renewed and the call is sent
/// // again.
/// let account = tokens.send(&http, |token| plex_tv.token_details(token))?;
/// # let _ = account;
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
    /// Creates a token source and starts a thread that runs its refresher with this transport. The
    /// refresher's state is not saved.
    ///
    /// If no thread can be started, nothing renews the token, and [`token`](Self::token) returns
    /// [`TokenError::Stopped`] unless there is a valid token.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::token_source::TokenError;
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Token, TokenSource, Transport};
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let fixed = plex_tv.fixed_token(Token::new("xyz-Abc_0123456789ab")?);
    /// let tokens = TokenSource::new(&Transport::new(), fixed);
    ///
    /// let token = tokens.token()?;
    /// tokens.rejected(&token);
    /// assert!(matches!(tokens.token(), Err(TokenError::Rejected)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(transport: &Transport, refresher: impl Refresher + Send + 'static) -> Self {
        Self::start(transport, refresher, None)
    }

    /// Creates a token source like [`new`](Self::new). Its thread calls `save` with each new state
    /// before any caller gets the token that the state contains.
    ///
    /// `save` runs on that thread. While it runs, callers get the previous token if it is still
    /// valid. If `save` fails or panics, [`status`](Self::status) reports the error, and callers
    /// get the new token anyway. However, a refresher that was about to register a key does not
    /// register it, and ends with [`NotSaved`](plex_auth_proto::flow::DeviceTokenEnd::NotSaved).
    ///
    /// If `save` itself calls [`token`](Self::token), it gets the previous token or an error,
    /// without waiting. If `save` owns a clone of the token source, the token source keeps running
    /// until it is [shut down](Self::shutdown).
    pub fn with_save<E>(
        transport: &Transport,
        mut refresher: impl Refresher + Send + 'static,
        mut save: impl FnMut(&Secret) -> Result<(), E> + Send + 'static,
    ) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        refresher.enable_saving();
        let save = move |state: &Secret| save(state).map_err(SaveError::new);
        Self::start(transport, refresher, Some(Box::new(save)))
    }

    fn start(
        transport: &Transport,
        refresher: impl Refresher + Send + 'static,
        save: Option<SaveCallback>,
    ) -> Self {
        let (slot, flow) = SharedRefresher::new(refresher, transport.now());
        let source = Self(Arc::new(Handle { slot: slot.clone(), clock: transport.shared_clock() }));
        let transport = transport.clone();
        let run = move || token_thread::run(&transport, flow, &slot, save);
        // If the thread cannot be started, the flow is dropped, which marks the slot as stopped.
        drop(thread::Builder::new().name("plex-auth token source".to_owned()).spawn(run));
        source
    }

    /// Returns the current token. Waits for a token if there is none yet, or if the last one has
    /// expired or was rejected.
    ///
    /// If plex.tv rejects a device's token within ten minutes of its renewal, the next renewal
    /// waits until those ten minutes are over.
    ///
    /// # Errors
    ///
    /// Returns a [`TokenError`] if no token will become available, or if the `save` callback calls
    /// this method while no token is valid.
    pub fn token(&self) -> Result<Token, TokenError> {
        self.token_until(None)
    }

    /// Returns the token like [`token`](Self::token), but waits for at most `limit`.
    ///
    /// # Errors
    ///
    /// Returns [`TokenError::TimedOut`] if there is no token within `limit`, and otherwise the same
    /// errors as `token`.
    pub fn token_within(&self, limit: Duration) -> Result<Token, TokenError> {
        self.token_until(Instant::now().checked_add(limit))
    }

    fn token_until(&self, end: Option<Instant>) -> Result<Token, TokenError> {
        let mut wait = self.0.slot.wait();
        let waker = ThreadWaker::new();
        waker
            .block_on(end, |cx| wait.poll((self.0.clock)(), cx))
            .unwrap_or(Err(TokenError::TimedOut))
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
    /// # Errors
    ///
    /// Returns [`TokenSendError::Token`] if there is no token to send with, and
    /// [`TokenSendError::Call`] if the call failed.
    pub fn send<T>(
        &self,
        transport: &Transport,
        mut call: impl FnMut(&Token) -> Call<T>,
    ) -> Result<T, TokenSendError> {
        let token = self.token()?;
        let first = call(&token);
        let is_idempotent = first.reply().is_idempotent();
        let error = match transport.send(first) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !self.0.slot.call_failed(&token, &error, is_idempotent) {
            return Err(error.into());
        }
        match self.token_within(REFRESH_LIMIT) {
            Ok(next) => Ok(transport.send(call(&next))?),
            Err(_) => Err(error.into()),
        }
    }

    /// Returns the status for display and logs: the last errors and, if there will be no more
    /// tokens, the reason.
    pub fn status(&self) -> TokenSourceStatus {
        self.0.slot.status()
    }

    /// Ends the token source and all its clones: waiting and later callers get
    /// [`TokenError::ShutDown`] immediately. The thread ends once any running `save` has returned.
    /// Requests in flight run to completion, and their responses are discarded.
    pub fn shutdown(&self) {
        self.0.slot.shutdown();
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("status", &self.status()).finish_non_exhaustive()
    }
}
