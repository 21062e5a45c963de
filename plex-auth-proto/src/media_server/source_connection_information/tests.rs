use super::{SourceConnectionInformation, read};
use crate::wire::decode::DecodeError;
use crate::{ClientIdentity, MediaServer, Source, Token};

fn parse(body: &str) -> SourceConnectionInformation {
    read(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

#[test]
fn request_is_correct() {
    let me = ClientIdentity::builder("id").build().unwrap();
    let url = "http://10.0.0.7:32400".parse().unwrap();
    let server = MediaServer::new(me, url, Token::new("abc").unwrap());
    let source: Source = "provider://tv.plex.provider a&b".parse().unwrap();
    let call = server.source_connection_information(&source);
    assert_eq!(call.request().method(), "GET");
    assert_eq!(
        call.request().uri(),
        "http://10.0.0.7:32400/security/resources?source=provider%3A%2F%2Ftv.plex.provider%20a%26b"
    );
    assert!(!call.request().headers().contains_key("content-length"));
    let refresh = server.refresh_source_connection_information(&source);
    assert_eq!(refresh.request().uri().to_string(), format!("{}&refresh=1", call.request().uri()));
}

#[test]
fn all_forms_are_equivalent() {
    let json = parse(
        r#"{"MediaContainer":{"size":1,"Device":[{"name":"Attic","clientIdentifier":"5f0e1c2d",
            "accessToken":"transient-5ea1","Connection":[
            {"protocol":"https","address":"10.0.2.1","port":32400,
             "uri":"https://10-0-2-1.feed.plex.direct:32400","local":true,"relay":false},
            {"protocol":"https","address":"203.0.113.9","port":"8443",
             "uri":"https://203-0-113-9.feed.plex.direct:8443","local":"0","relay":1}]}]}}"#,
    );
    let xml = parse(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <MediaContainer size="1">
          <Device name="Attic" clientIdentifier="5f0e1c2d" accessToken="transient-5ea1">
            <Connection protocol="https" address="10.0.2.1" port="32400"
              uri="https://10-0-2-1.feed.plex.direct:32400" local="1" relay="0"/>
            <Connection protocol="https" address="203.0.113.9" port="8443"
              uri="https://203-0-113-9.feed.plex.direct:8443" local="0" relay="1"/>
          </Device>
        </MediaContainer>"#,
    );
    let old = parse(
        r#"{"_elementType":"MediaContainer","size":"1","_children":[{"_elementType":"Device",
            "name":"Attic","clientIdentifier":"5f0e1c2d","accessToken":"transient-5ea1","_children":[
            {"_elementType":"Connection","protocol":"https","address":"10.0.2.1","port":"32400",
             "uri":"https://10-0-2-1.feed.plex.direct:32400","local":"1","relay":"0"},
            {"_elementType":"Connection","protocol":"https","address":"203.0.113.9","port":"8443",
             "uri":"https://203-0-113-9.feed.plex.direct:8443","local":"0","relay":"1"}]}]}"#,
    );
    let shown = format!("{json:?}");
    assert_eq!(shown, format!("{old:?}"));
    assert_eq!(shown, format!("{xml:?}"));
    assert!(!shown.contains("Attic"), "{shown}");
    let device = json.device().unwrap();
    assert_eq!(device.name.as_deref(), Some("Attic"));
    assert_eq!(device.name, xml.device().unwrap().name);
    assert_eq!(device.access_token.as_ref().unwrap().expose(), "transient-5ea1");
    let [local, relay] = device.connections.as_slice() else { panic!("{device:?}") };
    assert_eq!((local.port, local.local, local.relay), (Some(32400), Some(true), Some(false)));
    assert_eq!((relay.port, relay.local, relay.relay), (Some(8443), Some(false), Some(true)));
}

#[test]
fn single_element_is_read_as_a_list() {
    for (body, devices, connections) in [
        (r#"{"MediaContainer":{"Device":{"Connection":{"port":1}}}}"#, 1, 1),
        (r#"{"MediaContainer":{"Device":[{"Connection":[{"port":1}]}]}}"#, 1, 1),
        (r#"{"MediaContainer":{"Device":[{"Connection":[{"port":1},{"port":2}]},{}]}}"#, 2, 2),
        (r#"{"MediaContainer":{"Device":[{"Connection":[]}]}}"#, 1, 0),
        (r#"{"MediaContainer":{"Device":[{"Connection":null}]}}"#, 1, 0),
        (r#"{"MediaContainer":{"Device":[]}}"#, 0, 0),
        (r#"{"MediaContainer":{"Device":null}}"#, 0, 0),
        (r#"{"MediaContainer":{"size":0}}"#, 0, 0),
        (r#"{"_elementType":"MediaContainer","size":"0"}"#, 0, 0),
        (r#"{"_elementType":"MediaContainer","Device":{"Connection":{"port":1}}}"#, 1, 1),
        (r#"<MediaContainer size="0"/>"#, 0, 0),
    ] {
        let source = parse(body);
        assert_eq!(source.devices.len(), devices, "{body}");
        let found = source.device().map_or(0, |device| device.connections.len());
        assert_eq!(found, connections, "{body}");
    }
}

#[test]
fn missing_container_is_not_an_empty_one() {
    for body in ["{}", r#"{"MediaContainer":null}"#, r#"{"MediaContainer":[]}"#, r#"{"Device":[]}"#]
    {
        match read(body.as_bytes()).unwrap_err() {
            DecodeError::Shape { path, .. } => assert_eq!(path, "MediaContainer", "{body}"),
            error => panic!("{body}: {error:?}"),
        }
    }
}
