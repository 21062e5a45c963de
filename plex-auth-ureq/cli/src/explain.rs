//! What an error means to a person: what happened, what is likely, and what to do next.

use std::time::SystemTime;

use plex_auth_ureq::error::{Outcome, TlsErrorKind, TransportErrorKind as Reason};
use plex_auth_ureq::flow::{DeviceLoginError, DeviceTokenEnd, PinLoginError};
use plex_auth_ureq::proto::ResponseError as Answer;
use plex_auth_ureq::{Error, Host, TransportError};

use crate::failure::{Exit, Failure};

const SIGN_IN_AGAIN: &str = "Sign in again: plex-auth login";
const NEW_DEVICE: &str =
    "Forget it, and make another: plex-auth logout, then plex-auth login --device-key";
const CHANGED: &str = "Plex has changed something, or something else answers in its place.";
const PORTAL: &str = "A captive portal, a proxy or a wrong --plex-tv answers in Plex's place.";
const BROWSER: &str = "Open a page in a browser to see whether the network asks for a sign-in.";
const LATER: &str = "Try again later. Nothing that is kept has changed.";
const NETWORK: &str = "Check the network, then try again. Nothing that is kept has changed.";

/// Of a call.
pub(crate) fn request_error(error: &Error) -> Failure {
    match error {
        Error::Response(answer) => answered(answer),
        Error::Transport(transport_error) => unanswered(transport_error),
        // There are these two, and whatever a later version adds is not known to be a refusal.
        error => Failure::new(Exit::Unknown, error),
    }
}

/// Of a login by a code.
pub(crate) fn pin_login(error: &PinLoginError) -> Failure {
    match error {
        PinLoginError::Failed(error) => request_error(error),
        error => expired(error),
    }
}

/// Of a login by a code and a key.
pub(crate) fn device_login(error: &DeviceLoginError) -> Failure {
    match error {
        DeviceLoginError::Failed(error) => request_error(error),
        error => expired(error),
    }
}

fn expired(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Refused, error)
        .likely("Nobody typed the code, or somebody typed another one.")
        .next("Ask for a new code: plex-auth login")
}

/// Explains a login that did not register the device's key. Its token was saved.
pub(crate) fn key_not_registered() -> Failure {
    let what = "Plex did not register the device's key, so the token cannot be renewed";
    Failure::new(Exit::Refused, what)
        .likely("The sign-in itself worked: the token is saved, like that of a login without a key.")
        .next("Use it as it is, or try a new device: plex-auth logout, then plex-auth login --device-key")
}

/// Of a key that renews a token.
pub(crate) fn device_token_end(end: &DeviceTokenEnd) -> Failure {
    Failure::new(Exit::Refused, end)
        .likely("The device was removed from the account's list.")
        .next(NEW_DEVICE)
}

/// Plex, or something in its place, said something.
fn answered(answer: &Answer) -> Failure {
    let (exit, likely, next) = match answer {
        _ if answer.is_token_invalid() => (
            Exit::Refused,
            "It was signed out, its device was removed, or the password was changed.",
            SIGN_IN_AGAIN,
        ),
        _ if answer.is_unconfirmed() => (Exit::Unknown, PORTAL, BROWSER),
        _ if answer.needs_home_pin() => (
            Exit::Refused,
            "The Home PIN is missing or wrong.",
            "Try again; too many wrong ones are locked out for a while.",
        ),
        _ if answer.needs_new_device_key() => {
            (Exit::Refused, "The device was removed from the account's list.", NEW_DEVICE)
        }
        Answer::Unauthorized(_) if answer.context().host() == Some(Host::MediaServer) => (
            Exit::Refused,
            "The server does not know the account, or takes no token of this kind.",
            "See which servers are the account's: plex-auth servers",
        ),
        Answer::Unauthorized(_) => (
            Exit::Refused,
            "A letter is wrong; some accounts sign in by their e-mail address alone.",
            "Try again, or sign in by a code: plex-auth login",
        ),
        Answer::VerificationCodeRequired(_) => (
            Exit::Refused,
            "The account has two-factor authentication.",
            "Give the verification code as a third line, or sign in by a code: plex-auth login",
        ),
        Answer::VerificationCodeRejected(_) => (
            Exit::Refused,
            "The verification code was mistyped, or its half minute was over.",
            "Try again with a new one.",
        ),
        Answer::EmailOnly(_) => {
            (Exit::Refused, "The account has no password.", "Sign in by a code: plex-auth login")
        }
        Answer::TooManyFailures(_) => (
            Exit::Refused,
            "There were too many wrong passwords from this address.",
            "Wait before the next try: each one makes it longer.",
        ),
        Answer::Forbidden(_) => (
            Exit::Refused,
            "Another account may do this, and this one may not.",
            "See whose token it is: plex-auth whoami",
        ),
        Answer::RateLimited(_) => {
            return Failure::new(Exit::Unknown, answer)
                .likely("This address, or this installation, asks too often.")
                .next(wait(answer));
        }
        Answer::Unavailable(_) => {
            (Exit::Unknown, "Plex, or a gateway before it, has trouble.", LATER)
        }
        Answer::Redirected { .. } | Answer::UnexpectedContent { .. } => {
            (Exit::Unknown, PORTAL, BROWSER)
        }
        Answer::UnexpectedShape { .. }
        | Answer::BodyTooLarge { .. }
        | Answer::Mismatched { .. } => {
            (Exit::Unknown, CHANGED, "Try again; if it stays so, report it with these lines.")
        }
        // Such as a proxy's 407. A media server's status counts as its refusal, because it sends no codes.
        _ if answer.outcome() == Outcome::Unknown
            && answer.context().host() != Some(Host::MediaServer) =>
        {
            (Exit::Unknown, PORTAL, BROWSER)
        }
        // Such as a 404 or 408 that passes.
        _ if answer.is_retryable() => (Exit::Unknown, CHANGED, LATER),
        _ => (Exit::Refused, CHANGED, "If it stays so, report it with these lines."),
    };
    Failure::new(exit, answer).likely(likely).next(next)
}

