//! Signs in to plex.tv with a password and shows the account: `cargo run -p plex-auth-ureq
//! --example sign_in`
//!
//! The program asks for the username, the password and, if the account has two-factor
//! authentication, the verification code. If standard input is not a terminal, it reads one line
//! for each. It takes none of these as command-line arguments, which other users of the machine
//! could see. The client identifier is read from the file `client-identifier`; create it once, with
//! `uuidgen > client-identifier`. If `PLEX_TV_URL` is set, it replaces `https://plex.tv/api/v2`.
#![allow(clippy::print_stdout, reason = "this is an example")]

use std::error::Error as StdError;
use std::io::{self, IsTerminal, Write};
use std::{env, fs, process};

use plex_auth_ureq::error::Outcome;
use plex_auth_ureq::{ClientIdentity, Credentials, Error, PlexTv, SignedIn, Transport};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    // Plex treats each new identifier as a new device, so create it once and save it.
    let identifier = fs::read_to_string("client-identifier")
        .map_err(|error| format!("cannot read the file client-identifier: {error}"))?;
    let me = ClientIdentity::builder(identifier.trim()).product("Example Player").build()?;
    let plex_tv = match env::var("PLEX_TV_URL") {
        Ok(url) => PlexTv::at(me, url.parse()?),
        Err(_) => PlexTv::new(me),
    };
    let credentials = Credentials::new(ask("Username: ")?, ask_hidden("Password: ")?)?;

    let http = Transport::new();
    let signed_in = match http.send(plex_tv.sign_in(&credentials)) {
        Err(error) if error.needs_verification_code() => {
            let credentials = credentials.verification_code(ask("Verification code: ")?);
            http.send(plex_tv.sign_in(&credentials))
        }
        other => other,
    };
    welcome(&signed_in.map_err(explain)?);
    Ok(())
}

fn welcome(signed_in: &SignedIn) {
    let name = signed_in.account.username.as_deref().unwrap_or("an account without a name");
    println!("Signed in as {name}.");
    println!(
        "The token is not shown. A real program would save `signed_in.auth_token.expose()` where only its \
         user can read it, and would not ask for the password again."
    );
}

/// Returns the error with advice for the user.
fn explain(error: Error) -> String {
    let advice = match error.outcome() {
        Outcome::NotSent | Outcome::Refused if error.is_retryable() => "\nTry again later.",
        Outcome::NotSent | Outcome::Refused => "",
        _ => "\nPlex may have signed you in: check the list of your devices before you try again.",
    };
    format!("{error}{advice}")
}

fn ask(prompt: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("{prompt}");
        io::stderr().flush()?;
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Asks for input like [`ask`] does, but does not echo it. Only the line ending is removed, because
/// a password can end with a space.
fn ask_hidden(prompt: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt);
    }
    let line = ask(prompt)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
