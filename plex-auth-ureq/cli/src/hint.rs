//! Advice to the user after an error. A command in a hint can be pasted: it has the options of this run, quoted for a
//! shell.

use std::env;

use crate::cli::{LoginMethod, Options};

const PLEX_TV: &str = "--plex-tv";

/// A sentence, in which commands of this tool stand out.
#[derive(Clone, Debug)]
pub(crate) struct Hint(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// The arguments of a command of this tool.
    Command(Vec<String>),
    /// The command that failed.
    Again,
}

impl Hint {
    /// Adds a text.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Adds a command of this tool, with arguments that may contain any character.
    pub(crate) fn command(mut self, arguments: &[&str]) -> Self {
        self.0.push(Part::Command(arguments.iter().map(|&text| text.to_owned()).collect()));
        self
    }

    /// Adds the command that failed, for another user: variables of this user are options there.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has another user to run it as"))]
    pub(crate) fn again(mut self) -> Self {
        self.0.push(Part::Again);
        self
    }

    /// Returns the text as it is shown, its commands with the options of this run.
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

/// In a text of the tool's own, a command is written in braces: `Sign in: {login}`.
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

/// The options of this run that a later command needs to have the same effect.
#[derive(Debug, Default)]
pub(crate) struct Context {
    options: Vec<(&'static str, Option<String>)>,
    method: Vec<&'static str>,
    /// The URL that is saved in the profile. `login` needs it for another profile, or after `logout`.
    saved_plex_tv: Option<String>,
    /// The arguments of this run.
    arguments: Vec<String>,
}

impl Context {
    pub(crate) fn new(options: &Options, method: Option<&LoginMethod>) -> Self {
        let path = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
        let profile = (options.profile != "default").then(|| options.profile.clone());
        let values = [
            ("--profile", profile),
            (PLEX_TV, options.plex_tv.as_ref().map(ToString::to_string)),
            ("--state-dir", options.state_dir.as_ref().map(path)),
            ("--ca-file", options.ca_file.as_ref().map(path)),
            ("--client-identifier", options.client_identifier.clone()),
        ];
        let mut context: Vec<_> =
            values.into_iter().filter_map(|(name, value)| Some((name, Some(value?)))).collect();
        if options.proxy_from_env {
            context.push(("--proxy-from-env", None));
        }
        Self {
            options: context,
            method: method.map(LoginMethod::names).unwrap_or_default(),
            saved_plex_tv: None,
            arguments: env::args_os()
                .skip(1)
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect(),
        }
    }

    /// Adds a flag of `login` to each hint to sign in again.
    pub(crate) fn with_method(mut self, name: &'static str) -> Self {
        if self.method.is_empty() {
            self.method.push(name);
        }
        self
    }

    /// Adds the plex.tv of the profile to each hint to sign in, unless another one was named.
    pub(crate) fn with_saved_plex_tv(mut self, url: String) -> Self {
        self.saved_plex_tv = Some(url);
        self
    }

    /// Returns the command that failed as a line for a shell. Its options come first, because `run` has a command at its
    /// end.
    fn again(&self) -> String {
        let is_given = |name: &str| self.arguments.iter().any(|argument| is_option(argument, name));
        let mut words = vec!["plex-auth".to_owned()];
        for (name, value) in self.options.iter().filter(|(name, _)| !is_given(name)) {
            words.push(option(name, value.as_deref()));
        }
        words.extend(self.arguments.iter().map(|argument| quoted(argument)));
        words.join(" ")
    }

    /// Returns a command of this tool as a line for a shell.
    fn command(&self, arguments: &[String]) -> String {
        let mut words = vec!["plex-auth".to_owned()];
        let names = arguments.iter().position(|argument| argument == "--");
        let (arguments, names) = arguments.split_at(names.unwrap_or(arguments.len()));
        words.extend(arguments.iter().map(|argument| quoted(argument)));
        let is_login = arguments.first().is_some_and(|command| command == "login");
        let names_method = |argument: &String| LoginMethod::NAMES.contains(&argument.as_str());
        if is_login && !arguments.iter().any(names_method) {
            words.extend(self.method.iter().map(|&name| name.to_owned()));
        }
        let takes_options = arguments.first().is_some_and(|command| !command.starts_with('-'));
        for (name, value) in self.options.iter().filter(|_| takes_options) {
            if !arguments.iter().any(|argument| is_option(argument, name)) {
                words.push(option(name, value.as_deref()));
            }
        }
        let is_named = self.options.iter().any(|(name, _)| *name == PLEX_TV);
        if let Some(url) = self.saved_plex_tv.as_deref().filter(|_| is_login && !is_named) {
            words.push(option(PLEX_TV, Some(url)));
        }
        words.extend(names.iter().map(|argument| quoted(argument)));
        words.join(" ")
    }
}

/// Returns an option for a shell. A value that looks like another option follows an equals sign.
fn option(name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) if value.starts_with('-') => quoted(&format!("{name}={value}")),
        Some(value) => format!("{name} {}", quoted(value)),
        None => name.to_owned(),
    }
}

/// Returns whether an argument is this option, with or without a value.
fn is_option(argument: &str, name: &str) -> bool {
    argument.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// Returns a word that a shell reads as this text.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain =
        |character: char| character.is_alphanumeric() || "-_./:,@%+=".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Context, Hint, quoted};

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
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn values_may_look_like_options() {
        let context =
            Context { options: vec![("--profile", Some("-x".to_owned()))], ..Context::default() };
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
        let context = Context {
            options: vec![("--profile", Some("my nas".to_owned()))],
            method: vec!["--device-key"],
            saved_plex_tv: None,
            arguments: vec!["run".to_owned(), "--".to_owned(), "a b".to_owned()],
        };
        let hint = Hint::from("Run it as root: sudo ").again();
        let expected = "Run it as root: sudo plex-auth --profile 'my nas' run -- 'a b'";
        assert_eq!(hint.render(&context), expected);
        let hint = Hint::from("Sign in again: {login}");
        assert_eq!(
            hint.render(&context),
            "Sign in again: plex-auth login --device-key --profile 'my nas'"
        );
        let hint = Hint::from("See {--help}, or {login --token --profile other}.");
        assert_eq!(
            hint.render(&context),
            "See plex-auth --help, or plex-auth login --token --profile other."
        );
    }
}
