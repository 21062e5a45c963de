//! The candidates, their order, and the reasons to skip some.

use plex_auth_proto::flow::ConnectionChoiceError;
use plex_auth_proto::server::{Resource, SourceDevice};

use super::{RIGHT, at, candidates, me, own, plan, resource};
use crate::flows::harness::Driven;

#[test]
fn order_is_by_kind_scheme_and_ip_version() {
    let server = own(r#"{"uri":"http://relay:1","relay":true,"local":true},
           {"uri":"https://relay:2","relay":true},
           {"uri":"http://[2001:db8::1]:3","address":"2001:db8::1","IPv6":false},
           {"uri":"http://203.0.113.9:4"},
           {"uri":"https://six.plex.direct:5","address":"2001:db8::1","IPv6":0},
           {"uri":"https://six.plex.direct:6","IPv6":true},
           {"uri":"https://four.plex.direct:7","address":"203.0.113.9"},
           {"uri":"http://10.0.2.1:8","address":"10.0.2.1"},
           {"uri":"http://10.0.2.1:9","local":true},
           {"uri":"https://[fd00::1]:10","local":true},
           {"uri":"https://ten.plex.direct:11","local":true}"#);
    let mut driven = Driven::new(server.choose_connection(me()).max_in_flight(100));
    let ports: Vec<_> = driven.urls().iter().map(|url| url.rsplit(':').next().unwrap()).collect();
    assert_eq!(ports, ["11", "10", "8", "9", "7", "5", "6", "4", "3", "2", "1"]);
    let kinds: Vec<_> =
        candidates(&driven.flow).iter().map(|one| (one.kind.to_string(), one.ipv6)).collect();
    assert_eq!((kinds[1].0.as_str(), kinds[1].1), ("local", true));
    assert_eq!((kinds[5].0.as_str(), kinds[5].1), ("remote", true), "the flag does not matter");
    assert_eq!(kinds[10].0, "relay", "a relay is never local");
}

#[test]
fn unusable_uris_are_skipped_with_a_reason() {
    let server = own(r#"{"uri":"http://[::]:32400","address":"::","IPv6":false,"local":true},
           {"uri":"https://zero.plex.direct:32400","address":"::"},
           {"uri":"https://link.plex.direct:32400","address":"fe80::1%eth0"},
           {"uri":"http://[fe80::1]:32400"},
           {"uri":"http://0.0.0.0:32400"},
           {"uri":null,"address":"10.0.0.7","port":32400},
           {"uri":""},
           {"uri":"10.0.0.7:32400"},
           {"uri":"http://me:pa55word@10.0.0.7:32400"},
           {"uri":"http://10.0.0.7:32400/web/index.html#!/"},
           {"uri":"http://::ffff:10.0.0.7:32400"},
           {"uri":"HTTPS://a.plex.direct/"},
           {"uri":"https://a.plex.direct"},
           {"uri":"http://plex_server:32400/plex/"}"#);
    let choice = server.choose_connection(me());
    assert_eq!(
        plan(&choice),
        [
            "https://a.plex.direct (remote): not asked",
            "http://plex_server:32400/plex (remote): not asked",
            "one without a URL (local): the connection has no uri",
            "http://[::]:32400 (local): the address leads nowhere",
            "https://a.plex.direct (remote): a better connection has the same URL",
            "https://zero.plex.direct:32400 (remote): the address leads nowhere",
            "https://link.plex.direct:32400 (remote): the address leads nowhere",
            "http://0.0.0.0:32400 (remote): the address leads nowhere",
            "one without a URL (remote): the connection has no uri",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL does not start \
             with http:// or https://; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has a user name \
             or password in it (an @), which is not used; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has a fragment \
             (#), which a base URL has not; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has an IPv6 \
             address without brackets; did you mean http://[::ffff:10.0.0.7]:32400",
            "http://[fe80::1]:32400 (remote): the address leads nowhere",
        ]
        .map(str::to_owned)
    );
    let mut driven = Driven::new(choice);
    assert_eq!(driven.urls(), ["https://a.plex.direct", "http://plex_server:32400/plex"]);
}

#[test]
fn private_addresses_need_a_network_of_ones_own() {
    let connections = r#"{"uri":"http://10.0.2.1:32400","local":true},
        {"uri":"http://192.168.1.9:32400","address":"192.168.1.9"},{"uri":"https://remote.plex.direct"}"#;
    for (facts, requested) in [
        (r#""owned":true"#, 3),
        (r#""owned":false"#, 1),
        (r#""owned":null"#, 1),
        (r#""owned":false,"publicAddressMatches":true"#, 3),
        (r#""owned":false,"publicAddressMatches":false,"home":true"#, 1),
    ] {
        let server = resource(facts, connections);
        let mut driven = Driven::new(server.choose_connection(me()));
        assert_eq!(driven.urls().len(), requested, "{facts}");
        let foreign = plan(&driven.flow);
        let is_foreign = |shown: &&String| shown.ends_with("not known to be yours");
        assert_eq!(foreign.iter().filter(is_foreign).count(), 3 - requested, "{foreign:?}");
        // The caller decides.
        let mut driven = Driven::new(server.choose_connection(me()).private_addresses(true));
        assert_eq!(driven.urls().len(), 3, "{facts}");
        let mut driven = Driven::new(server.choose_connection(me()).private_addresses(false));
        assert_eq!(driven.urls(), ["https://remote.plex.direct"], "{facts}");
    }
}

#[test]
fn source_devices_have_candidates() {
    let source: SourceDevice = serde_json::from_str(
        r#"{"clientIdentifier":"5f0e1c2d","accessToken":"transient-5ea1","Connection":[
            {"uri":"https://remote.plex.direct:1","relay":0},{"uri":"https://local.plex.direct:2","local":1},
            {"uri":"https://relay.plex.direct:3","relay":1}]}"#,
    )
    .unwrap();
    let mut driven = Driven::new(source.choose_connection(me()));
    assert_eq!(driven.urls(), ["https://remote.plex.direct:1", "https://relay.plex.direct:3"]);
    let mut driven =
        Driven::new(source.choose_connection(me()).private_addresses(true).bare_addresses(true));
    assert_eq!(driven.urls().len(), 3);
    driven.respond_to("local", RIGHT);
    let server = driven.outcome().unwrap().with_token(source.access_token.unwrap());
    assert_eq!(server.token().expose(), "transient-5ea1");
}

#[test]
fn no_request_without_an_identifier() {
    let server: Resource =
        serde_json::from_str(r#"{"owned":true,"connections":[{"uri":"http://10.0.2.1:1"}]}"#)
            .unwrap();
    let mut driven = Driven::new(server.choose_connection(me()));
    assert!(driven.urls().is_empty());
    assert!(matches!(driven.outcome(), Err(ConnectionChoiceError::NoIdentifier)));
}

#[test]
fn number_of_candidates_is_limited() {
    let connections: Vec<_> =
        (1..=1000).map(|port| at(&format!("http://203.0.113.9:{port}"), false, false)).collect();
    let mut driven =
        Driven::new(own(&connections.join(",")).choose_connection(me()).max_in_flight(0));
    assert_eq!(driven.urls().len(), 1, "at least one");
    assert_eq!(candidates(&driven.flow).len(), 64);
}
