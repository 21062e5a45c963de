//! Plain HTTP is used only for some addresses, and only after HTTPS.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{ConnectionChoice, ConnectionChoiceError};
use plex_auth_proto::server::{Resource, SourceDevice};

use super::{LOCAL, REMOTE, RIGHT, at, me, ms, not_sent, own, resource};
use crate::flows::harness::Driven;

/// Returns the URLs that are requested if no host responds.
fn requested(server: &Resource) -> Vec<String> {
    requested_by(server.choose_connection(me()))
}

fn requested_by(choice: ConnectionChoice) -> Vec<String> {
    let mut driven = Driven::new(choice);
    while let Some(wait) = driven.settle() {
        driven.now += wait;
    }
    driven.urls().into_iter().map(str::to_owned).collect()
}

#[test]
fn silent_https_never_leads_to_http() {
    let connections = [
        at("https://203-0-113-9.feed.plex.direct:32400", false, false),
        at("http://203.0.113.10:32400", false, false),
    ]
    .join(",");
    for https_required in ["true", "false", "null"] {
        let facts =
            format!(r#""owned":true,"publicAddressMatches":true,"httpsRequired":{https_required}"#);
        let server = resource(&facts, &connections);
        assert_eq!(requested(&server), ["https://203-0-113-9.feed.plex.direct:32400"], "{facts}");
    }
}

#[test]
fn private_address_is_known_by_its_host() {
    let facts = r#""owned":false,"publicAddressMatches":false,"httpsRequired":false"#;
    for connection in [
        r#"{"address":"127.0.0.1","uri":"http://127.0.0.1:32400","local":false}"#,
        r#"{"uri":"http://127.0.0.1:32400"}"#,
        r#"{"uri":"http://192.168.77.81:32400","local":false}"#,
        r#"{"uri":"http://192-168-7-2.feed.plex.direct:32400","local":false}"#,
        r#"{"uri":"http://100.64.0.9:32400","local":false}"#,
        r#"{"uri":"http://[::ffff:192.168.7.2]:32400","local":false}"#,
        r#"{"uri":"http://[fd00::1]:32400","local":false}"#,
    ] {
        assert!(requested(&resource(facts, connection)).is_empty(), "{connection}");
    }
    // These hosts do not show that the caller is on the server's network: Tailscale and link-local
    // addresses, names, and public addresses.
    for host in ["100.64.0.9", "169.254.1.1", "attic.lan", "localhost", "203.0.113.9"] {
        let server = own(&at(&format!("http://{host}:32400"), true, false));
        assert!(requested(&server).is_empty(), "{host}");
    }
}

#[test]
fn owner_away_from_home_uses_no_plain_http() {
    let http = at("http://192.168.1.10:32400", true, false);
    for facts in [
        r#""owned":true,"publicAddressMatches":false,"httpsRequired":false"#,
        r#""owned":true,"httpsRequired":false"#,
        r#""owned":true,"publicAddressMatches":true"#,
        r#""owned":true,"publicAddressMatches":true,"httpsRequired":true"#,
    ] {
        assert!(requested(&resource(facts, &http)).is_empty(), "{facts}");
    }
    // The owner is at home, and there is no HTTPS address.
    for host in ["192.168.1.10", "10.0.2.1", "172.16.0.1", "127.0.0.1", "[fd00::1]", "[::1]"] {
        let http = at(&format!("http://{host}:32400"), false, false);
        assert_eq!(requested(&own(&http)), [format!("http://{host}:32400")]);
        for https in ["https://203-0-113-9.feed.plex.direct:1", "https://[::]:1", "HTTPS://"] {
            let both = format!("{http},{}", at(https, false, true));
            let urls = requested(&own(&both));
            assert!(urls.iter().all(|url| url.starts_with("https:")), "{https}: {urls:?}");
        }
    }
    // A source's list does not say whether the caller is on the source's network.
    let source: SourceDevice = serde_json::from_str(&format!(
        r#"{{"clientIdentifier":"5f0e1c2d","Connection":[{http}]}}"#
    ))
    .unwrap();
    assert!(Driven::new(source.choose_connection(me())).urls().is_empty());
}

#[test]
fn private_https_is_tried_in_any_network() {
    let facts = r#""owned":false,"home":true,"publicAddressMatches":false"#;
    let server = resource(facts, &at("https://192-168-7-2.feed.plex.direct:32400", true, false));
    let mut driven = Driven::new(server.choose_connection(me()));
    driven.advance(ms(20)).respond_to("192-168-7-2", RIGHT);
    assert_eq!(driven.chosen(), "https://192-168-7-2.feed.plex.direct:32400");
}

#[test]
fn setting_tries_http_only_after_https() {
    let connections = [
        at("http://203.0.113.9:32400", false, false),
        at("http://10.0.2.1:32401", true, false),
        at(LOCAL, true, false),
        at(REMOTE, false, false),
    ]
    .join(",");
    let start = || {
        let choice = own(&connections).choose_connection(me()).allow_plain_http(true);
        let mut driven = Driven::new(choice);
        assert_eq!(driven.urls(), [LOCAL, REMOTE]);
        driven
    };
    let http = ["http://10.0.2.1:32400", "http://10.0.2.1:32401", "http://203.0.113.9:32400"];
    // All HTTPS requests fail.
    let mut driven = start();
    driven.respond_to(LOCAL, not_sent(TransportErrorKind::NameNotFound));
    assert_eq!(driven.urls().len(), 2);
    driven.respond_to(REMOTE, not_sent(TransportErrorKind::Refused));
    let mut urls: Vec<_> = driven.urls()[2..].to_vec();
    urls.sort_unstable();
    assert_eq!(urls, http);
    driven.respond_to("http://10.0.2.1:32400", RIGHT).advance(ms(500));
    let chosen = driven.outcome().unwrap();
    assert!(chosen.is_plain_http() && chosen.url().to_string() == http[0]);

    // The HTTPS requests hang until their time limit, which is half of the total.
    let mut driven = start();
    driven.advance(ms(4_999));
    assert_eq!(driven.urls().len(), 2);
    assert_eq!(driven.settle(), Some(ms(1)));
    driven.advance(ms(1));
    assert_eq!(driven.urls().len(), 5);
    // A late response over HTTPS is preferred to an earlier one over HTTP.
    driven.respond_to("http://10.0.2.1:32401", RIGHT).advance(ms(499)).respond_to(LOCAL, RIGHT);
    let chosen = driven.outcome().unwrap();
    assert!(!chosen.is_plain_http() && chosen.url().to_string() == LOCAL);
}

#[test]
fn setting_has_no_effect_if_https_is_required() {
    let requested = |facts, connections: &str| {
        let server = resource(facts, connections);
        requested_by(server.choose_connection(me()).allow_plain_http(true))
    };
    let listed = at("http://203.0.113.9:32400", false, false);
    for (facts, allowed) in [
        (r#""owned":true,"publicAddressMatches":true,"httpsRequired":true"#, 0),
        (r#""owned":true"#, 1),
        (r#""owned":false,"httpsRequired":false"#, 1),
    ] {
        assert_eq!(requested(facts, &listed).len(), allowed, "{facts}");
    }
    // The address in a `plex.direct` name is tried over plain HTTP only if the server is known to
    // accept it.
    let name = at(LOCAL, true, false);
    for (facts, urls) in [
        (r#""httpsRequired":true"#, &[LOCAL][..]),
        (r#""owned":true"#, &[LOCAL]),
        (r#""httpsRequired":"perhaps""#, &[LOCAL]),
        (r#""httpsRequired":false"#, &[LOCAL, "http://10.0.2.1:32400"]),
    ] {
        assert_eq!(requested(facts, &name), urls, "{facts}");
    }
    let facts = r#""httpsRequired":false"#;
    for uri in [
        REMOTE,
        "https://plex.example:1",
        "https://10.0.2.1:1",
        "https://10-0-2-1.feed.plex.direct",
    ] {
        assert_eq!(
            requested(facts, &at(uri, true, false)),
            [uri],
            "{uri} was also tried over plain HTTP"
        );
    }
    let v6 = at("https://fd00-0-0-0-0-0-0-1.feed.plex.direct:1", true, false);
    assert_eq!(requested(facts, &v6)[1], "http://[fd00::1]:1");
}

#[test]
fn error_names_the_setting_and_rebinding() {
    let error = |choice: ConnectionChoice| {
        let mut driven = Driven::new(choice);
        while !driven.in_flight.is_empty() || driven.settle().is_some() {
            for request in std::mem::take(&mut driven.in_flight) {
                driven.complete(&request, &not_sent(TransportErrorKind::NameNotFound));
            }
        }
        driven.outcome().unwrap_err()
    };
    let rebinding = ". If the router blocks plex.direct names (DNS rebinding protection), allow plex.direct in its settings.";
    let setting = " Plain HTTP addresses are tried only with allow_plain_http.";
    let (away, required) = (r#""httpsRequired":false"#, r#""httpsRequired":true"#);
    let http = at("http://192.168.1.10:32400", true, false);
    for (facts, connection, reason, advice) in [
        (away, &http, "plain HTTP is not allowed", [rebinding, setting]),
        (away, &at(LOCAL, true, false), "the host name was not found", [rebinding, setting]),
        (required, &http, "plain HTTP is not allowed", ["", ""]),
        (required, &at(LOCAL, true, false), "the host name was not found", [rebinding, ""]),
        (away, &at(REMOTE, false, false), "the host name was not found", ["", ""]),
    ] {
        let error = error(resource(facts, connection).choose_connection(me()));
        let shown = error.to_string();
        let ConnectionChoiceError::NoneReachable { plain_http_skipped, .. } = error else {
            panic!()
        };
        assert_eq!(plain_http_skipped, !advice[1].is_empty(), "{shown}");
        assert!(shown.ends_with(&format!("{reason}{}", advice.concat())), "{shown}");
    }
    let allowed = resource(away, &http).choose_connection(me()).allow_plain_http(true);
    assert!(!error(allowed).to_string().contains("allow_plain_http"));
}

#[test]
fn own_network_is_reported_as_plain_http() {
    let server = own(&at("http://192.168.1.10:32400", true, false));
    let mut driven = Driven::new(server.choose_connection(me()));
    driven.advance(Duration::ZERO).respond_to("192.168.1.10", RIGHT);
    assert!(driven.outcome().unwrap().is_plain_http());
}
