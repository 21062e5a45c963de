//! Code that the fuzz targets share: the core's response parsers, functions that turn bytes into
//! responses and fields, functions that parse JSON with `serde_json`, and checks for every error.
//!
//! `.ci/run` checks that the targets compile, and `.ci/run full` runs each for a minute. To run one
//! target for an hour with the stable compiler and keep its corpus:
//!
//! ```sh
//! mkdir -p target/ci/fuzz/corpus/account
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/ci/fuzz/target --sanitizer none account \
//!     target/ci/fuzz/corpus/account tests/fuzz/seeds/account -- -max_total_time=3600
//! ```
//!
//! To add a target, add a file to `fuzz_targets`, a `[[bin]]` to `Cargo.toml`, and a folder with a
//! few small, made-up seeds. The targets use only the core's public API, so that every bug that
//! they find can be triggered by a caller or a server.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use plex_auth_proto::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use plex_auth_proto::pin::{PinId, PinState, StrongPin};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, Host, MediaServer, PlexTv, Reply, SignedIn,
    SourceConnectionInformation, Token, TransientToken,
};
use serde_json::{Number, Value};

mod error;
mod unambiguous;

pub use error::check_error;
use unambiguous::Unambiguous;

/// The token in every request that carries a token. It contains no special characters, so that
/// escaping cannot hide it.
pub const TOKEN: &str = "t0kenOfRosa4711AbCdE";

/// The password used in every sign-in.
pub const PASSWORD: &str = "pa55-of-R0sa";

/// The byte that [`answer`] replaces with [`TOKEN`], because a server may send back any part of the
/// request.
const TOKEN_MARK: u8 = 0x14;

/// The byte that [`answer`] replaces with [`PASSWORD`].
const PASSWORD_MARK: u8 = 0x10;

/// The parser for the response to a sign-in.
pub static SIGN_IN: LazyLock<Reply<SignedIn>> = LazyLock::new(|| {
    let credentials = Credentials::new("rosa", PASSWORD).expect("the password is one");
    reply(plex_tv().sign_in(&credentials))
});

/// The parser for the details of [`TOKEN`].
pub static TOKEN_DETAILS: LazyLock<Reply<Account>> =
    LazyLock::new(|| reply(plex_tv().token_details(&token()).own_connection()));

/// The parser for the details of [`TOKEN`], with a limit of 100 bytes.
pub static SHORT_TOKEN_DETAILS: LazyLock<Reply<Account>> =
    LazyLock::new(|| reply(plex_tv().token_details(&token()).own_connection().max_body_size(100)));

/// The ID of the polled PIN.
pub const PIN: u64 = 2_147_483_650;

/// The parser for the response to creating a PIN.
pub static NEW_PIN: LazyLock<Reply<StrongPin>> =
    LazyLock::new(|| reply(plex_tv().create_strong_pin()));

/// The parser for the state of [`PIN`].
pub static POLLED_PIN: LazyLock<Reply<PinState>> =
    LazyLock::new(|| reply(plex_tv().poll_pin(&PinId::new(PIN))));

/// The parser for a transient token.
pub static TRANSIENT_TOKEN: LazyLock<Reply<TransientToken>> =
    LazyLock::new(|| reply(server().transient_token(TokenType::Delegation, Scope::All)));

/// The parser for the connections of a source.
pub static SOURCE: LazyLock<Reply<SourceConnectionInformation>> = LazyLock::new(|| {
    let source = "server://5f0e1c2d".parse().expect("the source is one");
    reply(server().source_connection_information(&source))
});

/// The parser for the response to a custom call: a map whose keys the server chooses.
pub static OWN: LazyLock<Reply<BTreeMap<String, u32>>> = LazyLock::new(|| {
    let request = plex_tv().request(Method::GET, "/ping");
    let request = request.header("x-plex-token", &token()).body(());
    reply(Call::json("getPing", request.expect("the request is one")).host(Host::PlexTv))
});

fn reply<T>(call: Call<T>) -> Reply<T> {
    call.into_parts().1
}

/// Returns an identity with only the required field.
pub fn me() -> ClientIdentity {
    let identity = ClientIdentity::builder("id").build();
    identity.expect("the identifier is one")
}

/// Returns a [`Token`] that contains [`TOKEN`].
pub fn token() -> Token {
    Token::new(TOKEN).expect("the token is one")
}

/// Returns a [`PlexTv`] for the real plex.tv.
pub fn plex_tv() -> PlexTv {
    PlexTv::new(me())
}

/// Returns a media server at a private address.
pub fn server() -> MediaServer {
    let url = "http://10.0.0.7:32400".parse();
    MediaServer::new(me(), url.expect("the URL is one"), token())
}

