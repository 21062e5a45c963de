//! Requests to the bare address after its name was not found.

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::ConnectionKind;
use plex_auth_proto::server::Resource;

use super::{RIGHT, candidates, me, ms, not_sent, own, resource};
use crate::flows::harness::Driven;

const LOCAL_NAME: &str = r#"{"uri":"https://10-0-2-1.feed.plex.direct:32400","address":"10.0.2.1","port":32400,
    "local":true}"#;

#[test]
fn used_only_if_the_name_is_not_found() {
    let connections = format!(
        r#"{LOCAL_NAME},{{"uri":"https://203-0-113-9.feed.plex.direct:8443","address":"203.0.113.9","port":8443}}"#
    );
    let server = own(&connections);
    // Not by default.
    let mut driven = Driven::new(server.choose_connection(me()));
    driven
        .respond_to("10-0-2-1", not_sent(TransportErrorKind::NameNotFound))
        .respond_to("203-0-113-9", not_sent(TransportErrorKind::NameNotFound));
    assert_eq!(driven.failures().len(), 2);

    let start = || Driven::new(server.choose_connection(me()).bare_addresses(true));
    let mut driven = start();
    assert_eq!(driven.urls().len(), 2, "not before the lookup has failed");
    driven
        .respond_to("203-0-113-9", not_sent(TransportErrorKind::NameNotFound))
        .respond_to("10-0-2-1", not_sent(TransportErrorKind::NameNotFound));
    assert_eq!(driven.urls()[2..], ["http://10.0.2.1:32400"], "not to a remote address");
    driven.respond_to("http://10.0.2.1", RIGHT);
    let chosen = driven.outcome().unwrap();
    assert!(chosen.bare_address && chosen.kind == ConnectionKind::Local);
    assert_eq!(chosen.candidates[1].url.as_ref(), Some(chosen.url()));

    // Within the grace after the response of the remote one.
    let mut driven = start();
    driven
        .respond_to("203-0-113-9", RIGHT)
        .respond_to("10-0-2-1", not_sent(TransportErrorKind::NameNotFound))
        .respond_to("http://10.0.2.1", RIGHT);
    assert!(driven.outcome().unwrap().bare_address);

    // The name was found: nothing is sent in plain text after any other failure.
    for reason in [
        TransportErrorKind::Refused,
        TransportErrorKind::Tls(TlsErrorKind::UntrustedIssuer),
        TransportErrorKind::TimedOut(ms(100)),
    ] {
        let mut driven = start();
        driven.respond_to("10-0-2-1", not_sent(reason)).respond_to("203-0-113-9", not_sent(reason));
        let lost = driven.failures();
        assert!(lost[1].ends_with("the name that the address stands for was found"), "{lost:?}");
        assert_eq!(driven.sent.len(), 2);
    }
}

#[test]
fn require_plain_http_and_an_address() {
    let count =
        |server: &Resource| candidates(&server.choose_connection(me()).bare_addresses(true)).len();
    assert_eq!(count(&own(LOCAL_NAME)), 2);
    for facts in [
        r#""owned":true,"httpsRequired":true"#,
        r#""owned":true"#,
        r#""owned":true,"httpsRequired":"perhaps""#,
        r#""owned":false,"httpsRequired":false"#,
    ] {
        assert_eq!(count(&resource(facts, LOCAL_NAME)), 1, "{facts}");
    }
    for connection in [
        r#"{"uri":"https://a.plex.direct:1","local":true,"port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1"}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"attic","port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1","port":1,"relay":true}"#,
        r#"{"uri":"https://plex.example:1","local":true,"address":"10.0.2.1","port":1}"#,
        r#"{"uri":"https://a.notplex.direct:1","local":true,"address":"10.0.2.1","port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1","port":0}"#,
    ] {
        assert_eq!(count(&own(connection)), 1, "{connection}");
    }
    // The bare address is in the list already: it is not added again.
    let twice = format!(r#"{LOCAL_NAME},{{"uri":"http://10.0.2.1:32400","local":true}}"#);
    assert_eq!(count(&own(&twice)), 2);
    let six = r#"{"uri":"https://a.plex.direct:1","local":true,"address":"fd00::1","port":1}"#;
    let choice = own(six).choose_connection(me()).bare_addresses(true);
    assert_eq!(candidates(&choice)[1].url.as_ref().unwrap().to_string(), "http://[fd00::1]:1");
}
