use clap::{CommandFactory, Parser};

use super::{Cli, values};

#[test]
fn the_definition_is_valid() {
    Cli::command().debug_assert();
}

#[test]
fn each_variable_is_named_after_its_option() {
    fn check(command: &clap::Command, count: &mut usize) {
        for option in command.get_arguments() {
            let Some(long) = option.get_long().filter(|long| !["help", "version"].contains(long))
            else {
                continue;
            };
            if [("claim", "server"), ("token", "url")].contains(&(command.get_name(), long)) {
                assert!(option.get_env().is_none(), "--{long} must not be set by a variable");
                continue;
            }
            let variable = option.get_env().unwrap_or_else(|| panic!("--{long} has no variable"));
            let expected = format!("PLEX_AUTH_{}", long.replace('-', "_").to_uppercase());
            assert_eq!(variable.to_str(), Some(expected.as_str()));
            *count += 1;
        }
        command.get_subcommands().for_each(|command| check(command, count));
    }
    let mut count = 0;
    check(&Cli::command(), &mut count);
    assert!(count >= 30, "{count}");
}

#[test]
fn no_option_takes_a_secret() {
    for arguments in [["login", "--token=abc"], ["login", "--password=abc"], ["switch", "--pin=1"]]
    {
        let arguments = std::iter::once("plex-auth").chain(arguments);
        assert!(Cli::try_parse_from(arguments).is_err());
    }
}

#[test]
fn the_last_of_repeated_options_wins() {
    let arguments = "plex-auth --json --profile a --timeout 1 check --profile b --json --timeout 2";
    let cli = Cli::try_parse_from(arguments.split(' ')).unwrap();
    assert_eq!((cli.options.profile.as_str(), cli.options.timeout.as_secs()), ("b", 2));
    let arguments = "plex-auth login --device-key --device-key --qr --no-qr --renew --renew";
    let cli = Cli::try_parse_from(arguments.split(' ')).unwrap();
    let super::Command::Login(method) = cli.command else { panic!("{cli:?}") };
    assert!(method.device_key && method.no_qr && !method.qr, "{method:?}");
    let cli = Cli::try_parse_from(["plex-auth", "login", "--no-qr", "--qr"]).unwrap();
    let super::Command::Login(method) = cli.command else { panic!("{cli:?}") };
    assert!(method.qr && !method.no_qr, "{method:?}");
}

#[test]
fn timeouts_are_bounded() {
    for wrong in ["0", "-1", "inf", "nan", "3601", "soon", ""] {
        assert!(values::seconds(wrong).is_err(), "{wrong}");
    }
    assert_eq!(values::seconds("0.5").unwrap().as_millis(), 500);
}

#[test]
fn a_wrong_plex_tv_is_corrected_or_refused() {
    for (text, expected) in [
        ("https://plex.tv", "https://plex.tv/api/v2"),
        ("https://plex.tv/", "https://plex.tv/api/v2"),
        ("https://plex.tv/api/v2/", "https://plex.tv/api/v2"),
        ("https://PLEX.TV", "https://PLEX.TV/api/v2"),
        ("https://clients.plex.tv", "https://clients.plex.tv/api/v2"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v2"),
        ("http://127.0.0.1:8080/plex", "http://127.0.0.1:8080/plex"),
    ] {
        assert_eq!(values::plex_tv(text).unwrap().to_string(), expected);
    }
    for wrong in [
        "http://plex.tv",
        "https://plex.tv/api/v1",
        "https://plex.tv/api",
        "https://app.plex.tv",
        "https://www.plex.tv/",
        "https://plex.tv:32400",
    ] {
        let error = values::plex_tv(wrong).unwrap_err();
        assert_eq!(error, "Plex's own API is at https://plex.tv/api/v2");
    }
}
