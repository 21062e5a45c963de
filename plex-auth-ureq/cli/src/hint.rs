//! Advice to the user after an error. Commands in a hint include the options of this run that apply
//! to them, and are quoted so that they can be pasted into a shell.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::{env, iter};

use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;
use crate::cli::given::{Given, excludes};
use crate::output::characters::is_shown;

/// Text that may contain `plex-auth` commands.
#[derive(Clone, Debug)]
pub(crate) struct Hint(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// The arguments of a `plex-auth` command.
    Command(Vec<String>),
    /// The command that failed.
    Again,
}

impl Hint {
    /// Adds the given text.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Adds a `plex-auth` command, whose arguments may contain any character.
    pub(crate) fn command(mut self, arguments: &[&str]) -> Self {
        self.0.push(Part::Command(arguments.iter().map(|&text| text.to_owned()).collect()));
        self
    }

    /// Makes a `--help` command show the help for this subcommand, as in `login --help`.
    pub(crate) fn help_of(mut self, words: &[String]) -> Self {
        for part in &mut self.0 {
            if let Part::Command(arguments) = part {
                if arguments.as_slice() == ["--help"] {
                    arguments.splice(0..0, words.iter().cloned());
                }
            }
        }
        self
    }

    /// Adds the command that failed, to be run as another user. Options that were set by
    /// environment variables are added as arguments, because the other user does not have those
    /// variables.
    pub(crate) fn again(mut self) -> Self {
        self.0.push(Part::Again);
        self
    }

    /// Returns the text to show, with the options of this run added to its commands.
    pub(crate) fn render(&self, context: &Context) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Command(arguments) => context.command(arguments),
            Part::Again => context.again(),
        };
        self.0.iter().map(part).collect()
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

/// Parses a hint in which each command is in braces, such as `Sign in: {login}`.
impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        let mut parts = Vec::new();
        for piece in text.split_inclusive('}') {
            let command = piece.strip_suffix('}').and_then(|piece| piece.split_once('{'));
            let Some((before, command)) = command else {
                parts.push(Part::Text(piece.to_owned()));
                continue;
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Command(command.split_whitespace().map(str::to_owned).collect()));
        }
        Self(parts)
    }
}

/// The options that hints do not keep: those that affect only the output or the time limit of one
/// run, and those that would change what the command in a hint does.
const NOT_KEPT: [&str; 8] = [
    "--if-needed",
    "--json",
    "--names",
    "--quiet",
    "--show-secrets",
    "--timeout",
    "--verbose",
    "--wait",
];

/// The run that a hint belongs to. A command in a hint keeps the options of the run, except those
/// that it does not accept, those in [`NOT_KEPT`], and those that conflict with its own arguments.
#[derive(Debug, Default)]
pub(crate) struct Context {
    given: Vec<Given>,
    /// Additional options for the `login` commands in hints.
    login: Vec<Given>,
    /// The arguments of this run.
    arguments: Vec<OsString>,
    /// The definition of the command line.
    definition: Command,
}

impl Context {
    pub(crate) fn new(given: Vec<Given>) -> Self {
        let mut definition = Cli::command();
        definition.build();
        Self { given, login: Vec::new(), arguments: env::args_os().skip(1).collect(), definition }
    }

    /// Adds options to the `login` commands in hints, except options that this run already has.
    pub(crate) fn with_login(mut self, options: impl Iterator<Item = Given>) -> Self {
        let is_given = |option: &Given| self.given.iter().any(|given| given.name == option.name);
        self.login = options.filter(|option| !is_given(option)).collect();
        self
    }

    /// Returns the command that failed, as a shell command line. Options that were set by variables
    /// are added before the `--` if there is one.
    fn again(&self) -> String {
        let end = self.arguments.iter().position(|argument| argument == "--");
        let (before, after) = self.arguments.split_at(end.unwrap_or(self.arguments.len()));
        let variables = self.given.iter().filter(|option| option.is_from_variable).map(word);
        let before = before.iter().map(quoted).chain(variables);
        line(before.chain(after.iter().map(quoted)))
    }

    /// Returns a `plex-auth` command, as a shell command line.
    fn command(&self, arguments: &[String]) -> String {
        let names = arguments.iter().position(|argument| argument == "--");
        let (arguments, names) = arguments.split_at(names.unwrap_or(arguments.len()));
        let options = self.kept(arguments).into_iter().map(word);
        let words = arguments.iter().map(quoted).chain(options);
        line(words.chain(names.iter().map(quoted)))
    }

    /// Returns the options that a command keeps: those that it accepts and that do not conflict
    /// with its arguments, except those in [`NOT_KEPT`].
    fn kept(&self, arguments: &[String]) -> Vec<&Given> {
        let mut command = &self.definition;
        for argument in arguments {
            let Some(found) = command.find_subcommand(argument) else { break };
            command = found;
        }
        if std::ptr::eq(command, &self.definition) {
            return Vec::new();
        }
        let present: Vec<_> =
            arguments.iter().filter_map(|argument| option(command, argument)).collect();
        let is_kept = |given: &&Given| {
            let option = option(command, &given.name);
            let is_dropped = NOT_KEPT.contains(&given.name.as_str());
            option.is_some_and(|option| {
                !is_dropped && !present.iter().any(|other| excludes(command, option, other))
            })
        };
        let login = self.login.iter().filter(|_| command.get_name() == "login");
        self.given.iter().chain(login).filter(is_kept).collect()
    }
}

