//! A transient token saved across a restart of the program.

use std::time::{Duration, SystemTime};

use super::progress::TransientTokenReason;
use super::{LIFE, TransientTokenRefresher};
use crate::flow::saved_state::{self, FlowKind, InvalidSavedState, Owner};
use crate::media_server::MediaServer;
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::wire::lenient;

impl TransientTokenRefresher {
    /// What spares asking for another token after a restart of the program, as JSON that holds the token;
    /// nothing while there is none. The token that asks is not in it.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
    /// use plex_auth_proto::flow::TransientTokenRefresher;
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, Token::new("s3rv3r")?);
    /// assert!(server.transient_token_refresher().save(SystemTime::UNIX_EPOCH).is_none());
    ///
    /// let saved = r#"{"format": 1, "kind": "transient-token", "service": "http://10.0.0.7:32400",
    ///     "clientIdentifier": "3381b62b-9ab7-4e37-827b-203e9809eb58",
    ///     "token": "transient-5ea1", "endsAt": 172800}"#;
    /// let refresher = TransientTokenRefresher::restore(server, saved, SystemTime::UNIX_EPOCH)?;
    /// assert_eq!(refresher.token().map(|token| token.expose()), Some("transient-5ea1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, now: SystemTime) -> Option<Secret> {
        let current = self.current.as_ref()?;
        let left =
            current.ends.checked_sub(self.elapsed.peek(now)).filter(|left| !left.is_zero())?;
        let ends_at = now.checked_add(left)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let members =
            [("token", current.token.expose().into()), ("endsAt", ends_at.as_secs().into())];
        Some(Owner::media_server(&self.server).save(FlowKind::TransientToken, members))
    }

    /// A refresher that goes on with what [`save`](Self::save) returned, and asks at once where its time is over.
    /// `server` has a token of the same account.
    ///
    /// # Errors
    ///
    /// [`InvalidSavedState`] if the text was not returned by `save`, or was saved under another client identifier or for
    /// a server at another URL, which must not see the token. A
    /// [new refresher](MediaServer::transient_token_refresher) requests another token.
    pub fn restore(
        server: MediaServer,
        saved: &str,
        now: SystemTime,
    ) -> Result<Self, InvalidSavedState> {
        Owner::media_server(&server).check(&[FlowKind::TransientToken], saved)?;
        let saved: Saved = saved_state::read(saved)?;
        let (Some(token), Some(ends_at)) = (saved.token, saved.ends_at) else {
            return Err(InvalidSavedState::Unreadable);
        };
        let now_at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let left = Duration::from_secs(ends_at).saturating_sub(now_at).min(LIFE);
        let mut refresher = server.transient_token_refresher();
        let since = refresher.elapsed.at(now);
        if !left.is_zero() {
            refresher.hold(token, since, left, TransientTokenReason::First);
        }
        Ok(refresher)
    }
}

lenient::object! {
    struct Saved {
        token: Option<Token>,
        ends_at: Option<u64> as "endsAt",
    }
}
