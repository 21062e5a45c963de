//! The candidates, their order, and the reasons for skipping some of them.

use plex_auth_proto::flow::ConnectionChoiceError;
use plex_auth_proto::server::{Resource, SourceDevice};

use super::{REMOTE, RIGHT, at, candidates, me, own, plan};
use crate::flows::harness::Driven;

#[test]
fn order_is_by_scheme_kind_and_ip_version() {
    let server = own(r#"{"uri":"http://10.0.2.1:1","local":true},
           {"uri":"https://198.51.100.7:2","relay":true,"local":true},
           {"uri":"https://[2001:db8::1]:3","IPv6":false},
           {"uri":"https://2001-db8-0-0-0-0-0-1.feed.plex.direct:4","local":true},
           {"uri":"https://203-0-113-9.feed.plex.direct:5","local":true},
           {"uri":"https://attic.example:6","IPv6":true},
           {"uri":"http://198.51.100.7:7","relay":true},
           {"uri":"https://100.64.0.9:8","local":true},
           {"uri":"https://fd00-0-0-0-0-0-0-1.feed.plex.direct:9"},
           {"uri":"https://10-0-2-1.feed.plex.direct:10","local":false},
           {"uri":"https://192.168.0.1:11"},
           {"uri":"http://203.0.113.9:12"}"#);
    let mut driven = Driven::new(server.choose_connection(me()).allow_plain_http(true));
    let shown: Vec<_> = candidates(&driven.flow)
        .iter()
        .map(|candidate| {
            let url = candidate.url.as_ref().unwrap().to_string();
            let port = url.rsplit(':').next().unwrap();
            format!("{port} {}{}", candidate.kind, if candidate.ipv6 { " v6" } else { "" })
        })
        .collect();
    assert_eq!(
        shown,
        [
            "10 local",
            "11 local",
            "9 local v6",
            "5 remote",
            "6 remote",
            "8 remote",
            "3 remote v6",
            "4 remote v6",
            "2 relay",
            "1 local",
            "10 local",
            "9 local v6",
            "12 remote",
            "7 relay",
        ]
    );
    // The best candidate of each rank is requested first.
    let ports: Vec<_> = driven.urls().iter().map(|url| url.rsplit(':').next().unwrap()).collect();
    assert_eq!(ports, ["10", "9", "5", "3", "2", "11", "6", "4", "8"]);
}

#[test]
fn unusable_uris_are_skipped_with_a_reason() {
    let server = own(r#"{"uri":"http://[::]:32400","address":"::","IPv6":false,"local":true},
           {"uri":"https://0-0-0-0.feed.plex.direct:32400"},
           {"uri":"https://fe80-0-0-0-0-0-0-1.feed.plex.direct:32400"},
           {"uri":"https://[fe80::1]:32400"},
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
            "https://a.plex.direct (remote): not tried",
            "https://0-0-0-0.feed.plex.direct:32400 (remote): the address is not routable",
            "https://fe80-0-0-0-0-0-0-1.feed.plex.direct:32400 (remote): the address is not routable",
            "https://[fe80::1]:32400 (remote): the address is not routable",
            "http://0.0.0.0:32400 (remote): the address is not routable",
            "invalid connection (remote): the URI is missing",
            "invalid connection (remote): the URI is missing",
            "invalid connection (remote): the URI does not start with http:// or https://",
            "invalid connection (remote): the URI contains a username, a password, or an @ that is not percent-encoded",
            "invalid connection (remote): the URI points to Plex Web, not to the server",
            "invalid connection (remote): the URI has an IPv6 address without brackets",
            "http://plex_server:32400/plex (remote): plain HTTP is not allowed",
            "http://[::]:32400 (remote): the address is not routable",
        ]
        .map(str::to_owned)
    );
    assert_eq!(Driven::new(choice).urls(), ["https://a.plex.direct"]);
}

#[test]
fn source_devices_have_candidates() {
    let source: SourceDevice = serde_json::from_str(
        r#"{"clientIdentifier":"5f0e1c2d","accessToken":"transient-5ea1","Connection":[
            {"uri":"https://203-0-113-9.feed.plex.direct:1","relay":0},
            {"uri":"https://10-0-2-1.feed.plex.direct:2","local":1},
            {"uri":"https://198-51-100-7.feed.plex.direct:3","relay":1},{"uri":"http://10.0.2.1:4","local":1}]}"#,
    )
    .unwrap();
    let mut driven = Driven::new(source.choose_connection(me()));
    assert_eq!(
        driven.urls(),
        [
            "https://10-0-2-1.feed.plex.direct:2",
            "https://203-0-113-9.feed.plex.direct:1",
            "https://198-51-100-7.feed.plex.direct:3",
        ]
    );
    driven.respond_to("10-0-2-1", RIGHT);
    let server = driven.outcome().unwrap().with_token(source.access_token.clone().unwrap());
    assert_eq!(server.token().expose(), "transient-5ea1");
    // The list does not say whether the source accepts plain HTTP, so only the setting decides.
    let allowed = source.choose_connection(me()).allow_plain_http(true);
    let shown = plan(&allowed);
    assert_eq!(shown.last().unwrap(), "http://10.0.2.1:4 (local): not tried");
}

#[test]
fn no_request_without_an_identifier() {
    let server: Resource =
        serde_json::from_str(r#"{"owned":true,"connections":[{"uri":"https://10.0.2.1:1"}]}"#)
            .unwrap();
    let mut driven = Driven::new(server.choose_connection(me()));
    assert!(driven.urls().is_empty());
    assert!(matches!(driven.outcome(), Err(ConnectionChoiceError::NoIdentifier)));
}

#[test]
fn number_of_candidates_is_limited() {
    let connections: Vec<_> =
        (1..=1000).map(|port| at(&format!("https://203.0.113.9:{port}"), false, false)).collect();
    let mut driven =
        Driven::new(own(&connections.join(",")).choose_connection(me()).max_in_flight(0));
    assert_eq!(driven.urls().len(), 1, "a limit of zero did not become one");
    assert_eq!(candidates(&driven.flow).len(), 64);
    // An HTTPS connection is found even at the end of a long list.
    let http = (1..=1000).map(|port| at(&format!("http://10.0.2.1:{port}"), true, false));
    let connections: Vec<_> = http.chain([at(REMOTE, false, false)]).collect();
    let mut driven = Driven::new(own(&connections.join(",")).choose_connection(me()));
    assert_eq!(driven.urls(), [REMOTE]);
}
