use super::{Call, Request};
use crate::Host;

fn call(uri: &str) -> Call<()> {
    let request = Request::post(uri).header("x-plex-token", "t0ken").body("pin=4711".to_owned());
    Call::status_only("postNothing", request.unwrap())
}

#[test]
fn secret_url_is_redacted_everywhere() {
    let secret = call("https://user:pass@plex.tv/api/v2/pins/4711?pin=0815").secret_url();
    let shown = format!(
        "{secret:?} {:?} {} {:?}",
        secret.reply(),
        secret.masked_url(),
        secret.reply().context()
    );
    for hidden in ["4711", "0815", "pass", "pins"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert_eq!(secret.masked_url().to_string(), "https://plex.tv/***");
    assert!(secret.reply().has_secret_url());
}

#[test]
fn other_url_is_shown_without_user_info() {
    let call = call("https://user:pass@plex.tv/api/v2/user?x=1");
    assert_eq!(call.masked_url().to_string(), "https://plex.tv/api/v2/user?x=1");
    assert_eq!(
        format!("{call:?}"),
        "Call { operation: \"postNothing\", method: POST, url: https://plex.tv/api/v2/user?x=1, \
         headers: {\"x-plex-token\": Sensitive, \"content-length\": \"8\"}, body: Body(8 bytes) }"
    );
}

#[test]
fn token_of_a_custom_request_is_redacted() {
    let request = Request::get("https://plex.tv/x?X-Plex-Token=s3cret")
        .header("x-plex-token", "s3cret")
        .header("authorization", "s3cret")
        .body(());
    let shown = format!("{:?}", Call::status_only("getX", request.unwrap()));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn token_in_the_query_counts_as_carried() {
    for (query, has_token) in [("x-plex-token=s3cret", true), ("a=1", false)] {
        let request = Request::get(format!("https://plex.tv/x?{query}")).body(()).unwrap();
        let call = Call::status_only("getX", request).host(Host::PlexTv);
        let response = http::Response::builder().status(401).body("").unwrap();
        let error = call.into_parts().1.parse(&response).unwrap_err();
        assert_eq!(error.is_token_invalid(), has_token, "{error}");
    }
}

#[test]
fn status_is_enough_for_status_only_calls() {
    let (_, reply) = call("https://plex.tv/x").into_parts();
    let large = http::Response::builder()
        .header("content-length", "5000000")
        .header("content-encoding", "gzip")
        .body(vec![b'x'; 2_000_000]);
    let large = large.unwrap();
    assert_eq!(reply.body_limit(large.status(), large.headers()), 0);
    reply.parse(&large).unwrap();
}

#[test]
fn custom_call_has_a_length_and_is_not_repeated() {
    let call = call("https://plex.tv/x");
    assert_eq!(call.request().headers()["content-length"], "8");
    assert!(!call.reply().is_idempotent());
    let delete = Request::delete("https://plex.tv/x").body("abc".to_owned()).unwrap();
    let delete = Call::status_only("deleteX", delete);
    assert_eq!(delete.request().headers()["content-length"], "3");
    let get = Request::get("https://plex.tv/x").body(()).unwrap();
    assert!(
        !Call::status_only("getNothing", get).request().headers().contains_key("content-length")
    );
}
