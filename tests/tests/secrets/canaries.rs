//! The secrets that every test searches for, and responses that repeat them.

use plex_auth_proto::http::Response;
use plex_auth_proto::{Credentials, Token};
use plex_auth_tests::every_operation::{HOME_PIN, Inputs, PIN, every_operation};

// The secrets in requests.
pub(crate) const TOKEN: &str = "canary-Tx9qWz4Vk7Rn2Hd01";
pub(crate) const PASSWORD: &str = "canary-Jy3uLs8Fm-é&%-6Gb02";
const CODE: &str = "canary-Og5xEc1Ny03";
const LOGIN: &str = "canary-Ib2rKv6Qt04@example.org";
pub(crate) const CLAIM: &str = "claim-canary-Dw7nPz3Hx06";
pub(crate) const PROXY: &str = "canary-Xz8dPh3Ws05";
const PIN_CODE: &str = "canary-Ck4nTb7Jq06";

/// Returns the Home PIN as part of a URL.
pub(crate) fn home_pin_in_url() -> String {
    format!("switch?pin={HOME_PIN}")
}

/// Returns the secrets in requests, and every string that contains `canary-` in a successful
/// response.
pub(crate) fn canaries() -> Vec<String> {
    let mut found: Vec<String> =
        [TOKEN, PASSWORD, CODE, LOGIN, PROXY, PIN_CODE, CLAIM].map(str::to_owned).into();
    found.push(PIN.to_string());
    found.push(home_pin_in_url());
    // Only the end of the signature is searched for: the rest of the JWT is not secret.
    let device_jwt = canary_inputs("https://plex.example").device_jwt;
    found.extend(device_jwt.expose().get(device_jwt.expose().len() - 24..).map(str::to_owned));
    for every in every_operation() {
        let texts = every.success.split(['"', '/']).filter(|text| text.contains("canary-"));
        found.extend(texts.map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}

pub(crate) fn canary_inputs(url: &str) -> Inputs {
    let token = Token::new(TOKEN).unwrap();
    let credentials = Credentials::new(LOGIN, PASSWORD).unwrap();
    let mut inputs = Inputs::with(url, token, credentials.clone());
    inputs.credentials = credentials.verification_code(CODE);
    inputs.pin_code = PIN_CODE.parse().unwrap();
    inputs.claim_token = CLAIM.parse().unwrap();
    inputs
}

/// Returns an empty body, and bodies that echo every secret, both in formats that the core parses
/// and in others.
pub(crate) fn echoes() -> Vec<String> {
    let all = canaries().join(" ");
    let xml = all.replace('&', "&amp;");
    vec![
        format!(r#"{{"errors":[{{"code":1001,"message":"{all}","status":401}}]}}"#),
        format!(r#"{{"errors":["{all}"]}}"#),
        format!(r#"{{"error":"{all}"}}"#),
        format!(r#"{{"error":"Invalid token {all}","status":422}}"#),
        format!("<errors><error code=\"1001\" message=\"{xml}\"/></errors>"),
        format!("<errors><error>Invalid token {xml}</error></errors>"),
        format!("<html><body>{xml}</body></html>"),
        format!(r#"{{"{all}":"{all}"}}"#),
        format!(r#"{{"authToken":["{all}"],"MediaContainer":{{"token":"{all}"}}}}"#),
        format!(r#"{{"MediaContainer":"{all}","authToken":"{all}"}}"#),
        format!(r#"{{"MediaContainer":{{"Device":"{all}","{all}":1"#),
        format!(r#"["{all}"]"#),
        format!("\"{all}\""),
        all,
        String::new(),
    ]
}

pub(crate) const STATUSES: [u16; 16] =
    [200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 422, 429, 498, 500, 502, 503];

/// Returns a response with this body, and with the token in several headers.
pub(crate) fn response(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header(
            "location",
            format!("https://elsewhere.example/{TOKEN}?X-Plex-Token={TOKEN}#{TOKEN}"),
        )
        .header("retry-after", TOKEN)
        .header("x-echo", TOKEN)
        .body(body.as_bytes().to_vec())
        .unwrap()
}
