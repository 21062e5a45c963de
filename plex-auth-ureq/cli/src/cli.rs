//! The command line: the commands, their options, and the environment variables that set the
//! options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use plex_auth_ureq::{ServerUrl, Source};

pub(crate) mod given;
pub(crate) mod parse;
pub(crate) mod values;

use values::{
    device_identifier, device_name, device_number, plex_tv, profile, seconds, secret_switch, switch,
};

/// Signs in to Plex once, then passes the token to scripts and other programs.
#[derive(Debug, Parser)]
#[command(name = "plex-auth", version, after_help = AFTER_HELP, args_override_self = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  plex-auth login                     sign in with a code that you enter at plex.tv/link
  plex-auth servers                   list your servers and which of their addresses respond
  plex-auth run --server NAS -- CMD   run a command with PLEX_TOKEN and PLEX_URL set
  plex-auth token --server NAS --url  print a server's token and address
  plex-auth login --if-needed         sign in, unless the saved token is valid

Exit status:
  0 success, 1 refused by Plex, 2 unknown outcome (network, rate limit, outage), 3 not signed in,
  64 usage error, 74 local problem (disk, permissions, damaged file), 128+N ended by signal N

Options can also be set with the environment variables shown next to them. Secrets are never read
from arguments or variables.";

/// Options that every command has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Options {
    /// The profile to use, if you are signed in to several accounts
    #[arg(long, global = true, value_name = "NAME", env = "PLEX_AUTH_PROFILE")]
    #[arg(default_value = "default", value_parser = profile, hide_env_values = true)]
    #[arg(value_hint = ValueHint::Other)]
    pub(crate) profile: String,

    /// Use the service at this URL, such as a reverse proxy or a test server, instead of plex.tv.
    /// `login` saves the URL in the profile
    #[arg(long, global = true, value_name = "URL", env = "PLEX_AUTH_PLEX_TV")]
    #[arg(value_parser = plex_tv, hide_env_values = true, value_hint = ValueHint::Url)]
    pub(crate) plex_tv: Option<ServerUrl>,

    /// Time limit for each response and for each wait for a lock, and how long `check` and
    /// `servers --wait` keep trying
    #[arg(long, global = true, value_name = "SECONDS", env = "PLEX_AUTH_TIMEOUT")]
    #[arg(default_value = "30", value_parser = seconds, hide_env_values = true)]
    #[arg(allow_negative_numbers = true, value_hint = ValueHint::Other)]
    pub(crate) timeout: Duration,

    /// Folder for the client identifier and the tokens, instead of the platform's default
    #[arg(long, global = true, value_name = "DIR", env = "PLEX_AUTH_STATE_DIR")]
    #[arg(hide_env_values = true, value_hint = ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,

    /// Client identifier to use instead of a generated one, for containers without a volume. Not
    /// used with a device key, which has its own
    #[arg(long, global = true, value_name = "ID", env = "PLEX_AUTH_CLIENT_IDENTIFIER")]
    #[arg(value_parser = device_identifier, hide_env_values = true, value_hint = ValueHint::Other)]
    pub(crate) client_identifier: Option<String>,

    /// Name to show in the account's list of devices, instead of this computer's name
    #[arg(long, global = true, value_name = "NAME", env = "PLEX_AUTH_DEVICE_NAME")]
    #[arg(value_parser = device_name, hide_env_values = true, value_hint = ValueHint::Other)]
    pub(crate) device_name: Option<String>,

    /// Trust the certificates in this PEM file, in addition to Mozilla's roots
    #[arg(long, global = true, value_name = "FILE", env = "PLEX_AUTH_CA_FILE")]
    #[arg(hide_env_values = true, value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Use the proxy set in `HTTPS_PROXY` and related variables, which are otherwise ignored
    #[arg(long, global = true, env = "PLEX_AUTH_PROXY_FROM_ENV", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) proxy_from_env: bool,

    /// Print JSON: the result as one object, and everything else as one object per line on standard
    /// error
    #[arg(long, global = true, env = "PLEX_AUTH_JSON", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) json: bool,

    /// Include secrets in the JSON
    #[arg(long, global = true, env = "PLEX_AUTH_SHOW_SECRETS", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) show_secrets: bool,

    /// Print only warnings, errors and the requested output, such as a token, a list or JSON
    #[arg(short, long, global = true, env = "PLEX_AUTH_QUIET", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) quiet: bool,

    /// Print each request and its result on standard error, without secrets
    #[arg(short, long, global = true, env = "PLEX_AUTH_VERBOSE", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in, by default with a code
    #[command(after_help = "\
