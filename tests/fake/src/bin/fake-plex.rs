//! Runs the fake Plex for clients in any language, and prints its accounts and servers.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use plex_auth_fake::{Account, Authority, FakePlex, MediaServer, Server, Which, Who};

/// A fake plex.tv and two fake media servers on this machine, with fictional accounts.
///
/// Configure a client to use the printed URLs instead of the real plex.tv and media server URLs.
/// The program runs until it is interrupted, and saves no data.
#[derive(Debug, Parser)]
#[command(name = "fake-plex")]
struct Arguments {
    /// Port on 127.0.0.1; 0 selects a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Serve HTTPS, with a temporary certificate for localhost and 127.0.0.1.
    #[arg(long)]
    https: bool,

    /// Write the CA certificate (PEM), which clients must trust, to this file.
    #[arg(long, value_name = "FILE", requires = "https")]
    write_ca: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(never) => match never {},
        Err(problem) => {
            eprintln!("fake-plex: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<std::convert::Infallible, String> {
    let authority = arguments.https.then(Authority::new);
    if let (Some(path), Some(authority)) = (&arguments.write_ca, &authority) {
        std::fs::write(path, authority.root_pem())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let (fake, port) = (FakePlex::new(), arguments.port);
    let server = match &authority {
        Some(authority) => Server::bind_https(fake, port, authority.good()),
        None => Server::bind(fake, port),
    };
    let server = server.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            format!(
                "port {} is in use; choose another port, or use --port 0 to select a free one",
                arguments.port
            )
        } else {
            format!("cannot listen on port {}: {error}", arguments.port)
        }
    })?;
    let text = server.with(|plex| describe(plex, server.url(), arguments));
    // Standard output may be closed. The server runs anyway.
    drop(io::stdout().write_all(text.as_bytes()));
    drop(io::stdout().flush());
    loop {
        std::thread::park();
    }
}

/// Returns the text to print: everything needed to use the fake.
fn describe(plex: &FakePlex, url: &str, arguments: &Arguments) -> String {
    let mut lines = vec![
        format!("Fake Plex is running at {url}"),
        String::new(),
        format!("  plex.tv           {url}/api/v2    (in place of https://plex.tv/api/v2)"),
        format!(
            "  link a PIN        {url}/link    (in place of https://plex.tv/link; open it in a browser)"
        ),
        format!(
            "  sign in for a PIN {url}/auth    (in place of https://app.plex.tv/auth, including everything after its #)"
        ),
    ];
    for server in plex.servers() {
        lines.push(format!("  {}", media_server(plex, server, url)));
    }
    lines.extend([
        String::new(),
        "Accounts (the email address also works as the login)".to_owned(),
        String::new(),
    ]);
    for account in plex.accounts() {
        lines.extend(describe_account(account));
    }
    lines.extend(["Sources known to the claimed media server".to_owned(), String::new()]);
    for source in plex.server(Which::Claimed).sources() {
        lines.push(format!(
            "  {}  ({}, {} connections)",
            source.uri,
            source.name,
            source.connections.len()
        ));
    }
    lines.extend([
        String::new(),
        "Try it".to_owned(),
        String::new(),
        example(plex, url, arguments),
    ]);
    lines.extend([String::new(), "Stop it with Ctrl-C.".to_owned(), String::new()]);
    lines.join("\n")
}

fn media_server(plex: &FakePlex, server: &MediaServer, url: &str) -> String {
    let prefix = server.prefix();
    let (kind, place, owner) = match server.admin() {
        Some(admin) => {
            let admin = plex.account(admin).login().unwrap_or("?");
            (
                "claimed server",
                format!("{url}    (also {url}{prefix})"),
                format!("claimed by {admin}"),
            )
        }
        None => ("unclaimed server", format!("{url}{prefix}"), "no owner".to_owned()),
    };
    format!(
        "{kind:<17} {place}\n{:20}{}, {owner}, {}",
        "",
        server.name(),
        server.machine_identifier()
    )
}

fn describe_account(account: &Account) -> Vec<String> {
    let title = account.body().get("title").and_then(|title| title.as_str());
    let mut lines = vec![format!("  {} ({})", title.unwrap_or("?"), account.description())];
    let mut line = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            lines.push(format!("    {name:<18}{value}"));
        }
    };
    line("login", account.login());
    line("email", account.email());
    line("password", account.password());
    line("verification code", account.verification_code());
    line("Home PIN", account.home_pin());
    line("token", Some(account.token()));
    lines.push(String::new());
    lines
}

/// Returns a command that signs in with the free account.
fn example(plex: &FakePlex, url: &str, arguments: &Arguments) -> String {
    let account = plex.account(Who::Free);
    let trust = match (&arguments.write_ca, arguments.https) {
        (Some(path), _) => format!(" --cacert {}", path.display()),
        (None, true) => " --insecure".to_owned(),
        (None, false) => String::new(),
    };
    let mut line = format!(
        "  curl{trust} {url}/api/v2/users/signin -H 'Accept: application/json' -H 'X-Plex-Client-Identifier: my-client'"
    );
    for (name, value) in [("login", account.login()), ("password", account.password())] {
        // Writing to a `String` cannot fail.
        let _ = write!(line, " --data-urlencode '{name}={}'", value.unwrap_or_default());
    }
    line
}
