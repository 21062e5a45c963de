//! What can be typed: commands and options, and the environment variable that each option has.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{FalseyValueParser, Resettable, TypedValueParser};
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use plex_auth_ureq::{ServerUrl, Source};

/// Signs in to Plex once, keeps the token, and hands it to whatever needs it.
#[derive(Debug, Parser)]
#[command(name = "plex-auth", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  plex-auth login                          sign in by a code that you type at plex.tv/link
  plex-auth servers                        your servers, and which of their addresses answer
  plex-auth token | sed 's/^/X-Plex-Token: /' | curl -H @- https://plex.tv/api/v2/user
  plex-auth check || echo \"not known to be alive\"

Exit codes:
  0 done, 1 refused by Plex, 2 not known (network, rate limit, outage), 64 wrong usage,
  74 something on this machine (disk, permissions, a damaged file), 130 interrupted";

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Options {
    /// The account to act for, where there are several
    #[arg(long, global = true, value_name = "NAME", env = "PLEX_AUTH_PROFILE")]
    #[arg(default_value = "default", value_parser = profile, hide_env_values = true)]
    pub(crate) profile: String,

    /// Another plex.tv, such as a fake or a proxy, with the path of its API; kept by `login`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PLEX_AUTH_PLEX_TV",
        hide_env_values = true
    )]
    pub(crate) plex_tv: Option<ServerUrl>,

    /// How long an answer may take, and `check` as a whole
    #[arg(long, global = true, value_name = "SECONDS", env = "PLEX_AUTH_TIMEOUT")]
    #[arg(default_value = "30", value_parser = seconds, hide_env_values = true)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) timeout: Duration,

    /// Where the identity and the tokens are kept, in place of the platform's folder for state
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "PLEX_AUTH_STATE_DIR",
        hide_env_values = true
    )]
    pub(crate) state_dir: Option<PathBuf>,

    /// Certificates to trust beside Mozilla's roots, in PEM
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "PLEX_AUTH_CA_FILE",
        hide_env_values = true
    )]
    pub(crate) ca_file: Option<PathBuf>,

    /// Go through the proxy that `HTTPS_PROXY` and its kin name; else these are not read
    #[arg(long, global = true, env = "PLEX_AUTH_PROXY_FROM_ENV", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) proxy_from_env: bool,

    /// Print one JSON object in place of text
    #[arg(long, global = true, env = "PLEX_AUTH_JSON", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,

    /// Put secrets into the JSON, too
    #[arg(long, global = true, env = "PLEX_AUTH_SHOW_SECRETS", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) show_secrets: bool,

    /// Say on standard error what is asked of whom, without secrets
    #[arg(short, long, global = true, env = "PLEX_AUTH_VERBOSE", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in: by a code unless told otherwise
    #[command(after_help = "\
Examples:
  plex-auth login                             shows a code, and waits until somebody has typed it
  plex-auth login --token <token.txt          takes a token that there is, and checks it
  plex-auth login --password                  asks for login, password and verification code
  plex-auth login --password <secrets.txt     the same, a line each
  plex-auth --profile nas login --device-key  a token that is renewed when it is used")]
    Login(LoginMethod),
    /// Show whose token it is
    Whoami,
    /// Print the token alone, for a script
    #[command(after_help = "\
Hand it on by a pipe or a file: the arguments of a program are everybody's to see.
  plex-auth token | sed 's/^/X-Plex-Token: /' | curl -H @- https://plex.tv/api/v2/user
  TOKEN=$(plex-auth token)")]
    Token {
        /// Print it to a terminal, too
        #[arg(long, env = "PLEX_AUTH_SHOW", hide_env_values = true)]
        #[arg(value_parser = FalseyValueParser::new())]
        show: bool,
    },
    /// Ask whether the token is alive: exit 0 yes, 1 no, 2 not known
    Check,
    /// List the account's servers, and which of their connections answer
    Servers {
        #[command(flatten)]
        plain_http: PlainHttp,
    },
    /// Get a token of a server's that ends by itself, within 48 hours
    Transient {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// The server: its name, its identifier or its URL
        server: String,
    },
    /// Ask a server how another one, or a provider, is reached
    Source {
        #[command(flatten)]
        plain_http: PlainHttp,
        /// The server that is asked: its name, its identifier or its URL
        server: String,
        /// What is looked for: server://IDENTIFIER or provider://IDENTIFIER
        source: Source,
    },
    /// List the people of the account's Home
    Users,
    /// Become another user of the Home, kept as a profile of its own; asks for the Home PIN
    Switch {
        /// The user: a name or an identifier, as `users` shows them
        user: String,
        /// The profile to keep it as, in place of the user's name
        #[arg(long, value_name = "NAME", env = "PLEX_AUTH_INTO", hide_env_values = true)]
        #[arg(value_parser = profile)]
        into: Option<String>,
    },
    /// Get a claim token, which makes a new server the account's
    Claim,
    /// Sign out at Plex, and forget the token
    Logout {
        /// Forget the token also where Plex cannot be asked; it stays alive there
        #[arg(long, env = "PLEX_AUTH_FORGET", hide_env_values = true)]
        #[arg(value_parser = FalseyValueParser::new())]
        forget: bool,
    },
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, of one command where it is named
    Man {
        /// Which command
        command: Option<String>,
    },
}