fn wait(answer: &Answer) -> String {
    let wait = answer.retry_after().map(|after| after.wait(SystemTime::now()).as_secs());
    format!("Wait {} seconds, then try again.", wait.unwrap_or(60).max(1))
}

/// Nobody said anything, so that nothing is known of the token.
fn unanswered(transport_error: &TransportError) -> Failure {
    let exit = if matches!(transport_error.kind(), Reason::NotStarted(_)) {
        Exit::Machine
    } else {
        Exit::Unknown
    };
    let failure = Failure::new(exit, transport_error);
    // A PIN that nobody has seen ends by itself.
    let is_harmless = transport_error.context().operation() == "createOAuthPin";
    if transport_error.outcome() == Outcome::Unknown
        && !transport_error.context().is_idempotent()
        && !is_harmless
    {
        return failure
            .likely("What was asked may have been done all the same.")
            .next("Look at the list of devices at plex.tv before you try again.");
    }
    match transport_error.kind() {
        Reason::NameNotFound => {
            failure.likely("There is no network, or the name is misspelt.").next(NETWORK)
        }
        Reason::Refused | Reason::Unreachable => {
            failure.likely("Nothing listens there, or a firewall is in the way.").next(NETWORK)
        }
        Reason::Tls(TlsErrorKind::Expired | TlsErrorKind::NotYetValid) => failure
            .likely("This machine's clock is wrong; else the certificate is.")
            .next("Compare the output of `date` with a clock that is right, then try again."),
        Reason::Tls(TlsErrorKind::UntrustedIssuer) => failure
            .likely("A server of one's own, or somebody in between, such as a company's proxy.")
            .next("If you trust it, name its certificate: --ca-file FILE"),
        Reason::Tls(_) | Reason::NotHttp | Reason::HeadTooLarge => failure
            .likely("Something else than Plex answers there.")
            .next("Check --plex-tv, and the network."),
        Reason::TimedOut(_) => failure
            .likely("The network or Plex is slow.")
            .next("Try again, or wait longer: --timeout SECONDS"),
        Reason::CutOff => {
            failure.likely("The network is bad, or something on the way ended it.").next(NETWORK)
        }
        _ => failure.next(NETWORK),
    }
}

#[cfg(test)]
mod tests {
    use plex_auth_ureq::http::Response;
    use plex_auth_ureq::{ClientIdentity, Credentials, PlexTv, Token};

    use super::{Exit, request_error};

    fn plex_tv() -> PlexTv {
        PlexTv::new(ClientIdentity::builder("id").build().unwrap())
    }

    /// Returns the exit status for this response to a request for the account.
    fn exit(status: u16, body: &str) -> Exit {
        let call = plex_tv().token_details(&Token::new("abc").unwrap());
        let answer = Response::builder().status(status).body(body).unwrap();
        request_error(&call.reply().parse(&answer).unwrap_err().into()).exit()
    }

    #[test]
    fn only_an_error_from_plex_is_a_refusal() {
        let code = |code: u32| format!(r#"{{"errors":[{{"code":{code}}}]}}"#);
        for (status, body, expected) in [
            (400, code(1000), Exit::Refused),
            (401, code(1001), Exit::Refused),
            (401, String::new(), Exit::Refused),
            (403, code(1043), Exit::Refused),
            (400, "<html>".to_owned(), Exit::Unknown),
            (404, code(1002), Exit::Refused),
            (422, code(1008), Exit::Refused),
            (498, String::new(), Exit::Refused),
            (498, "<html>".to_owned(), Exit::Unknown),
            (404, "<html>".to_owned(), Exit::Unknown),
            (408, String::new(), Exit::Unknown),
            (429, code(1003), Exit::Unknown),
            (500, code(1007), Exit::Unknown),
            (502, "<html>".to_owned(), Exit::Unknown),
            (302, String::new(), Exit::Unknown),
            (200, "<html>".to_owned(), Exit::Unknown),
            (200, "[]".to_owned(), Exit::Unknown),
        ] {
            assert_eq!(exit(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn each_sign_in_refusal_has_its_own_advice() {
        let call = plex_tv().sign_in(&Credentials::new("rosa", "x").unwrap());
        let mut advice = std::collections::BTreeSet::new();
        for code in [1001, 1028, 1029, 1030, 1031] {
            let body = format!(r#"{{"errors":[{{"code":{code}}}]}}"#);
            let answer = Response::builder().status(401).body(body).unwrap();
            let failure = request_error(&call.reply().parse(&answer).unwrap_err().into());
            assert_eq!(failure.exit(), Exit::Refused);
            assert_eq!(failure.lines().count(), 3, "{failure:?}");
            advice.insert(failure.next);
        }
        assert_eq!(advice.len(), 5, "each has its own advice");
    }
}
