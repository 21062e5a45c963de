use http::StatusCode;

use crate::error::{Error, Origin};
use crate::media_server::MediaServer;
use crate::operation::Host;

/// The host that issued a token. Only this host can say that the token is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssuer(Issuer);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Issuer {
    PlexTv,
    MediaServer(Option<Origin>),
}

impl TokenIssuer {
    /// Returns the issuer of account and device tokens: plex.tv.
    pub const fn plex_tv() -> Self {
        Self(Issuer::PlexTv)
    }

    /// Returns the issuer of a media server's transient tokens: that server.
    pub fn media_server(server: &MediaServer) -> Self {
        Self(Issuer::MediaServer(Origin::of(&server.url().join("/", ""))))
    }

    /// Returns whether this error means that the issuer rejected the request's token.
    ///
    /// plex.tv has rejected the token if [`is_token_invalid`](Error::is_token_invalid) returns
    /// true. A media server has rejected the token if it responded with status 401 to a request
    /// that contained the token. A media server's response never shows that an account's token or
    /// another server's token is invalid.
    pub fn has_rejected(&self, error: &Error) -> bool {
        let context = error.context();
        match &self.0 {
            Issuer::PlexTv => error.is_token_invalid(),
            Issuer::MediaServer(origin) => {
                context.host() != Some(Host::PlexTv)
                    && context.carried_token()
                    && origin.is_some()
                    && context.origin() == origin.as_ref()
                    && error.status() == Some(StatusCode::UNAUTHORIZED)
            }
        }
    }
}