/// The option of the commands that choose a connection to a server.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PlainHttp {
    /// Also use unencrypted connections if no encrypted one works. Everyone on the network path can read the token
    #[arg(long = "allow-plain-http", env = "PLEX_AUTH_ALLOW_PLAIN_HTTP", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) allowed: bool,
}

/// The ways in.
#[derive(Debug, Args)]
pub(crate) struct LoginMethod {
    /// Take a token from standard input, and check it
    #[arg(long, env = "PLEX_AUTH_BY_TOKEN", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new(), conflicts_with_all = ["password", "device_key"])]
    pub(crate) token: bool,

    /// Ask for login and password; from a pipe read them, and the verification code, from a line each
    #[arg(long, env = "PLEX_AUTH_BY_PASSWORD", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new(), conflicts_with = "device_key")]
    pub(crate) password: bool,

    /// Make a key and an identifier of their own, with which the token is renewed whenever it is used. Media servers
    /// refuse such tokens
    #[arg(long, env = "PLEX_AUTH_DEVICE_KEY", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) device_key: bool,

    /// Show another code without asking, each time one has expired
    #[arg(long, env = "PLEX_AUTH_RENEW", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) renew: bool,
}

fn profile(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
        return Err("a profile's name has 1 to 64 bytes, and no control character".to_owned());
    }
    Ok(text.to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "from 0.1 to 3600 seconds".to_owned())
}

/// What was typed.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let command = Cli::command().mut_args(heeded);
    let mut matches =
        command.mut_subcommands(|command| command.mut_args(heeded)).try_get_matches()?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// Without its variable where that is empty, as it often is where a script or a container passes on what it has not,
/// or says no to a flag: to clap the flag would be there, and at odds with others.
fn heeded(argument: Arg) -> Arg {
    let value = argument.get_env().and_then(env::var_os).unwrap_or_default();
    let says_no = !argument.get_action().takes_values() && is_no(&value);
    if value.is_empty() || says_no { argument.env(Resettable::Reset) } else { argument }
}

/// Whether a flag's variable says no.
pub(crate) fn is_no(value: &OsStr) -> bool {
    matches!(FalseyValueParser::new().parse_ref(&Cli::command(), None, value), Ok(false))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn the_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_option_has_its_own_variable() {
        let command = Cli::command();
        let commands = std::iter::once(&command).chain(command.get_subcommands());
        let mut seen = BTreeMap::new();
        for option in commands.flat_map(|command| command.get_arguments()) {
            let Some(long) = option.get_long().filter(|long| !["help", "version"].contains(long))
            else {
                continue;
            };
            let variable = option.get_env().unwrap_or_else(|| panic!("--{long} has no variable"));
            let variable = variable.to_str().unwrap().to_owned();
            assert!(variable.starts_with("PLEX_AUTH_"), "{variable}");
            // Several commands can have the same option.
            let other = seen.insert(variable, long.to_owned());
            assert!(other.is_none_or(|other| other == long), "--{long}");
        }
        assert!(seen.len() >= 12, "{seen:?}");
    }

    #[test]
    fn no_option_takes_a_secret() {
        for arguments in
            [["login", "--token=abc"], ["login", "--password=abc"], ["switch", "--pin=1"]]
        {
            let arguments = std::iter::once("plex-auth").chain(arguments);
            assert!(Cli::try_parse_from(arguments).is_err());
        }
    }

    #[test]
    fn timeouts_are_bounded() {
        for wrong in ["0", "-1", "inf", "nan", "3601", "soon", ""] {
            assert!(super::seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(super::seconds("0.5").unwrap().as_millis(), 500);
    }
}
