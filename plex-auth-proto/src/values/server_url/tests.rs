use super::{ServerUrl, ServerUrlProblem as Problem};

#[test]
fn urls_join_with_exactly_one_slash() {
    for (text, joined) in [
        ("http://10.0.0.7:32400", "http://10.0.0.7:32400/user"),
        ("http://10.0.0.7:32400/", "http://10.0.0.7:32400/user"),
        (" HTTPS://Plex.example \n", "https://Plex.example/user"),
        ("http://plex.example/plex/", "http://plex.example/plex/user"),
        ("http://plex.example/a/b%20c//", "http://plex.example/a/b%20c/user"),
        ("http://[fd00::1]:32400", "http://[fd00::1]:32400/user"),
        ("http://[::1]", "http://[::1]/user"),
        ("http://plex_server:32400", "http://plex_server:32400/user"),
        ("https://xn--bro-hoa.example", "https://xn--bro-hoa.example/user"),
        ("https://plex.tv/api/v2", "https://plex.tv/api/v2/user"),
        ("http://plex.example.:1", "http://plex.example.:1/user"),
        ("http://[::ffff:10.0.0.7]:1", "http://[::ffff:10.0.0.7]:1/user"),
        ("http://0x7f.example", "http://0x7f.example/user"),
    ] {
        assert_eq!(text.parse::<ServerUrl>().unwrap().join("/user", ""), joined, "{text}");
    }
}

#[test]
fn wrong_urls_are_refused_with_a_correction() {
    for (text, problem, corrected) in [
        ("", Problem::Empty, None),
        ("http://", Problem::Host, None),
        ("10.0.0.7:32400", Problem::Scheme, Some("http://10.0.0.7:32400")),
        ("plex.example", Problem::Scheme, Some("http://plex.example")),
        ("http//:10.0.0.7:32400", Problem::Scheme, Some("http://10.0.0.7:32400")),
        ("https:/plex.example", Problem::Scheme, Some("https://plex.example")),
        ("ftp://plex.example", Problem::Scheme, None),
        ("http://10.0.0.7/:32400", Problem::Path, Some("http://10.0.0.7:32400")),
        ("http://u:secret@plex.example/a", Problem::UserInfo, Some("http://plex.example/a")),
        ("rosa/secret@plex.example", Problem::Scheme, None),
        ("rosa:1234/secret@plex.example", Problem::Scheme, None),
        ("http://rosa:1234?secret@h", Problem::UserInfo, None),
        ("http://rosa:1234#secret@h", Problem::UserInfo, None),
        ("http://rosa:1234/secret@plex.example:32400", Problem::UserInfo, None),
        ("http://plex.example?X-Plex-Token=secret", Problem::Query, Some("http://plex.example")),
        (
            "http://10.0.0.7:32400/web/index.html#!/",
            Problem::PlexWeb,
            Some("http://10.0.0.7:32400"),
        ),
        ("https://app.plex.tv/desktop/#!/server/0", Problem::PlexWeb, None),
        ("https://app.plex.tv/desktop", Problem::PlexWeb, None),
        ("https://app.plex.tv/web/index.html#!/", Problem::PlexWeb, None),
        ("app.plex.tv:443/web", Problem::Scheme, None),
        ("plex.example/plex/web/a#b", Problem::Scheme, Some("http://plex.example/plex")),
        ("http://10.0.0.7:32400/web/a#b", Problem::Fragment, Some("http://10.0.0.7:32400")),
        ("plex.example/website/", Problem::Scheme, Some("http://plex.example/website")),
        ("http://10.0.0.7:32400/web", Problem::PlexWeb, Some("http://10.0.0.7:32400")),
        ("http://::ffff:10.0.0.7:32400", Problem::Brackets, Some("http://[::ffff:10.0.0.7]:32400")),
        ("http://fd00::1", Problem::Brackets, Some("http://[fd00::1]")),
        ("fd00::1", Problem::Scheme, Some("http://[fd00::1]")),
        ("::1", Problem::Scheme, Some("http://[::1]")),
        ("http://[fd00::1", Problem::Host, None),
        ("http://[fe80::1%25eth0]", Problem::Host, None),
        ("http://[10.0.0.7]", Problem::Host, None),
        ("http://[::1]32400", Problem::Host, None),
        ("http://plex.example:80:90", Problem::Host, None),
        ("http://plex.example:99999", Problem::Port, None),
        ("http://plex.example:0", Problem::Port, None),
        ("http://plex.example:+80", Problem::Port, None),
        ("http://plex.example:", Problem::Port, Some("http://plex.example")),
        ("http://a..b", Problem::Host, None),
        ("http://a%20b", Problem::Host, None),
        (":@:/:", Problem::Scheme, None),
        ("@2:/:3", Problem::Scheme, None),
        ("http://fd00::1/:8443", Problem::Brackets, Some("http://[fd00::1]:8443")),
        ("http://plex.example/a//b", Problem::Path, None),
        ("http://plex.example/../b", Problem::Path, None),
        ("http://plex.example/%2", Problem::Path, None),
        ("http://plex.example/a\\b", Problem::Path, None),
        ("http://b\u{fc}ro.example", Problem::NotAscii, None),
        ("http://127.0.0.010:1", Problem::Address, None),
        ("http://127.8:1", Problem::Address, None),
        ("http://0x7f000008:1", Problem::Address, None),
        ("http://0x7F.0.0.1", Problem::Address, None),
        ("http://2130706433", Problem::Address, None),
        ("http://10.0.0.256", Problem::Address, None),
        ("http://plex.example/%2e%2e/b", Problem::Path, None),
        ("http://plex.example/.%2E", Problem::Path, None),
        ("http://plex.example/%2e", Problem::Path, None),
        ("\"http://10.0.0.7:32400\"", Problem::Scheme, Some("http://10.0.0.7:32400")),
        ("\u{201c}http://10.0.0.7:32400\u{201d}", Problem::NotAscii, Some("http://10.0.0.7:32400")),
        ("http://10.0.0.7:32400\\", Problem::Port, Some("http://10.0.0.7:32400")),
        ("http\u{ff1a}//10.0.0.7:32400", Problem::NotAscii, Some("http://10.0.0.7:32400")),
        ("http://10.0.0.\u{ff17}:32400", Problem::NotAscii, Some("http://10.0.0.7:32400")),
        ("http://rosa:1/secret\u{ff20}plex.example", Problem::NotAscii, None),
        ("http://plex.example\r\nX-Evil: 1", Problem::Space, None),
        ("http://plex example", Problem::Space, None),
    ] {
        let error = text.parse::<ServerUrl>().unwrap_err();
        assert_eq!((error.problem(), error.corrected()), (problem, corrected), "{text}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let long = format!("http://plex.example/{}", "a".repeat(2048));
    assert_eq!(long.parse::<ServerUrl>().unwrap_err().problem(), Problem::TooLong);
    // Without its query, this would be a valid URL.
    let long = format!("http://plex.example?{}", "a".repeat(2048));
    assert_eq!(long.parse::<ServerUrl>().unwrap_err().corrected(), None);
}