Examples:
  plex-auth login                             show a code to enter at plex.tv/link
  plex-auth login --open                      open Plex's sign-in page in a browser
  plex-auth login --token <token.txt          use an existing token, after checking it
  plex-auth login --password                  ask for the username, password and verification code
  plex-auth login --password <secrets.txt     read them from a file, one per line
  plex-auth login --device-key --profile nas  create a key, which renews the token as you use it
  plex-auth login --if-needed --quiet         for scripts: sign in only if there is no valid token")]
    Login(LoginMethod),
    /// Show the saved sign-in: account, method, expiry and folder. Sends no request
    Status,
    /// List the saved profiles, or remove one
    Profiles {
        #[command(subcommand)]
        action: Option<ProfilesAction>,
        /// Print only the names, one per line
        #[arg(long, env = "PLEX_AUTH_NAMES", hide_env_values = true, value_parser = switch)]
        names: bool,
    },
    /// Show the account that the token belongs to
    Whoami,
    /// Print the token, or a server's token, for a script
    #[command(after_help = "\
Pass the token through a pipe, a file or `plex-auth run`: other users can see a program's arguments.

Examples:
  plex-auth token | sed 's/^/X-Plex-Token: /' | curl -sS -H @- http://nas:32400/identity
  plex-auth token --server NAS         the token that this server accepts
  plex-auth token --server NAS --url   the token, then on a second line the server's address")]
    Token {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// Print the token for this server (name, identifier or URL)
        #[arg(long, value_name = "SERVER", env = "PLEX_AUTH_SERVER", hide_env_values = true)]
        #[arg(value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        server: Option<String>,
        /// Also print the address at which the server responds, on a second line
        // This option has no variable: it requires another option, and the name `PLEX_AUTH_URL`
        // would suggest that its value is a URL.
        #[arg(long, requires = "server")]
        url: bool,
        /// Print the token even to a terminal
        #[arg(long, env = "PLEX_AUTH_SHOW", hide_env_values = true, value_parser = switch)]
        show: bool,
    },
    /// Run a command with the token in its environment
    #[command(after_help = "\
The command gets PLEX_TOKEN and, with --server, PLEX_URL. Only the command, the processes that it
starts, and other processes of the same user or of root can see them. The tool exits with the
command's exit status.

Examples:
  plex-auth run --server NAS -- python3 report.py
  plex-auth run --server NAS -- sh -c 'echo \"$PLEX_URL\"'")]
    Run {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// Set PLEX_TOKEN and PLEX_URL for this server (name, identifier or URL)
        #[arg(long, value_name = "SERVER", env = "PLEX_AUTH_SERVER", hide_env_values = true)]
        #[arg(value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        server: Option<String>,
        /// The command and its arguments, after `--`
        #[arg(last = true, required = true, value_name = "COMMAND", num_args = 1..)]
        #[arg(value_hint = ValueHint::CommandWithArguments)]
        command: Vec<OsString>,
    },
    /// Check whether the token is valid (exit status 0: valid, 1: invalid, 2: unknown, 3: not
    /// signed in)
    Check,
    /// List the account's servers and which of their connections respond
    #[command(after_help = "\
The exit status is 2 if the account has servers but none of them responds.

Examples:
  plex-auth servers
  plex-auth servers --wait NAS --timeout 300   keep trying for up to 5 minutes until NAS responds")]
    Servers {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// Wait until this server (name, identifier or URL) responds, or any server if none is
        /// named. Give up after --timeout
        #[arg(long, value_name = "SERVER", env = "PLEX_AUTH_WAIT", hide_env_values = true)]
        #[arg(num_args = 0..=1, value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        wait: Option<Option<String>>,
    },
    /// Get a server's transient token, which expires within 48 hours
    Transient {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// The server: its name, its identifier or its URL
        #[arg(value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        server: String,
    },
    /// Ask a server how to reach another server or a provider
    Source {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// The server to ask: its name, its identifier or its URL
        #[arg(value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        server: String,
        /// The server or provider to look for: server://IDENTIFIER or provider://IDENTIFIER
        #[arg(value_hint = ValueHint::Other)]
        source: Source,
    },
    /// List the account's devices, or remove one
    Devices {
        #[command(subcommand)]
        action: Option<DevicesAction>,
    },
    /// List the users of the account's Plex Home
    Users,
    /// Switch to another Plex Home user, in a separate profile. Asks for the Home PIN if there is
    /// one
    Switch {
        /// The user: a name or an identifier, as shown by `users`
        #[arg(value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
        user: String,
        /// Name of the new profile, instead of the user's name
        #[arg(long, value_name = "NAME", env = "PLEX_AUTH_INTO", hide_env_values = true)]
        #[arg(value_parser = profile, value_hint = ValueHint::Other)]
        into: Option<String>,
    },
    /// Get a claim token for a new server, or claim the server
    #[command(after_help = "\