/// Returns the option that an argument of this command names. The argument may include a value, as
/// in `--name=value`.
fn option<'c>(command: &'c Command, argument: &str) -> Option<&'c Arg> {
    let name = argument.strip_prefix("--")?.split('=').next();
    command.get_arguments().find(|option| name.is_some() && option.get_long() == name)
}

fn line(words: impl Iterator<Item = String>) -> String {
    iter::once("plex-auth".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Returns an option, quoted for a shell. A value that looks like another option is joined to the
/// name with an equals sign.
fn word(Given { name, value, .. }: &Given) -> String {
    match value {
        Some(value) if value.as_encoded_bytes().starts_with(b"-") => {
            let mut word = OsString::from(format!("{name}="));
            word.push(value);
            quoted(word)
        }
        Some(value) => format!("{name} {}", quoted(value)),
        None => name.clone(),
    }
}

/// Returns a path quoted for a shell. If it starts with a hyphen, it gets the prefix `./`, so that
/// no program mistakes it for an option.
pub(crate) fn quoted_path(path: &Path) -> String {
    let is_like_option = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    if is_like_option { quoted(Path::new(".").join(path)) } else { quoted(path) }
}

/// Returns the text as a single shell word, quoted if necessary. If the text contains anything that
/// cannot be shown, such as a byte that is not UTF-8, the word calls `printf`, because not every
/// shell supports `$'\xff'`.
pub(crate) fn quoted(text: impl AsRef<OsStr>) -> String {
    let text = text.as_ref();
    let is_plain = |character: char| {
        is_shown(character) && (character.is_alphanumeric() || "-_./:,@%+=".contains(character))
    };
    match text.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => return text.to_owned(),
        Some(text) if text.chars().all(is_shown) => {
            return format!("'{}'", text.replace('\'', r"'\''"));
        }
        _ => {}
    }
    let mut format = String::new();
    let octal = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:03o}")).collect::<String>();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                // `printf` would take this for an option or a directive.
                '-' if format.is_empty() => format += &octal(b"-"),
                '%' => format += "%%",
                character if is_plain(character) => format.push(character),
                character => format += &octal(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        format += &octal(chunk.invalid());
    }
    format!("\"$(printf '{format}')\"")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Context, Given, Hint, quoted};
    use crate::cli::parse::parse_from;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (text, expected) in [
            ("nas", "nas"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("~", "'~'"),
            ("http://127.0.0.1:1/api/v2", "http://127.0.0.1:1/api/v2"),
            ("a\tb % c", r#""$(printf 'a\011b\040%%\040c')""#),
            ("-\u{200b}", r#""$(printf '\055\342\200\213')""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    /// Returns the context of a run with these arguments.
    fn context(arguments: &[&str]) -> Context {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        let (_, given) = parse_from(&arguments).unwrap();
        Context { arguments: arguments[1..].to_vec(), ..Context::new(given) }
    }

    #[test]
    fn values_may_look_like_options() {
        let context = context(&["plex-auth", "whoami", "--profile=-x"]);
        let hint = Hint::from("See {whoami} or ").command(&["profiles", "remove", "--", "-x y"]);
        assert_eq!(
            hint.render(&context),
            "See plex-auth whoami --profile=-x or plex-auth profiles remove --profile=-x -- '-x y'"
        );
        let hint = Hint::from("Keep both: ").command(&["login", "--profile=-y"]);
        assert_eq!(hint.render(&context), "Keep both: plex-auth login --profile=-y");
    }

    #[test]
    fn commands_keep_the_options() {
        let context = context(&["plex-auth", "run", "--profile", "my nas", "--json", "--", "a b"])
            .with_login([Given::new("--device-key", None)].into_iter());
        for (hint, expected) in [
            (
                Hint::from("Run it as root: sudo ").again(),
                "Run it as root: sudo plex-auth run --profile 'my nas' --json -- 'a b'",
            ),
            (Hint::from("{login}"), "plex-auth login --profile 'my nas' --device-key"),
            (
                Hint::from("See {--help}, or {login --token --profile other}."),
                "See plex-auth --help, or plex-auth login --token --profile other.",
            ),
        ] {
            assert_eq!(hint.render(&context), expected);
        }
    }

    #[test]
    fn only_options_that_fit_are_kept() {
        for (run, hint, expected) in [
            ("login --token --replace", "{login --open}", "login --open --replace"),
            ("login --device-key --qr", "{login --open}", "login --open --device-key --qr"),
            ("login --device-key", "{login --token}", "login --token"),
            ("login --device-key --if-needed", "{login --device-key}", "login --device-key"),
            ("logout --revoke", "{logout --local}", "logout --local"),
            ("token --server NAS --url", "{token --show}", "token --show --server NAS --url"),
            ("servers --wait NAS --timeout 5", "{servers}", "servers"),
            ("run --server NAS -- true", "{servers}", "servers"),
            ("transient NAS --allow-plain-http", "{servers}", "servers --allow-plain-http"),
        ] {
            let arguments: Vec<_> = std::iter::once("plex-auth").chain(run.split(' ')).collect();
            let shown = Hint::from(hint).render(&context(&arguments));
            assert_eq!(shown, format!("plex-auth {expected}"), "{run}");
        }
    }
}
