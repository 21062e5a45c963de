use plex_auth_proto::error::PlexError;
use plex_auth_proto::http::header::RETRY_AFTER;
use plex_auth_proto::http::{HeaderMap, Response, StatusCode};
use plex_auth_proto::{Host, ResponseError};

use crate::{PASSWORD, TOKEN};

/// Checks that the error's message is one short line without a secret, and that its variant and
/// predicates match the response's status and Plex's error codes.
pub fn check_error<B>(error: &ResponseError, answer: &Response<B>) {
    check_text(error);
    let status = answer.status();
    assert_eq!(error.status(), status);
    check_kind(error, status);
    check_predicates(error, status, answer.headers());
    for listed in error.rejection().map_or(&[][..], |refusal| refusal.errors()) {
        check_listed(listed);
    }
}

fn check_text(error: &ResponseError) {
    let line = error.to_string();
    assert!(!line.contains(breaks_a_line), "{line:?}");
    assert!(line.len() < 2048, "{line}");
    assert!(!line.ends_with('.'), "{line}");
    let debug = format!("{error:?}");
    assert!(!debug.contains(breaks_a_line), "{debug:?}");
    for secret in [TOKEN, PASSWORD] {
        assert!(!line.contains(secret), "{line}");
        assert!(!debug.contains(secret), "{debug}");
    }
    assert!(std::error::Error::source(error).is_none());
}

/// Returns whether a program may interpret the character as a line break or a change of text
/// direction.
fn breaks_a_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_kind(error: &ResponseError, status: StatusCode) {
    let right = match (error, status.as_u16()) {
        (ResponseError::UnexpectedContent { .. }, 200..300) => true,
        (ResponseError::UnexpectedShape { path, .. }, 200..300) => !path.as_str().is_empty(),
        (ResponseError::BodyTooLarge { .. } | ResponseError::Mismatched { .. }, 200..300) => true,
        (ResponseError::Redirected { to, .. }, 300..400) => {
            let shown = to.as_ref().map(|to| to.origin().to_string()).unwrap_or_default();
            status.as_u16() != 304 && !shown.contains(['@', '?', '#', '\\', ' '])
        }
        (ResponseError::BadRequest(_), 400) => true,
        (ResponseError::Unauthorized(_), 401 | 422 | 498) => true,
        (ResponseError::VerificationCodeRequired(_), 401) => has_code(error, 1029),
        (ResponseError::VerificationCodeRejected(_), 401) => has_code(error, 1028),
        (ResponseError::EmailOnly(_), 401) => has_code(error, 1030),
        (ResponseError::TooManyFailures(_), 401) => has_code(error, 1031),
        (ResponseError::Forbidden(_), 403) => true,
        (ResponseError::RateLimited(_), 429) => true,
        (ResponseError::Unavailable(_), 500..600) => true,
        (
            ResponseError::Rejected(_),
            100..200 | 304 | 402 | 404..=428 | 430..=497 | 499 | 600..,
        ) => true,
        _ => false,
    };
    assert!(right, "{status}: {error:?}");
}

fn has_code(error: &ResponseError, code: u32) -> bool {
    error.rejection().is_some_and(|refusal| refusal.has_code(code))
}

fn check_predicates(error: &ResponseError, status: StatusCode, headers: &HeaderMap) {
    let context = error.context();
    let invalid = context.carried_token()
        && context.host() == Some(Host::PlexTv)
        && matches!(status.as_u16(), 401 | 422 | 498);
    let invalid = invalid && matches!(error, ResponseError::Unauthorized(_));
    let unconfirmed = error.is_unconfirmed();
    assert_eq!(error.is_token_invalid(), invalid && !unconfirmed, "{error:?}");
    if unconfirmed {
        assert!(context.host() == Some(Host::PlexTv) && matches!(status.as_u16(), 401 | 403 | 498));
        assert!(error.rejection().is_some_and(|rejection| rejection.errors().is_empty()));
    }
    if error.needs_verification_code() {
        assert_eq!(status, 401);
        assert!(has_code(error, 1028) || has_code(error, 1029), "{error:?}");
        assert!(!error.is_token_invalid(), "{error:?}");
    }
    if error.is_retryable() {
        let passing =
            unconfirmed || matches!(status.as_u16(), 200..300 | 404 | 408 | 425 | 429 | 500..600);
        assert!(passing, "{error:?}");
        // A request that is not idempotent, such as a sign-in, is retryable only if Plex says that
        // nothing was done.
        let nothing_done = status == 429 || status == 503 && has_code(error, 1013);
        assert!(context.is_idempotent() || nothing_done, "{error:?}");
    }
    if error.retry_after().is_some() {
        assert_eq!(headers.get_all(RETRY_AFTER).iter().count(), 1, "{error:?}");
    }
}

fn check_listed(listed: &PlexError) {
    if let Some(message) = listed.message() {
        assert!(!message.contains(breaks_a_line), "{message:?}");
        assert!(message.chars().count() <= 200, "{message:?}");
    }
    // The message is shown only on explicit request.
    if let Some(message) = listed.message().filter(|message| message.contains(TOKEN)) {
        assert!(!format!("{listed:?}").contains(message));
    }
}