A server accepts a claim only from its own network, and not through a reverse proxy.

Examples:
  plex-auth claim                                   print a claim token, which expires in 4 minutes
  plex-auth claim --server http://127.0.0.1:32400   claim the server at this address")]
    Claim {
        /// Claim the server at this address instead of printing a claim token
        // This option has no variable: `PLEX_AUTH_SERVER`, which may be set for `token --server`,
        // must not cause `claim` to claim a server.
        #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
        server: Option<ServerUrl>,
    },
    /// Sign out of Plex, then delete the token. A token from `login --token` stays valid
    Logout {
        /// Delete the token from this computer without sending a request. It stays valid
        #[arg(long, env = "PLEX_AUTH_LOCAL", hide_env_values = true, value_parser = switch)]
        #[arg(conflicts_with = "revoke")]
        local: bool,
        /// Also revoke a token from `login --token`, which other programs may use
        #[arg(long, env = "PLEX_AUTH_REVOKE", hide_env_values = true, value_parser = switch)]
        revoke: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page for the tool or one of its commands
    Man {
        /// The command, such as `devices remove`
        command: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfilesAction {
    /// Delete a profile and its token from this computer without sending a request. The token stays
    /// valid
    Remove {
        /// The profile
        #[arg(value_parser = profile, value_hint = ValueHint::Other)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DevicesAction {
    /// Remove a device from the account, which revokes its tokens
    Remove {
        /// The device's number, as shown by `devices`
        #[arg(value_parser = device_number, value_hint = ValueHint::Other)]
        id: u64,
    },
}

/// An option shared by all commands that choose a connection to a server.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PlainHttp {
    /// Also use unencrypted connections if no encrypted one works. Anyone on the network path can
    /// read the token
    #[arg(long = "allow-plain-http", env = "PLEX_AUTH_ALLOW_PLAIN_HTTP", hide_env_values = true)]
    #[arg(value_parser = switch)]
    pub(crate) allowed: bool,
}

/// The options of `plex-auth login`.
#[derive(Debug, Args)]
pub(crate) struct LoginMethod {
    /// Ask for an existing token, or read it from a pipe, and check it
    #[arg(long, env = "PLEX_AUTH_TOKEN", hide_env_values = true, value_parser = secret_switch)]
    #[arg(conflicts_with_all = ["password", "device_key", "open"])]
    pub(crate) token: bool,

    /// Ask for the username and password, or read them and the verification code from a pipe, one
    /// per line
    #[arg(long, env = "PLEX_AUTH_PASSWORD", hide_env_values = true, value_parser = secret_switch)]
    #[arg(conflicts_with_all = ["device_key", "open"])]
    pub(crate) password: bool,

    /// Sign in with a device key, which has its own client identifier and renews the token as you
    /// use it. Media servers refuse a device key's token
    #[arg(long, env = "PLEX_AUTH_DEVICE_KEY", hide_env_values = true, value_parser = switch)]
    pub(crate) device_key: bool,

    /// Open Plex's sign-in page in a browser instead of showing a code
    #[arg(long, env = "PLEX_AUTH_OPEN", hide_env_values = true, value_parser = switch)]
    pub(crate) open: bool,

    /// Do nothing if the profile has a valid token
    #[arg(long, env = "PLEX_AUTH_IF_NEEDED", hide_env_values = true, value_parser = switch)]
    pub(crate) if_needed: bool,

    /// Replace the profile's sign-in even if it belongs to another account, and revoke the replaced
    /// token unless other programs or profiles may use it
    #[arg(long, env = "PLEX_AUTH_REPLACE", hide_env_values = true, value_parser = switch)]
    pub(crate) replace: bool,

    /// Whenever a code expires, show a new one without asking
    #[arg(long, env = "PLEX_AUTH_RENEW", hide_env_values = true, value_parser = switch)]
    pub(crate) renew: bool,

    /// Show a QR code even if the terminal does not seem suitable. Has no effect with TERM=dumb
    #[arg(long, env = "PLEX_AUTH_QR", hide_env_values = true, value_parser = switch)]
    #[arg(conflicts_with = "no_qr", overrides_with = "no_qr")]
    pub(crate) qr: bool,

    /// Do not show a QR code
    #[arg(long, env = "PLEX_AUTH_NO_QR", hide_env_values = true, value_parser = switch)]
    #[arg(overrides_with = "qr")]
    pub(crate) no_qr: bool,
}

#[cfg(test)]
mod tests;
