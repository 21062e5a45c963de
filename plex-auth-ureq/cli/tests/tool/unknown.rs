//! Where Plex said neither yes nor no: the exit code is 2, and nothing that is kept changes.

use plex_auth_fake::{Authority, Delivery, Misbehaviour, Who};
use plex_auth_tests::{BlackHole, RawServer, Step};

use crate::program::House;

fn signed_in() -> House {
    let house = House::new();
    house.sign_in(Who::PlexPass);
    house
}

#[test]
fn a_rate_limit_says_how_long_to_wait() {
    let house = signed_in();
    let limited = Misbehaviour::answer(429, "", "").header("retry-after", "120");
    house.fake(|fake| fake.misbehave("/user", limited.clone()));
    house.run(&["whoami"]).failed(2, &["too many requests", "Wait 120 seconds"]);
    house.run(&["check"]).failed(2, &["too many requests", "Wait 120 seconds"]);
    let json: serde_json::Value =
        serde_json::from_str(&house.run(&["check", "--json"]).stdout).unwrap();
    assert_eq!((json["state"].as_str(), json["ask_again"].as_u64()), (Some("unknown"), Some(120)));
    house.fake(|fake| fake.misbehave("/pins", limited));
    house.run(&["login"]).failed(2, &["too many requests"]);
}

#[test]
fn a_captive_portal_is_not_taken_for_plex() {
    let house = signed_in();
    let before = house.files();
    let page = "<html>Sign in to the hotel's network</html>";
    for path in ["/user", "/resources", "/users/signin", "/users/signout", "/home/users", "/pins"] {
        house.fake(|fake| fake.misbehave(path, Misbehaviour::answer(200, "text/html", page)));
    }
    for arguments in [&["whoami"][..], &["servers"], &["logout"], &["users"]] {
        house.run(arguments).failed(2, &["an HTML page", "captive portal"]);
    }
    house.run(&["check", "--timeout", "1"]).failed(2, &["captive portal"]);
    house.run_with(&["login", "--password"], "rosa\nwhatever\n").failed(2, &["captive portal"]);
    house.run(&["login"]).failed(2, &["captive portal"]);

    house.fake(plex_auth_fake::FakePlex::behave);
    house.fake(|fake| {
        fake.misbehave("/user", Misbehaviour::redirect(302, "https://portal.example/"));
    });
    house.run(&["whoami"]).failed(2, &["redirected to https://portal.example", "captive portal"]);

    // A proxy that wants a password.
    house.fake(plex_auth_fake::FakePlex::behave);
    house.fake(|fake| fake.misbehave("/user", Misbehaviour::answer(407, "text/html", page)));
    house.run(&["whoami"]).failed(2, &["407", "captive portal"]);
    assert_eq!(house.files(), before);
}

#[test]
fn an_outage_and_silence_are_no_word_about_the_token() {
    let house = signed_in();
    house.fake(|fake| {
        fake.misbehave("/user", Misbehaviour::answer(502, "text/html", "Bad Gateway"));
    });
    house.run(&["check", "--timeout", "1"]).failed(2, &["trouble at the server"]);
    house.run(&["whoami"]).failed(2, &["trouble at the server", "Try again later"]);
    house.fake(plex_auth_fake::FakePlex::behave);
    house.fake(|fake| fake.misbehave("/user", Misbehaviour::deliver(Delivery::Never)));
    house
        .run(&["whoami", "--timeout", "0.5"])
        .failed(2, &["no whole answer within 500ms", "--timeout"]);

    let hole = BlackHole::open().expect("a port");
    let nowhere = format!("{}/api/v2", hole.url());
    house
        .run(&["whoami", "--timeout", "0.5", "--plex-tv", &nowhere])
        .failed(2, &["no whole answer"]);
    house
        .run(&["whoami", "--plex-tv", "http://127.0.0.1:1/api/v2"])
        .failed(2, &["refused", "Check the network"]);
    house
        .run(&["whoami", "--plex-tv", "http://nowhere.invalid/api/v2"])
        .failed(2, &["the name of the host was not found"]);
}

#[test]
fn a_clock_that_may_be_wrong_is_named() {
    let authority = Authority::new();
    for certificate in [authority.expired(), authority.not_yet_valid()] {
        let house = House::https(&authority, certificate);
        house.run_with(&["login", "--token"], "abc").failed(2, &["clock is wrong", "`date`"]);
    }
    let (ours, theirs) = (Authority::new(), Authority::new());
    let house = House::https(&ours, theirs.good());
    house.run_with(&["login", "--token"], "abc").failed(2, &["not trusted", "--ca-file"]);
}

#[test]
fn a_sign_in_whose_outcome_is_not_known_is_not_tried_again() {
    let house = House::new();
    house.fake(|fake| {
        fake.misbehave("/users/signin", Misbehaviour::deliver(Delivery::CloseUnanswered));
    });
    house
        .run_with(&["login", "--password"], "rosa\nnine kites & a lantern\n")
        .failed(2, &["outcome unknown", "list of devices"]);
    assert_eq!(house.fake(|fake| fake.seen("POST", "/users/signin")), 1);
    // A PIN that nobody has seen is no harm.
    house.fake(|fake| fake.misbehave("/pins", Misbehaviour::deliver(Delivery::CloseUnanswered)));
    house.run(&["login"]).failed(2, &["outcome unknown", "on the way", "Check the network"]);
}

#[test]
fn what_is_no_web_server_is_told_apart() {
    let house = signed_in();
    let greeting = Step::Write(b"SSH-2.0-boathouse\r\n".to_vec());
    let server = RawServer::start(vec![greeting, Step::Close]);
    let url = format!("{}/api/v2", server.url());
    house
        .run(&["whoami", "--plex-tv", &url])
        .failed(2, &["does not speak HTTP", "Check --plex-tv"]);
    let url = format!("https://127.0.0.1:{}/api/v2", house.server.port());
    house.run(&["whoami", "--plex-tv", &url]).failed(2, &["does not speak TLS", "Check --plex-tv"]);
}
