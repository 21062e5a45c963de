//! Explains request and flow errors to the user: what failed, the likely cause, and what to do.

use std::time::SystemTime;

use plex_auth_ureq::error::{Outcome, RequestContext, TlsErrorKind, TransportErrorKind as Reason};
use plex_auth_ureq::flow::{DeviceLoginError, DeviceTokenEnd, PinLoginError, RefreshError};
use plex_auth_ureq::proto::ResponseError as Answer;
use plex_auth_ureq::{Error, Host, TransportError};

use crate::failure::{Exit, Failure};
use crate::hint::Hint;

const SIGN_IN_AGAIN: &str = "Sign in again: {login}";
const NEW_DEVICE: &str = "Sign in as a new device: {logout --local}, then {login --device-key}";
const CHANGED: &str = "Plex's API has changed, or another program responded instead of Plex.";
pub(crate) const REPORT: &str =
    "Try again. If the error persists, report it and include these lines.";
const PORTAL: &str = "A captive portal or a proxy responded instead of Plex.";
const BROWSER: &str = "Open a page in a browser to see whether the network asks you to sign in.";
const OTHER_PLEX_TV: &str =
    "The URL in --plex-tv or the profile is wrong, or a proxy or captive portal responded.";
const CHECK_PLEX_TV: &str = "Check --plex-tv or the URL in the profile (see {status}), or use the real plex.tv: {login --plex-tv https://plex.tv}";
const OTHER_SERVER: &str =
    "The URL does not point to a Plex Media Server, or a proxy responded in its place.";
const CHECK_SERVER: &str = "Check the URL of the server, or see the account's servers: {servers}";
/// The operation that sends a password.
const PASSWORD_SIGN_IN: &str = "postUsersSignInData";
/// The operation that every media server answers, even without a token.
const IDENTITY: &str = "getIdentity";
const LATER: &str = "Try again later. Any saved sign-in is unaffected.";
const NETWORK: &str = "Check the network, then try again. Any saved sign-in is unaffected.";
const CLOCK: &str = "If the output of `date` is wrong, set the system clock, then try again.";

/// The information, besides the error itself, that an explanation depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Whether `--plex-tv` or the profile points to a service other than the real plex.tv.
    pub(crate) other_plex_tv: bool,
}

impl Asked {
    /// Returns the likely reason for a response that is not from the expected host, and what to do.
    fn not_from_plex(self, context: &RequestContext) -> (&'static str, &'static str) {
        match context.host() {
            Some(Host::MediaServer) => (OTHER_SERVER, CHECK_SERVER),
            _ if self.other_plex_tv => (OTHER_PLEX_TV, CHECK_PLEX_TV),
            _ => (PORTAL, BROWSER),
        }
    }
}

/// Explains a failed request.
pub(crate) fn request_error(error: &Error, asked: Asked) -> Failure {
    match error {
        Error::Response(answer) => response_error(answer, asked),
        Error::Transport(error) => transport_error(error, asked),
        // A variant that a later version adds may not be a refusal.
        error => Failure::new(Exit::Unknown, error).likely(CHANGED).next(REPORT),
    }
}

/// Explains a failed login with a code.
pub(crate) fn pin_login(error: &PinLoginError, asked: Asked) -> Failure {
    match error {
        PinLoginError::Failed(error) => request_error(error, asked),
        _ => expired(),
    }
}

/// Explains a failed login with a code and a device key.
pub(crate) fn device_login(error: &DeviceLoginError, asked: Asked) -> Failure {
    match error {
        // The saved key has been removed, so the next login creates a new one.
        DeviceLoginError::Failed(error) if error.needs_new_device_key() => {
            request_error(error, asked).next("Sign in as a new device: {login --device-key}")
        }
        DeviceLoginError::Failed(error) => request_error(error, asked),
        DeviceLoginError::Expired => expired(),
        error => cannot_sign(error),
    }
}

/// Explains why the token could not be renewed with the device's key.
pub(crate) fn renewal(error: &RefreshError, asked: Asked) -> Failure {
    match error {
        RefreshError::Clock(_) => wrong_clock(error),
        RefreshError::Request(error) => request_error(error, asked),
        error => cannot_sign(error),
    }
}

