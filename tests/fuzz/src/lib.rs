//! What the fuzz targets share: the calls whose answers are made up, answers and fields out of bytes, what a
//! JSON document says as `serde_json` alone reads it, and what holds of every error.
//!
//! `.ci/run` runs each target for two seconds, and `.ci/run full` for a minute. To run one for an hour with the stable
//! compiler, keeping its corpus:
//!
//! ```sh
//! mkdir -p target/ci/fuzz/corpus/account
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/ci/fuzz/target --sanitizer none account \
//!     target/ci/fuzz/corpus/account tests/fuzz/seeds/account -- -max_total_time=3600
//! ```
//!
//! A new target is a file in `fuzz_targets`, a `[[bin]]` in `Cargo.toml` and a folder of seeds: few, small, made up.
//! The core is used through its public API alone, so that what is found can be had by any caller or any server.

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

/// The token that every request carries which carries one. All of it could be a name, so that nothing hides it by
/// chance.
pub const TOKEN: &str = "t0kenOfRosa4711AbCdE";

/// The password of every sign-in.
pub const PASSWORD: &str = "pa55-of-R0sa";

/// The byte that stands for [`TOKEN`] in an [`answer`]: a server can send back what it was sent.
const TOKEN_MARK: u8 = 0x14;

/// The byte that stands for [`PASSWORD`] in an [`answer`].
const PASSWORD_MARK: u8 = 0x10;

/// Reads the answer to a sign-in.
pub static SIGN_IN: LazyLock<Reply<SignedIn>> = LazyLock::new(|| {
    let credentials = Credentials::new("rosa", PASSWORD).expect("the password is one");
    reply(plex_tv().sign_in(&credentials))
});

/// Reads the details of [`TOKEN`].
pub static TOKEN_DETAILS: LazyLock<Reply<Account>> =
    LazyLock::new(|| reply(plex_tv().token_details(&token()).own_connection()));

/// Reads the details of [`TOKEN`] where they are no more than 100 bytes.
pub static SHORT_TOKEN_DETAILS: LazyLock<Reply<Account>> =
    LazyLock::new(|| reply(plex_tv().token_details(&token()).own_connection().max_body_size(100)));

/// The number of the PIN that is polled.
pub const PIN: u64 = 2_147_483_650;

/// Reads the answer that makes a PIN.
pub static NEW_PIN: LazyLock<Reply<StrongPin>> =
    LazyLock::new(|| reply(plex_tv().create_strong_pin()));

/// Reads what has become of [`PIN`].
pub static POLLED_PIN: LazyLock<Reply<PinState>> =
    LazyLock::new(|| reply(plex_tv().poll_pin(&PinId::new(PIN))));

/// Reads a transient token.
pub static TRANSIENT_TOKEN: LazyLock<Reply<TransientToken>> =
    LazyLock::new(|| reply(server().transient_token(TokenType::Delegation, Scope::All)));

/// Reads how a source is reached.
pub static SOURCE: LazyLock<Reply<SourceConnectionInformation>> = LazyLock::new(|| {
    let source = "server://5f0e1c2d".parse().expect("the source is one");
    reply(server().source_connection_information(&source))
});

/// Reads the answer to a call of the caller's own, whose keys are the server's.
pub static OWN: LazyLock<Reply<BTreeMap<String, u32>>> = LazyLock::new(|| {
    let request = plex_tv().request(Method::GET, "/ping");
    let request = request.header("x-plex-token", &token()).body(());
    reply(Call::json("getPing", request.expect("the request is one")).host(Host::PlexTv))
});

fn reply<T>(call: Call<T>) -> Reply<T> {
    call.into_parts().1
}

/// An identity with the one field that it needs.
pub fn me() -> ClientIdentity {
    let identity = ClientIdentity::builder("id").build();
    identity.expect("the identifier is one")
}

/// [`TOKEN`] as a token.
pub fn token() -> Token {
    Token::new(TOKEN).expect("the token is one")
}

/// The real plex.tv.
pub fn plex_tv() -> PlexTv {
    PlexTv::new(me())
}

/// A media server at an address of its owner's.
pub fn server() -> MediaServer {
    let url = "http://10.0.0.7:32400".parse();
    MediaServer::new(me(), url.expect("the URL is one"), token())
}

/// A success of one of all the statuses that are, with `body`.
pub fn success(body: &[u8]) -> Response<&[u8]> {
    let mut response = Response::new(body);
    *response.status_mut() = status(200 + body.len() % 100);
    response
}

/// An answer as it would stand on the wire: a line with the status, header lines, a blank line, the body.
///
/// Only the headers that the core looks at are taken. The bytes 0x14 and 0x10 stand for the secrets of the request.
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

/// The first line, and what stands behind it.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// Texts out of bytes: the first byte is the one that separates the others, so that any byte can be inside.
pub fn texts(data: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let (separator, rest) = data.split_first().unwrap_or((&b'\n', &[]));
    rest.split(move |byte| byte == separator).map(String::from_utf8_lossy)
}

/// A body as text, as the core takes it: without a byte order mark and the white space around.
pub fn text(body: &[u8]) -> Cow<'_, str> {
    let body = body.trim_ascii();
    let body = body.strip_prefix(b"\xef\xbb\xbf").map_or(body, <[u8]>::trim_ascii_start);
    String::from_utf8_lossy(body)
}

/// What has more bytes can have more elements than the core keeps.
pub const LARGE: usize = 16 * 1024;

/// What a body says to `serde_json` alone; `None` where that cannot read all of it or would take a key for a mark of
/// its own, where a key comes twice, and where the body is so [large](LARGE) that the core leaves a part out.
pub fn json(body: &[u8]) -> Option<Value> {
    let text = text(body);
    if text.len() > LARGE || text.contains("serde_json") {
        return None;
    }
    serde_json::from_str::<Unambiguous>(&text).ok().map(|Unambiguous(value)| value)
}

/// The text that a field holds: numbers and booleans are written out, and an empty text is none.
pub fn text_in(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(whole(number).unwrap_or(number.to_string())),
        // The text of the one character stands for what could not be read.
        Value::String(text) if !text.is_empty() && text != "\u{7f}" => Some(text.clone()),
        _ => None,
    }
}

/// The token that a field holds: text or a whole number that can be one.
pub fn token_in(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => whole(number)?,
        Value::String(text) => text.clone(),
        _ => return None,
    };
    Some(Token::new(text).ok()?.expose().to_owned())
}

/// A number without a fraction, in digits.
fn whole(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let number = number.as_f64()?;
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then(|| (number as i64).to_string())
}

/// How many levels of lists and objects there are.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// `text` for a place between quotes in XML; `None` where XML has no way to write it, and where the core bounds it:
/// tags are short, and namespaces few.
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
