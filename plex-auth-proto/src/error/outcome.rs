use crate::error::rejection::Rejection;
use crate::error::response::ResponseError;
use crate::error::transport::TransportError;
use crate::operation::Host;

/// The outcome of a failed request: whether it was carried out.
///
/// It is returned by [`Error::outcome`](crate::Error::outcome), whose docs list the outcome of each
/// error.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{ClientIdentity, Credentials, Error, PlexTv, http};
/// use plex_auth_proto::error::{Outcome, TransportErrorKind};
///
/// /// Returns the advice for a user whose sign-in failed.
/// fn advice(error: &Error) -> &'static str {
///     match error.outcome() {
///         Outcome::NotSent => "Check the network, then sign in again.",
///         Outcome::Refused => "Check the username and the password.",
///         _ => "Plex may have signed you in: check your list of devices first.",
///     }
/// }
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let (_, reply) = PlexTv::new(identity).sign_in(&Credentials::new("rosa", "correct horse")?).into_parts();
///
/// let error = reply.transport_error(TransportErrorKind::NameNotFound, false);
/// assert_eq!(error.outcome(), Outcome::NotSent);
///
/// let response = http::Response::builder().status(401).body(r#"{"errors":[{"code":1001}]}"#)?;
/// let error = Error::from(reply.parse(&response).unwrap_err());
/// assert_eq!(error.outcome(), Outcome::Refused);
///
/// let response = http::Response::builder().status(502).body("<html>Bad Gateway</html>")?;
/// let error = Error::from(reply.parse(&response).unwrap_err());
/// assert_eq!(error.outcome(), Outcome::Unknown);
/// assert!(advice(&error).starts_with("Plex may have signed you in"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// None of the request was sent. Retrying is safe, and useful once the cause is resolved: see
    /// [`TransportError::kind`].
    NotSent,
    /// The request was refused and not carried out. Retrying is safe, and useful once the cause is
    /// resolved: for example, once a rate limit has reset or the user has corrected the password.
    Refused,
    /// The request may have been carried out. Retry only if it is
    /// [idempotent](super::RequestContext::is_idempotent). Otherwise, first check whether it took
    /// effect. After a sign-in, for example, check whether the account lists a new device.
    Unknown,
}

impl Outcome {
    /// Returns whether the request can be repeated without harm.
    pub(crate) fn allows_repeat(self, idempotent: bool) -> bool {
        idempotent || self != Self::Unknown
    }
}

impl TransportError {
    /// Returns whether the request was carried out: [`NotSent`](Outcome::NotSent) or
    /// [`Unknown`](Outcome::Unknown).
    pub fn outcome(&self) -> Outcome {
        if self.may_have_been_sent() { Outcome::Unknown } else { Outcome::NotSent }
    }
}

impl ResponseError {
    /// Returns whether the request was carried out: [`Refused`](Outcome::Refused) or
    /// [`Unknown`](Outcome::Unknown). For the full table, see
    /// [`Error::outcome`](crate::Error::outcome).
    pub fn outcome(&self) -> Outcome {
        let is_refusal = match self {
            Self::Redirected { .. } | Self::RateLimited(_) => true,
            // With this code, Plex states that it did nothing. A gateway's 503 has no such code.
            Self::Unavailable(rejection) => {
                rejection.status().as_u16() == 503 && rejection.has_code(1013)
            }
            Self::BadRequest(rejection)
            | Self::Unauthorized(rejection)
            | Self::VerificationCodeRequired(rejection)
            | Self::VerificationCodeRejected(rejection)
            | Self::EmailOnly(rejection)
            | Self::TooManyFailures(rejection)
            | Self::Forbidden(rejection)
            | Self::Rejected(rejection) => is_refusal(rejection),
            // The status is successful, so the request was probably carried out, unless the
            // response is from a captive portal.
            Self::UnexpectedContent { .. }
            | Self::UnexpectedShape { .. }
            | Self::Mismatched { .. }
            | Self::BodyTooLarge { .. } => false,
        };
        if is_refusal { Outcome::Refused } else { Outcome::Unknown }
    }

    /// Returns whether a 401, 403 or 498 may be from a proxy or a captive portal instead of
    /// plex.tv. If so, the token or the password may still be valid, and the account may still have
    /// access.
    ///
    /// This is the case if the body is not a Plex error response: for example, if it is a web page
    /// or was cut off. A 401 or 498 without a body counts as a response from Plex if it was sent
    /// over `https`, where an intermediary cannot impersonate Plex.
    pub fn is_unconfirmed(&self) -> bool {
        match self {
            Self::Unauthorized(rejection) | Self::Forbidden(rejection) => {
                let is_of_plex_tv = rejection.context().host() == Some(Host::PlexTv);
                let status = rejection.status().as_u16();
                is_of_plex_tv
                    && matches!(status, 401 | 403 | 498)
                    && self.outcome() == Outcome::Unknown
            }
            _ => false,
        }
    }
}

/// Returns whether the request was refused by the intended host, and not by a proxy in front of it.
/// Redirects, 429 and 5xx are not passed to this function.
fn is_refusal(rejection: &Rejection) -> bool {
    let (context, status) = (rejection.context(), rejection.status());
    match context.host() {
        Some(Host::PlexTv) => {
            // Over plain HTTP, an intermediary could have sent a status without a body.
            let is_https = context.origin().is_some_and(|origin| origin.scheme() == "https");
            // Plex sends these two statuses only because of a token or a password, and gateways do
            // not send them with an empty body.
            let is_about_token = matches!(status.as_u16(), 401 | 498);
            let is_bare = is_about_token && rejection.has_empty_body() && is_https;
            status.is_client_error() && (!rejection.errors().is_empty() || is_bare)
        }
        // A media server's refusals are web pages without error codes, so only the status counts.
        Some(Host::MediaServer) => matches!(status.as_u16(), 401 | 403),
        None => false,
    }
}

#[cfg(test)]
mod tests;
