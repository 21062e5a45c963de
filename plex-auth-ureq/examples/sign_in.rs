//! Signs in to plex.tv and says who that was: `cargo run -p plex-auth-ureq --example sign_in`
//!
//! Login, password and, where the account has two-factor authentication, the code are asked for at the
//! terminal, or read from standard input, a line each; never from the arguments, which other users of the
//! machine can see. `PLEX_TV_URL` names another base URL than `https://plex.tv/api/v2`.
#![allow(clippy::print_stdout, reason = "an example may")]

use std::error::Error as StdError;
use std::io::{self, IsTerminal, Write};
use std::{env, process};

use plex_auth_ureq::error::Outcome;
use plex_auth_ureq::{ClientIdentity, Credentials, Error, PlexTv, SignedIn, Transport};

/// Made once for this example. A program makes one for each installation, and keeps it: to Plex a new
/// one is a new device.
const CLIENT_IDENTIFIER: &str = "6d0c0a3e-58c2-4e0b-9d35-5f2d1b7f4a90";

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let me = ClientIdentity::builder(CLIENT_IDENTIFIER)
        .product("plex-auth example")
        .version(env!("CARGO_PKG_VERSION"))
        .build()?;
    let plex_tv = match env::var("PLEX_TV_URL") {
        Ok(url) => PlexTv::at(me, url.parse()?),
        Err(_) => PlexTv::new(me),
    };
    let credentials = Credentials::new(ask("Login: ")?, ask_hidden("Password: ")?)?;

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
    let name = signed_in.account.username.as_deref().unwrap_or("somebody");
    println!("Signed in as {name}.");
    println!(
        "The token is not shown. A program would keep `signed_in.auth_token.expose()` where the system \
         keeps secrets, and ask for no password again."
    );
}

/// What a program would do about it, in words.
fn explain(error: Error) -> String {
    let advice = match error.outcome() {
        Outcome::NotSent | Outcome::Refused if error.is_retryable() => "\nTry again later.",
        Outcome::NotSent | Outcome::Refused => "",
        _ => "\nPlex may have signed you in: look at the list of your devices first.",
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

/// As [`ask`], without showing what is typed. A password is taken as it is, less the end of its line.
fn ask_hidden(prompt: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt);
    }
    let line = ask(prompt)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