/// Explains that a device's key could not sign. That is an internal error, because the tool signs
/// with keys in memory, which never fails.
fn cannot_sign(error: impl ToString) -> Failure {
    Failure::internal(error)
}

fn expired() -> Failure {
    Failure::new(Exit::Refused, "the login expired before it was completed")
        .likely("The sign-in was not completed in time, or a different code was entered.")
        .next("Try again: {login}")
}

/// Explains that the token was saved, but Plex did not register the device's key.
pub(crate) fn key_not_registered() -> Failure {
    let what = "Plex did not register the device's key, so the token cannot be renewed";
    Failure::new(Exit::Refused, what)
        .likely("Plex did not associate the key with the code.")
        .next(
            "The token is saved. Use it as is, or sign in as a new device: {logout}, then {login --device-key}",
        )
}

/// Explains why the token can no longer be renewed with the device's key.
pub(crate) fn device_token_end(end: &DeviceTokenEnd) -> Failure {
    let (what, likely) = match end {
        DeviceTokenEnd::DeviceRemoved(_) => {
            ("plex.tv no longer recognizes this device", "The device was removed from the account.")
        }
        _ => (
            "plex.tv does not accept this device's key",
            "The key was never registered, or a different key was registered in its place.",
        ),
    };
    Failure::new(Exit::Refused, what).likely(likely).next(NEW_DEVICE)
}

/// Explains that Plex rejected a signature, probably because this computer's clock is wrong.
fn wrong_clock(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Machine, error)
        .likely("This computer booted without a network, and its clock is wrong.")
        .next(CLOCK)
}

fn response_error(answer: &Answer, asked: Asked) -> Failure {
    let not_from_plex = || {
        let (likely, next) = asked.not_from_plex(answer.context());
        (Exit::Unknown, likely, next)
    };
    let (exit, likely, next) = match answer {
        _ if answer.needs_new_device_key() => {
            (Exit::Refused, "The device was removed from the account.", NEW_DEVICE)
        }
        _ if answer.is_token_invalid() => (
            Exit::Refused,
            "The device was signed out or removed, or the password was changed.",
            SIGN_IN_AGAIN,
        ),
        // The error itself already names a proxy or a captive portal.
        _ if answer.is_unconfirmed() && !asked.other_plex_tv => (
            Exit::Unknown,
            "The network requires a sign-in, or a proxy is blocking plex.tv.",
            BROWSER,
        ),
        _ if answer.is_unconfirmed() => not_from_plex(),
        _ if answer.needs_home_pin() => (
            Exit::Refused,
            "There is a typo in the PIN, or it belongs to another user.",
            "Try again. After several wrong PINs, Plex refuses even the right one for a while.",
        ),
        // A media server never refuses this request, but another program might.
        Answer::BadRequest(_)
        | Answer::Unauthorized(_)
        | Answer::Forbidden(_)
        | Answer::Rejected(_)
            if answer.context().operation() == IDENTITY && !answer.is_retryable() =>
        {
            (Exit::Unknown, OTHER_SERVER, CHECK_SERVER)
        }
        Answer::Unauthorized(_) if answer.context().host() == Some(Host::MediaServer) => (
            Exit::Refused,
            "The server does not accept this account or this kind of token.",
            "If this profile has a device key, use another profile. Otherwise, see the account's servers: {servers}",
        ),
        Answer::Unauthorized(_) if answer.context().operation() != PASSWORD_SIGN_IN => (
            Exit::Refused,
            "Plex does not let this device sign in, or Plex's API has changed.",
            "Try again later, or use an existing token: {login --token}",
        ),
        Answer::Unauthorized(_) => (
            Exit::Refused,
            "There is a typo, or this account requires an email address instead of a username.",
            "Try again, or sign in on Plex's page: {login --open}",
        ),
        Answer::VerificationCodeRequired(_) => (
            Exit::Refused,
            "The account uses two-factor authentication.",
            "Pass the verification code as the third line of input, or sign in on Plex's page: {login --open}",
        ),
        Answer::VerificationCodeRejected(_) => (
            Exit::Refused,
            "There is a typo in the verification code, or it is older than 30 seconds.",
            "Try again with a new verification code.",
        ),
        Answer::EmailOnly(_) => (
            Exit::Refused,
            "The account has no password.",
            "Sign in on Plex's page: {login --open}",
        ),
        Answer::TooManyFailures(_) => (
            Exit::Refused,
            "A script or another device at this IP address keeps trying the wrong password.",
            "Wait before you try again.",
        ),
        // Without a token, there is no account to look up.
        Answer::Forbidden(_) if !answer.context().carried_token() => (
            Exit::Refused,
            "Plex does not let this account or this device sign in.",
            "Try again later, or use an existing token: {login --token}",
        ),
        Answer::Forbidden(_) => (
            Exit::Refused,
            "This account does not have permission to do this.",
            "Check which account the token belongs to: {whoami}",
        ),
        Answer::RateLimited(_) => {
            return Failure::new(Exit::Unknown, format!("{answer:#}"))
                .likely("A script is running plex-auth too often, or other devices share this IP address.")
                .next(wait(answer));
        }
        Answer::Unavailable(_) if answer.context().host() == Some(Host::MediaServer) => (
            Exit::Unknown,
            "The server is starting or overloaded, or a proxy in front of it failed.",
            LATER,
        ),
        Answer::Unavailable(_) => {
            (Exit::Unknown, "Plex, or a gateway in front of it, is down.", LATER)
        }
        Answer::Redirected { .. } | Answer::UnexpectedContent { .. } => not_from_plex(),
        Answer::UnexpectedShape { .. } if answer.context().operation() == IDENTITY => {
            not_from_plex()
        }
        Answer::UnexpectedShape { .. }
        | Answer::BodyTooLarge { .. }
        | Answer::Mismatched { .. } => (Exit::Unknown, CHANGED, REPORT),
        // For example, a proxy's 407. A media server sends no error codes, so its status is enough
        // to count as a refusal.
        _ if answer.outcome() == Outcome::Unknown
            && answer.context().host() != Some(Host::MediaServer) =>
        {
            not_from_plex()
        }
        // A 408 or 425.
        _ if answer.is_retryable() => (Exit::Unknown, "The network or the server is slow.", LATER),
        _ => (Exit::Refused, CHANGED, REPORT),
    };
    Failure::new(exit, format!("{answer:#}")).likely(likely).next(next)
}