/// Returns a successful response with `body`. The status depends on the length of the body.
pub fn success(body: &[u8]) -> Response<&[u8]> {
    let mut response = Response::new(body);
    *response.status_mut() = status(200 + body.len() % 100);
    response
}

/// Makes a response from bytes: a line with the status, header lines, a blank line, and the body.
///
/// Headers that the core does not read are ignored. The bytes 0x14 and 0x10 are replaced with the
/// request's token and password.
pub fn answer(data: &[u8]) -> Response<Vec<u8>> {
    let (first, mut rest) = line(data);
    let mut response = Response::new(Vec::new());
    let number = std::str::from_utf8(first)
        .ok()
        .and_then(|first| first.trim().parse().ok())
        .filter(|number| (100..1000).contains(number));
    *response.status_mut() = status(number.unwrap_or(100 + data.len() % 900));
    loop {
        let (header, behind) = line(rest);
        rest = behind;
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = read_header(header) {
            response.headers_mut().append(name, value);
        }
    }
    *response.body_mut() = with_secrets(rest);
    response
}

fn read_header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    const KNOWN: [&str; 5] =
        ["content-encoding", "content-length", "content-type", "location", "retry-after"];
    KNOWN.into_iter().find_map(|name| {
        let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        let value = HeaderValue::from_bytes(&with_secrets(value.trim_ascii_start())).ok()?;
        Some((HeaderName::from_static(name), value))
    })
}

fn with_secrets(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match *byte {
            TOKEN_MARK => all.extend_from_slice(TOKEN.as_bytes()),
            PASSWORD_MARK => all.extend_from_slice(PASSWORD.as_bytes()),
            byte => all.push(byte),
        }
    }
    all
}

fn status(number: usize) -> StatusCode {
    let number = u16::try_from(number).ok();
    let status = number.and_then(|number| StatusCode::from_u16(number).ok());
    status.expect("every number of three digits is a status")
}

/// Returns the first line, and everything after its line break.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// Splits bytes into strings. The first byte is the separator, so that the strings can contain any
/// other byte.
pub fn texts(data: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let (separator, rest) = data.split_first().unwrap_or((&b'\n', &[]));
    rest.split(move |byte| byte == separator).map(String::from_utf8_lossy)
}

/// Returns a body as text, as the core reads it: without a byte order mark or surrounding
/// whitespace.
pub fn text(body: &[u8]) -> Cow<'_, str> {
    let body = body.trim_ascii();
    let body = body.strip_prefix(b"\xef\xbb\xbf").map_or(body, <[u8]>::trim_ascii_start);
    String::from_utf8_lossy(body)
}

/// The length in bytes above which a body is not checked in detail, because it may have more
/// elements than the core keeps. A shorter body may, too, if its elements are very small.
pub const LARGE: usize = 16 * 1024;

/// Parses a body with `serde_json`. Returns `None` if the body is not valid JSON, contains a
/// repeated key, may contain a key that `serde_json` reserves for itself, or is so [large](LARGE)
/// that the core may omit a part of it.
pub fn json(body: &[u8]) -> Option<Value> {
    let text = text(body);
    if text.len() > LARGE || text.contains("serde_json") {
        return None;
    }
    serde_json::from_str::<Unambiguous>(&text).ok().map(|Unambiguous(value)| value)
}

/// Returns the text in a field. Numbers and booleans are converted to text, and an empty string
/// counts as absent.
pub fn text_in(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(whole(number).unwrap_or(number.to_string())),
        // The core uses this one character to stand for an unreadable value.
        Value::String(text) if !text.is_empty() && text != "\u{7f}" => Some(text.clone()),
        _ => None,
    }
}

/// Returns the token in a field, if its value is text or an integer that is a valid token.
pub fn token_in(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => whole(number)?,
        Value::String(text) => text.clone(),
        _ => return None,
    };
    Some(Token::new(text).ok()?.expose().to_owned())
}

/// Returns the digits of a number, if it is an integer.
fn whole(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let number = number.as_f64()?;
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then(|| (number as i64).to_string())
}

/// Returns how deeply lists and objects are nested.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Escapes `text` as an XML attribute value. Returns `None` if XML cannot represent the text, if
/// the escaped text has `longest` or more bytes, or if the core could mistake the text for
/// namespace declarations.
pub fn xml_attribute(text: &str, longest: usize) -> Option<String> {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\u{fffe}' | '\u{ffff}' => return None,
            '\t' | '\n' | '\r' | '<' | '&' | '"' | '\'' => {
                escaped += &format!("&#{};", u32::from(character));
            }
            '\0'..' ' => return None,
            _ => escaped.push(character),
        }
    }
    (escaped.len() < longest && !text.contains("xmlns")).then_some(escaped)
}
