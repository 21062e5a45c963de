//! What errors read like.

use std::fmt;

use super::ResponseError;
use crate::operation::Host;

/// One line, in lower case: what was asked and of whom, what the matter is, and the facts in brackets.
impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (context, status, rejection) = self.parts();
        write!(f, "{context}: ")?;
        match self {
            _ if self.is_unconfirmed() => f.write_str(
                "no error of Plex's came with the status; a proxy or a captive portal may have answered",
            )?,
            Self::BadRequest(_) => f.write_str("a parameter is missing or malformed")?,
            Self::Unauthorized(_) => f.write_str(self.why_unauthorized())?,
            Self::VerificationCodeRequired(_) => f.write_str("a verification code is needed")?,
            Self::VerificationCodeRejected(_) => {
                f.write_str("the verification code is wrong or too old")?;
            }
            Self::EmailOnly(_) => f.write_str("the account signs in by e-mail only")?,
            Self::TooManyFailures(_) => {
                f.write_str("too many failures; wait before the next try")?;
            }
            Self::Forbidden(_) => f.write_str("the account may not do this")?,
            Self::RateLimited(_) => f.write_str("too many requests; wait before the next")?,
            Self::Unavailable(_) => f.write_str("trouble at the server")?,
            Self::Rejected(_) => f.write_str("refused")?,
            Self::Redirected { to, .. } => {
                return match to {
                    Some(to) if context.origin() == Some(to.origin()) => write!(
                        f,
                        "redirected within {to}, which is never followed; check the path of the \
                         base URL ({})",
                        status.as_u16()
                    ),
                    Some(to) if to.is_known() => write!(
                        f,
                        "redirected to {to}, which is never followed; if that is the right server, \
                         use it as base URL ({})",
                        status.as_u16()
                    ),
                    Some(to) => write!(
                        f,
                        "redirected to {to}, which is never followed; check the base URL ({})",
                        status.as_u16()
                    ),
                    None => {
                        write!(f, "redirected, which is never followed ({})", status.as_u16())
                    }
                };
            }
            Self::UnexpectedContent { content, .. } => {
                return write!(f, "answered {} with {content}", status.as_u16());
            }
            Self::UnexpectedShape { path, problem, .. } => return write!(f, "`{path}` {problem}"),
            Self::Mismatched { path, .. } => {
                return write!(f, "the response belongs to another request: `{path}` differs");
            }
            Self::BodyTooLarge { limit, .. } => {
                return write!(f, "the answer is larger than {limit} bytes");
            }
        }
        match rejection {
            Some(rejection) => write!(f, " ({})", rejection.facts()),
            None => Ok(()),
        }
    }
}

impl ResponseError {
    fn why_unauthorized(&self) -> &'static str {
        let context = self.context();
        match (context.host(), context.carried_token()) {
            (Some(Host::MediaServer), true) => {
                "the media server does not accept this token, which says nothing about the account"
            }
            (_, true) if self.is_token_invalid() => "the token is no longer valid; sign in again",
            (_, true) => "the token is not accepted",
            (_, false) => match context.unauthorized() {
                Some(meaning) => meaning,
                None if self.status().as_u16() == 498 => {
                    "the device's signed token is not accepted"
                }
                None => "not authorized, and no token was sent",
            },
        }
    }
}
