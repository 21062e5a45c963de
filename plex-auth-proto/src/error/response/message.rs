//! The messages of response errors.

use std::fmt;

use super::ResponseError;
use crate::operation::Host;
use crate::operation::context::RequestContext;
use crate::wire::content::Content;

/// Formats the error as one line: what failed, which server answered, and in most cases the status
/// and what to do. The alternate form, `{:#}`, leaves out what to do, for programs that give their
/// own advice.
impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (context, status, rejection) = self.parts();
        let server = Server(context);
        let status = status.as_u16();
        match self {
            Self::UnexpectedContent { content, .. } => {
                write!(f, "unexpected response: {server} answered {status} with {content}")?;
                return match content {
                    Content::Html => write_advice(f, "check the base URL and the network"),
                    _ => Ok(()),
                };
            }
            Self::UnexpectedShape { path, problem, .. } if path.as_str() == "." => {
                return write!(f, "unexpected response from {server}: the body {problem}");
            }
            Self::UnexpectedShape { path, problem, .. } => {
                return write!(f, "unexpected response from {server}: `{path}` {problem}");
            }
            Self::Mismatched { path, .. } => {
                return write!(
                    f,
                    "the response from {server} belongs to another request: `{path}` does not match"
                );
            }
            Self::BodyTooLarge { limit, .. } => {
                return write!(f, "the response from {server} is larger than {limit} bytes");
            }
            _ if self.is_unconfirmed() => {
                write!(
                    f,
                    "a proxy or a captive portal may have answered instead of {server}: the \
                     response has status {status} but no error from Plex"
                )?;
                return write_advice(f, "check the network");
            }
            _ => {}
        }
        write!(f, "{}: {server} answered {status}", self.what_failed())?;
        if let Some(rejection) = rejection {
            rejection.write_codes(f)?;
        }
        if let Self::Redirected { to: Some(to), .. } = self {
            write!(f, " and pointed to {to}")?;
        }
        write_advice(f, self.advice())
    }
}

fn write_advice(f: &mut fmt::Formatter<'_>, advice: &str) -> fmt::Result {
    if f.alternate() || advice.is_empty() { Ok(()) } else { write!(f, "; {advice}") }
}

impl ResponseError {
    /// Returns the first part of the message, before the server and the status.
    fn what_failed(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "a parameter is missing or malformed",
            Self::Unauthorized(_) => self.why_unauthorized(),
            Self::VerificationCodeRequired(_) => "a verification code is required",
            Self::VerificationCodeRejected(_) => "the verification code is wrong or has expired",
            Self::EmailOnly(_) => "the account uses email sign-in instead of a password",
            Self::TooManyFailures(_) => "too many failed attempts from this IP address",
            Self::Forbidden(_) => "access was denied",
            Self::RateLimited(_) => "too many requests",
            Self::Unavailable(_) => "the server failed",
            Self::Redirected { .. } => "a redirect was not followed",
            _ => "the request was rejected",
        }
    }

    /// Returns the last part of the message: what to do, or an empty string if there is no general
    /// advice.
    fn advice(&self) -> &'static str {
        match self {
            _ if self.needs_new_device_key() => {
                "sign in again with a new client identifier and a new key"
            }
            Self::Unauthorized(_) if self.is_token_invalid() => "sign in again",
            Self::Forbidden(_) if self.needs_home_pin() => "enter the Home PIN",
            Self::Rejected(_) if self.is_pin_gone() => "request a new PIN",
            Self::Unauthorized(_) if self.is_media_server_token_error() => {
                "get a new token for this server (the account's token may still be valid)"
            }
            Self::VerificationCodeRequired(_) => "sign in again with the code",
            Self::VerificationCodeRejected(_) => "enter a new code",
            Self::EmailOnly(_) => "use a PIN to sign in on Plex's page",
            Self::TooManyFailures(_) => "wait before trying again",
            Self::RateLimited(_) => "wait before the next request",
            Self::Redirected { to: Some(to), .. }
                if self.context().origin() == Some(to.origin()) =>
            {
                "check the path of the base URL"
            }
            Self::Redirected { to: Some(to), .. } if to.is_known() => {
                "if that is the right server, change the base URL to point to it"
            }
            Self::Redirected { .. } => "check the base URL and the network",
            _ => "",
        }
    }

    fn is_media_server_token_error(&self) -> bool {
        let context = self.context();
        context.host() == Some(Host::MediaServer) && context.carried_token()
    }

    fn why_unauthorized(&self) -> &'static str {
        let context = self.context();
        match context.unauthorized() {
            _ if self.is_media_server_token_error() => "the media server rejected the token",
            _ if self.is_token_invalid() => "the token is no longer valid",
            _ if context.carried_token() => "the token was not accepted",
            Some(meaning) => meaning,
            None if self.status().as_u16() == 498 => "the device's JWT was not accepted",
            None => "authorization is required, but no token was sent",
        }
    }
}

/// The server that a request was sent to, for display: only the host name if the URL is `https`
/// without an explicit port, the origin of any other `http` or `https` URL, and "the server"
/// otherwise.
pub(in crate::error) struct Server<'a>(pub(in crate::error) &'a RequestContext);

impl fmt::Display for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.origin() {
            Some(origin) if origin.scheme() == "https" && origin.port().is_none() => {
                f.write_str(origin.host())
            }
            Some(origin) => origin.fmt(f),
            None => f.write_str("the server"),
        }
    }
}
