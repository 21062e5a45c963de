//! Saving and restoring a transient token across program restarts.

use std::time::{Duration, SystemTime};

use super::{LIFETIME, TransientTokenRefresher};
use crate::flow::now::Now;
use crate::flow::saved_state::{self, FlowKind, InvalidSavedState, Member, Owner};
use crate::media_server::MediaServer;
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::wire::lenient;

impl TransientTokenRefresher {
    /// Returns the state to restore after a restart, as JSON that contains the transient token.
    /// Returns `None` if there is no valid token, or if the current time is not known, in which
    /// case the token's expiry cannot be saved. The state does not contain the account's token.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::{Duration, SystemTime};
    /// use plex_auth_proto::flow::{Now, TransientTokenRefresher};
    /// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
    ///
    /// let now = Now::new(Duration::ZERO, SystemTime::UNIX_EPOCH);
    /// let me = ClientIdentity::builder(saved_identifier()).build()?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, Token::new("s3rv3r")?);
    /// assert!(server.transient_token_refresher().save(now).is_none());
    ///
    /// let saved = r#"{"format": 1, "kind": "transient-token", "service": "http://10.0.0.7:32400",
    ///     "clientIdentifier": "example",
    ///     "token": "transient-5ea1", "endsAt": 172800}"#;
    /// let refresher = TransientTokenRefresher::restore(server, saved, now)?;
    /// assert_eq!(refresher.token().map(|token| token.expose()), Some("transient-5ea1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, now: Now) -> Option<Secret> {
        let current = self.newest()?;
        let now = self.clock.peek(now);
        let left = Some(current.left(now)).filter(|left| !left.is_zero())?;
        let ends_at =
            now.latest()?.checked_add(left)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let members = [
            ("token", Member::Text(current.token.expose())),
            ("endsAt", Member::Number(ends_at.as_secs())),
        ];
        Some(Owner::media_server(&self.server).save(FlowKind::TransientToken, members))
    }

    /// Restores the refresher from the state that [`save`](Self::save) returned. If the saved token
    /// has expired, or there is no wall clock, the refresher requests a new one immediately.
    /// `server` must have a token that belongs to the same account.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSavedState`] if the text was not returned by `save`, or was saved for a
    /// different client identifier or server URL. A token must be sent only to the server that
    /// issued it. To request another token, create a [new
    /// refresher](MediaServer::transient_token_refresher).
    pub fn restore(server: MediaServer, saved: &str, now: Now) -> Result<Self, InvalidSavedState> {
        Owner::media_server(&server).check(&[FlowKind::TransientToken], saved)?;
        let saved: Saved = saved_state::read(saved)?;
        let (Some(token), Some(ends_at)) = (saved.token, saved.ends_at) else {
            return Err(InvalidSavedState::Unreadable);
        };
        let mut refresher = server.transient_token_refresher();
        let now = refresher.clock.at(now);
        let ends_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(ends_at));
        // Without a wall clock, it is not known whether the token is valid.
        let left = now.server.zip(ends_at).and_then(|(now, end)| end.duration_since(now).ok());
        let left = left.unwrap_or_default().min(LIFETIME);
        if !left.is_zero() {
            refresher.hold(token, now.elapsed, left, now);
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
