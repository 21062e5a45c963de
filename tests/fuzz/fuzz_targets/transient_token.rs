//! The response with a transient token: the token is found, both in JSON and in XML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{TRANSIENT_TOKEN, check_error, json, success, text, token_in, xml_attribute};
use plex_auth_proto::{ResponseError, TransientToken};
use serde_json::{Value, json};

fuzz_target!(|body: &[u8]| {
    let answer = success(body);
    let result = TRANSIENT_TOKEN.parse(&answer);
    match &result {
        Ok(transient) => {
            let token = transient.token.expose();
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(error) => check_error(error, &answer),
    }
    let text = text(body);
    if let Some(value) = json(body) {
        check_json(&result, &value);
    } else if !text.starts_with('<') {
        check_both_forms(&text);
    }
});

fn check_json(result: &Result<TransientToken, ResponseError>, value: &Value) {
    let is_container = value.get("_elementType").and_then(Value::as_str) == Some("MediaContainer");
    let container = if is_container { Some(value) } else { value.get("MediaContainer") };
    let sent = container.and_then(|container| container.get("token")).and_then(token_in);
    match (result, sent) {
        (Ok(transient), Some(sent)) => assert_eq!(transient.token.expose(), sent),
        (Err(ResponseError::UnexpectedShape { path, .. }), None) => {
            let expected = if value.is_object() { "MediaContainer.token" } else { "." };
            assert_eq!(path, expected);
        }
        (_, sent) => panic!("{sent:?} was sent: {result:?}"),
    }
}

/// Checks that a token with this text is read the same way from JSON and from XML.
fn check_both_forms(text: &str) {
    let Some(attribute) = xml_attribute(text, 3500) else {
        return;
    };
    let form = json!({"MediaContainer": {"size": 0, "token": text}}).to_string();
    let from_json = found(&form);
    let form = format!(r#"<MediaContainer size="0" token="{attribute}"/>"#);
    assert_eq!(found(&form), from_json, "{form}");
    let form =
        format!("<?xml version='1.0'?><MediaContainer\ntoken='{attribute}'>\n</MediaContainer>");
    assert_eq!(found(&form), from_json, "{form}");
}

fn found(body: &str) -> Result<String, String> {
    match TRANSIENT_TOKEN.parse(&success(body.as_bytes())) {
        Ok(transient) => Ok(transient.token.expose().to_owned()),
        Err(ResponseError::UnexpectedShape { path, .. }) => Err(path.to_string()),
        Err(error) => panic!("{body}: {error}"),
    }
}
