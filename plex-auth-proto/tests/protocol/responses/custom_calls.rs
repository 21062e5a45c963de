//! Calls for endpoints that the crate does not cover.

use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Call, Host, ResponseError};

use super::refused;

#[test]
fn custom_call_is_read_strictly() {
    fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, ResponseError> {
        let request = Request::get("https://plex.tv/x").body(()).unwrap();
        Call::<T>::json("getX", request).reply().parse(&Response::new(body))
    }
    type Counts = std::collections::HashMap<String, u8>;
    assert_eq!(read::<Vec<f64>>("\u{feff}[1,2.5]").unwrap(), [1.0, 2.5]);
    // No value is omitted silently.
    for body in ["[1,1e999,2]", "[1,\"x\"]", "[1"] {
        read::<Vec<f64>>(body).unwrap_err();
    }
    let shown = |body| read::<Counts>(body).unwrap_err().to_string();
    let debug = format!("{:?}", read::<Counts>(r#"{"correcthorse":"x"}"#).unwrap_err());
    assert!(!debug.contains("correct"), "{debug}");
    let hidden = shown(r#"{"AbCdEf0123456789ghij":"s3cret"}"#);
    assert_eq!(
        hidden,
        "unexpected response from plex.tv: `*` has an unexpected type or value, or lacks a required field"
    );
    assert!(shown("<html></html>").contains("answered 200 with an HTML page"));
}

#[test]
fn host_of_a_custom_call_decides_token_validity() {
    for (host, invalid) in
        [(None, false), (Some(Host::PlexTv), true), (Some(Host::MediaServer), false)]
    {
        for status in [401, 498] {
            let request = Request::get("https://plex.tv/x").header("x-plex-token", "t0ken");
            let mut call = Call::status_only("getX", request.body(()).unwrap());
            if let Some(host) = host {
                call = call.host(host);
            }
            assert_eq!(refused(call, status, "").is_token_invalid(), invalid, "{host:?} {status}");
        }
    }
}