fn wait(answer: &Answer) -> Hint {
    let wait = answer.retry_after().map(|after| after.wait(SystemTime::now()).as_secs());
    Hint::from(format!("Wait {} seconds, then try again.", wait.unwrap_or(60).max(2)))
}

/// Explains why a request got no usable response.
fn transport_error(error: &TransportError, asked: Asked) -> Failure {
    let exit = match error.kind() {
        Reason::NotStarted(_) => Exit::Machine,
        _ => Exit::Unknown,
    };
    let failure = Failure::new(exit, error);
    // The tool's other requests can be sent again: a PIN that was never shown simply expires, a
    // token that did not arrive is requested again, and `claim` checks the server.
    if error.outcome() == Outcome::Unknown && error.context().operation() == PASSWORD_SIGN_IN {
        // Without a token, this tool cannot list the devices.
        let next = "Check the account's devices in Plex's settings before you try again.";
        let likely = match error.kind() {
            Reason::TimedOut(_) => "The network or the server is slow.",
            Reason::Tls(_) | Reason::NotHttp | Reason::HeadTooLarge => {
                asked.not_from_plex(error.context()).0
            }
            _ => "The network is unreliable, or something along the way closed the connection.",
        };
        return failure.likely(likely).next(next);
    }
    let (other_host, check_host) = match error.context().host() {
        Some(Host::MediaServer) => {
            ("The server's address is wrong, or the server is not running.", CHECK_SERVER)
        }
        _ if asked.other_plex_tv => (
            "The URL in --plex-tv or the profile is wrong, or nothing is running there.",
            CHECK_PLEX_TV,
        ),
        _ => ("A firewall or the network's DNS server is blocking plex.tv.", NETWORK),
    };
    match error.kind() {
        Reason::NameNotFound => match error.context().host() {
            Some(Host::MediaServer) => failure
                .likely("The host name is misspelled, or the router blocks plex.direct names (DNS rebinding protection).")
                .next(check_host),
            _ if asked.other_plex_tv => failure
                .likely("There is no network connection, or the URL in --plex-tv or the profile has a typo.")
                .next(check_host),
            _ => failure.likely("There is no network connection, or no DNS server responds.").next(NETWORK),
        },
        Reason::Unreachable
            if error.context().host() != Some(Host::MediaServer) && !asked.other_plex_tv =>
        {
            failure.likely("There is no network connection, or a firewall is blocking plex.tv.").next(NETWORK)
        }
        Reason::Refused | Reason::Unreachable => failure.likely(other_host).next(check_host),
        Reason::Tls(TlsErrorKind::Expired | TlsErrorKind::NotYetValid) => failure
            .likely("This computer booted without a network and its clock is wrong, or the certificate needs to be replaced.")
            .next(CLOCK),
        Reason::Tls(TlsErrorKind::UntrustedIssuer) => failure
            .likely("A corporate proxy is intercepting the connection, or the server has a private certificate.")
            .next("If you trust that proxy or server, pass its certificate: --ca-file FILE"),
        Reason::Tls(TlsErrorKind::WrongName)
            if error.context().host() == Some(Host::MediaServer) =>
        {
            failure
                .likely("The server's certificate is for its plex.direct name.")
                .next("See the server's addresses: {servers}")
        }
        Reason::Tls(TlsErrorKind::Interrupted) => failure
            .likely("A firewall or a proxy closed the connection, or the server does not use TLS.")
            .next(check_host),
        Reason::Tls(_) | Reason::NotHttp | Reason::HeadTooLarge => {
            let (likely, next) = asked.not_from_plex(error.context());
            failure.likely(likely).next(next)
        }
        // Nothing was sent because no connection was established.
        Reason::TimedOut(_) if error.outcome() == Outcome::NotSent => failure
            .likely("Nothing is responding at that address, a firewall is blocking it, or the network is slow.")
            .next(check_host),
        Reason::TimedOut(_) => failure
            .likely("The network or the server is slow.")
            .next("Try again, or wait longer: --timeout SECONDS"),
        Reason::CutOff => {
            failure.likely("The network is unreliable, or something along the way closed the connection.").next(NETWORK)
        }
        Reason::Proxy => failure
            .likely("The proxy's address or password is wrong, or the proxy is not running.")
            .next("Check ALL_PROXY, HTTPS_PROXY and HTTP_PROXY, or leave out --proxy-from-env."),
        Reason::NotStarted(_) => failure
            .likely("This is a bug in plex-auth, or the system is out of resources.")
            .next(REPORT),
        _ => failure.likely("The network is not working, or this computer is blocking the connection.").next(NETWORK),
    }
}

#[cfg(test)]
mod tests {
    use plex_auth_ureq::http::Response;
    use plex_auth_ureq::{ClientIdentity, Credentials, PlexTv, Token};

    use super::{Asked, Exit, request_error};
    use crate::hint::Context;

    const ASKED: Asked = Asked { other_plex_tv: false };

    fn plex_tv() -> PlexTv {
        PlexTv::new(ClientIdentity::builder("id").build().unwrap())
    }

    /// Returns the exit status for this response to a request for the account.
    fn exit(status: u16, body: &str) -> Exit {
        let call = plex_tv().token_details(&Token::new("abc").unwrap());
        let answer = Response::builder().status(status).body(body).unwrap();
        request_error(&call.reply().parse(&answer).unwrap_err().into(), ASKED).exit()
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
            let failure = request_error(&call.reply().parse(&answer).unwrap_err().into(), ASKED);
            assert_eq!(failure.exit(), Exit::Refused);
            assert_eq!(failure.lines_for(&Context::default()).count(), 3, "{failure:?}");
            advice.insert(failure.advice(&Context::default()));
        }
        assert_eq!(advice.len(), 5, "each has its own advice");
    }
}
