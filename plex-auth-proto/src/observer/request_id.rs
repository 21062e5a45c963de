//! The response's `x-request-id`. The server chooses it, so it could repeat a secret from the
//! request.

use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::call::Outgoing;

const REQUEST_ID: &str = "x-request-id";

/// The maximum length of an ID. Plex's are UUIDs of 36 characters.
const MAX_LENGTH: usize = 128;

/// The maximum size of a body that is searched. It is limited because the search runs for each
/// attempt. The body of a sign-in request is usually about 100 bytes long, and a body that contains
/// a device's JWT is about 500 bytes long.
const MAX_SEARCHED_BODY: usize = 16 * 1024;

/// The number of consecutive bytes that an ID must not have in common with a secret. The
/// probability that two random UUIDs have eight in common is about 1 in 90,000.
const COMMON_LENGTH: usize = 8;

/// The minimum length of a short secret. A secret of at least this length, but shorter than
/// [`COMMON_LENGTH`], must not occur as a whole in an ID. A Home PIN has four digits.
const MIN_LENGTH: usize = 4;

/// The secrets of a request, which a displayed ID must not repeat.
pub(super) struct RequestIdFilter {
    /// `None` if the body is too large to be searched. In that case, no ID is displayed.
    secrets: Option<Zeroizing<Vec<u8>>>,
}

impl RequestIdFilter {
    pub(super) fn new(outgoing: &Outgoing) -> Self {
        let request = outgoing.request();
        let body = request.body().as_ref();
        if body.len() > MAX_SEARCHED_BODY {
            return Self { secrets: None };
        }
        let headers = request.headers().values().filter(|value| value.is_sensitive());
        let mut parts: Vec<&[u8]> = headers.map(HeaderValue::as_bytes).collect();
        if let Some(target) = request.uri().path_and_query().filter(|_| outgoing.has_secret_url()) {
            parts.push(target.as_str().as_bytes());
        }
        parts.push(body);
        // The capacity is reserved in advance, because growing would leave a copy in memory.
        let length = parts.iter().map(|part| 2 * (part.len() + 1)).sum();
        let mut secrets = Zeroizing::new(Vec::with_capacity(length));
        for part in parts {
            secrets.extend_from_slice(part);
            secrets.push(b'\n');
            // The server may have decoded a form or a URL.
            secrets.extend(percent_decoded(part));
            secrets.push(b'\n');
        }
        Self { secrets: Some(secrets) }
    }

    /// Returns the ID if it is safe to display.
    pub(super) fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let id = headers.get(REQUEST_ID)?.as_bytes();
        let is_plain = (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
        if !is_plain || repeats(self.secrets.as_ref()?, id) {
            return None;
        }
        String::from_utf8(id.to_vec()).ok()
    }
}

/// Returns whether the ID repeats part of a secret.
fn repeats(secrets: &[u8], id: &[u8]) -> bool {
    let has = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|window| window == part);
    id.windows(COMMON_LENGTH.min(id.len())).any(|common| has(secrets, common))
        || secrets
            .split(|byte| !byte.is_ascii_alphanumeric())
            .any(|value| (MIN_LENGTH..COMMON_LENGTH).contains(&value.len()) && has(id, value))
}

fn percent_decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
        if let [b'%', high, low, after @ ..] = rest {
            if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                rest = after;
                return Some(high * 16 + low);
            }
        }
        let (first, after) = rest.split_first()?;
        rest = after;
        Some(*first)
    })
}
