//! What an error means to a person: what happened, what is likely, and what to do next.

use std::time::SystemTime;

use plex_auth_ureq::proto::Error as Answer;
use plex_auth_ureq::{
    DeviceLoginError, DeviceTokenEnd, Error, Host, NoAnswer, NoAnswerReason as Reason,
    PinLoginError, TlsFault,
};

use crate::failure::{Exit, Failure};

const SIGN_IN_AGAIN: &str = "Sign in again: plex-auth login";
const NEW_DEVICE: &str =
    "Forget it, and make another: plex-auth logout, then plex-auth login --device-key";
const LATER: &str = "Try again later. Nothing that is kept has changed.";
const NETWORK: &str = "Check the network, then try again. Nothing that is kept has changed.";

/// Of a call.
pub(crate) fn send_error(error: &Error) -> Failure {
    match error {
        Error::Answered(answer) => answered(answer),
        Error::NoAnswer(no_answer) => unanswered(no_answer),
        // There are these two, and whatever a later version adds is not known to be a refusal.
        error => Failure::new(Exit::Unknown, error),
    }
}

/// Of a login by a code.
pub(crate) fn pin_login(error: &PinLoginError) -> Failure {
    match error {
        PinLoginError::Failed(error) => send_error(error),
        error => expired(error),
    }
}

/// Of a login by a code and a key.
pub(crate) fn device_login(error: &DeviceLoginError) -> Failure {
    match error {
        DeviceLoginError::Failed(error) => send_error(error),
        error => expired(error),
    }
}

fn expired(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Refused, error)
        .likely("Nobody typed the code, or somebody typed another one.")
        .next("Ask for a new code: plex-auth login")
}

/// Of a key that renews a token.
pub(crate) fn device_token_end(end: &DeviceTokenEnd) -> Failure {
    Failure::new(Exit::Refused, end)
        .likely("The device was removed from the account's list.")
        .next(NEW_DEVICE)
}

/// Plex, or something in its place, said something.
fn answered(answer: &Answer) -> Failure {
    let of = |exit: Exit| Failure::new(exit, answer);
    if answer.is_token_dead() {
        return of(Exit::Refused)
            .likely("It was signed out, its device was removed, or the password was changed.")
            .next(SIGN_IN_AGAIN);
    }
    if answer.wants_home_pin() {
        return of(Exit::Refused)
            .likely("The Home PIN is missing or wrong.")
            .next("Try again; too many wrong ones are locked out for a while.");
    }
    if answer.wants_new_device_key() {
        return of(Exit::Refused)
            .likely("The device was removed from the account's list.")
            .next(NEW_DEVICE);
    }
    match answer {
        Answer::Unauthorized(_) if answer.asked().host() == Some(Host::MediaServer) => of(
            Exit::Refused,
        )
        .likely(
            "The server does not know the account, or the token is of a kind that servers refuse.",
        )
        .next("See which servers are the account's: plex-auth servers"),
        Answer::Unauthorized(_) => of(Exit::Refused)
            .likely("A letter is wrong; some accounts sign in by their e-mail address alone.")
            .next("Try again, or sign in by a code: plex-auth login"),
        Answer::SecondFactorRequired(_) => {
            of(Exit::Refused).likely("The account has two-factor authentication.").next(
                "Give the verification code as a third line, or sign in by a code: plex-auth login",
            )
        }
        Answer::SecondFactorRejected(_) => of(Exit::Refused)
            .likely("The verification code was mistyped, or its half minute was over.")
            .next("Try again with a new one."),
        Answer::EmailOnly(_) => of(Exit::Refused)
            .likely("The account has no password.")
            .next("Sign in by a code: plex-auth login"),
        Answer::TooManyFailures(_) => of(Exit::Refused)
            .likely("There were too many wrong passwords from this address.")
            .next("Wait before the next try: each one makes it longer."),
        Answer::RateLimited(_) => of(Exit::Unknown)
            .likely("This address, or this installation, asks too often.")
            .next(wait(answer)),
        Answer::Unavailable(_) => {
            of(Exit::Unknown).likely("Plex, or a gateway before it, has trouble.").next(LATER)
        }
        Answer::Redirected { .. } | Answer::UnexpectedContent { .. } => of(Exit::Unknown)
            .likely("A captive portal, a proxy or a wrong --plex-tv answers in Plex's place.")
            .next("Open a page in a browser to see whether the network asks for a sign-in."),
        Answer::UnexpectedShape { .. } | Answer::BodyTooLarge { .. } => of(Exit::Unknown)
            .likely("Plex has changed something, or something else answers in its place.")
            .next("Try again; if it stays so, report it with this line."),
        Answer::Forbidden(_) => {
            of(Exit::Refused).likely("Another account may do this, and this one may not.")
        }
        Answer::BadRequest(_) => {
            of(Exit::Refused).next("If it stays so, report it with this line.")
        }
        _ => of(if answer.may_retry() { Exit::Unknown } else { Exit::Refused }),
    }
}

fn wait(answer: &Answer) -> String {
    let wait = answer.retry_after().map(|after| after.wait(SystemTime::now()).as_secs());
    format!("Wait {} seconds, then try again.", wait.unwrap_or(60).max(1))
}

/// Nobody said anything, so that nothing is known of the token.
fn unanswered(no_answer: &NoAnswer) -> Failure {
    let exit = if matches!(no_answer.reason(), Reason::NotStarted(_)) {
        Exit::Machine
    } else {
        Exit::Unknown
    };
    let failure = Failure::new(exit, no_answer);
    if no_answer.may_have_been_sent() && !no_answer.asked().is_repeatable() {
        return failure
            .likely("What was asked may have been done all the same.")
            .next("Look at the list of devices at plex.tv before you try again.");
    }
    match no_answer.reason() {
        Reason::NameNotFound => {
            failure.likely("There is no network, or the name is misspelt.").next(NETWORK)
        }
        Reason::Refused | Reason::Unreachable => {
            failure.likely("Nothing listens there, or a firewall is in the way.").next(NETWORK)
        }
        Reason::Tls(TlsFault::Expired | TlsFault::NotYetValid) => failure
            .likely("This machine's clock is wrong; else the certificate is.")
            .next("Compare the output of `date` with a clock that is right, then try again."),
        Reason::Tls(TlsFault::UntrustedIssuer) => failure
            .likely("A server of one's own, or somebody in between, such as a company's proxy.")
            .next("If you trust it, name its certificate: --ca-file FILE"),
        Reason::Tls(_) | Reason::NotHttp => failure
            .likely("Something else than Plex answers there.")
            .next("Check --plex-tv, and the network."),
        Reason::TimedOut(_) => failure
            .likely("The network or Plex is slow.")
            .next("Try again, or wait longer: --timeout SECONDS"),
        _ => failure.next(NETWORK),
    }
}
