//! The response with a source's connections: every device and connection is found, both in JSON and
//! in XML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{SOURCE, check_error, json, success, text, text_in, token_in, xml_attribute};
use plex_auth_proto::server::SourceDevice;
use plex_auth_proto::{ResponseError, SourceConnectionInformation};
use serde_json::{Map, Value, json};

fuzz_target!(|body: &[u8]| {
    let answer = success(body);
    let result = SOURCE.parse(&answer);
    if let Err(error) = &result {
        check_error(error, &answer);
    }
    let text = text(body);
    if let Some(value) = json(body) {
        check_json(&result, &value);
    } else if !text.starts_with('<') {
        check_both_forms(&text);
    }
});

fn check_json(result: &Result<SourceConnectionInformation, ResponseError>, value: &Value) {
    let is_container = |value: &&Value| {
        value.get("_elementType").and_then(Value::as_str) == Some("MediaContainer")
    };
    // The older format, with `_children`, has its own tests.
    if value.to_string().contains("\"_children\"") {
        return;
    }
    let container = Some(value)
        .filter(is_container)
        .or_else(|| value.get("MediaContainer").filter(|container| container.is_object()));
    match (result, container) {
        (Ok(source), Some(container)) => {
            let devices = objects(container.get("Device"));
            // A longer list of small elements may be truncated.
            if devices.len() < 100 {
                assert_eq!(source.devices.len(), devices.len());
            }
            let pairs = source.devices.iter().zip(devices);
            pairs.for_each(|(device, sent)| check_device(device, sent));
        }
        (Err(ResponseError::UnexpectedShape { path, .. }), None) => {
            let expected = if value.is_object() { "MediaContainer" } else { "." };
            assert_eq!(path, expected);
        }
        _ => panic!("{container:?} was sent: {result:?}"),
    }
}

/// Returns the objects in a value that is one object or a list of objects.
fn objects(value: Option<&Value>) -> Vec<&Map<String, Value>> {
    match value {
        Some(Value::Object(object)) => vec![object],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

fn check_device(device: &SourceDevice, sent: &Map<String, Value>) {
    assert_eq!(device.name, sent.get("name").and_then(text_in));
    let token = device.access_token.as_ref().map(|token| token.expose());
    let sent_token = sent.get("accessToken").and_then(token_in);
    assert_eq!(token, sent_token.as_deref());
    let connections = objects(sent.get("Connection"));
    assert_eq!(device.connections.len(), connections.len());
    for (connection, sent) in device.connections.iter().zip(connections) {
        assert_eq!(connection.uri, sent.get("uri").and_then(text_in));
        if let Some(Value::Bool(local)) = sent.get("local") {
            assert_eq!(connection.local, Some(*local));
        }
        if let Some(port) = sent.get("port").and_then(Value::as_i64) {
            assert_eq!(connection.port, port.try_into().ok());
        }
    }
}

/// Checks that filling several fields with this text gives the same result in JSON and in XML. The
/// fields are in the same order, because the result lists unreadable fields in the order in which
/// they appear.
fn check_both_forms(text: &str) {
    let Some(attribute) = xml_attribute(text, 800) else {
        return;
    };
    let connection = json!({"uri": text, "port": text, "local": text, "protocol": text});
    let device = json!({"name": text, "accessToken": text, "Connection": [connection, {}]});
    let form = json!({"MediaContainer": {"size": 1, "Device": [device]}}).to_string();
    let from_json = found(&form);
    let form = format!(
        r#"<MediaContainer size="1">
             <Device accessToken="{attribute}" name="{attribute}">
               <Connection local="{attribute}" port="{attribute}" protocol="{attribute}" uri="{attribute}"/>
               <Connection address=""/>
             </Device>
           </MediaContainer>"#
    );
    // XML with more of these characters may be rejected, because a parser could need too much
    // memory for it.
    if form.matches(['=', '<']).count() <= 256 {
        assert_eq!(found(&form), from_json, "{form}");
    }
}

fn found(body: &str) -> String {
    match SOURCE.parse(&success(body.as_bytes())) {
        Ok(source) => {
            let token = source.device().and_then(|device| device.access_token.as_ref());
            format!("{source:?} {:?}", token.map(|token| token.expose()))
        }
        Err(error) => panic!("{body}: {error}"),
    }
}
