//! A request, with accessors for the handlers.

use http::Request;
use serde_json::Value;

/// A request and its arrival time.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    request: &'a Request<Vec<u8>>,
    now: u64,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(request: &'a Request<Vec<u8>>, now: u64) -> Self {
        Self { request, now }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn method(&self) -> &'a str {
        self.request.method().as_str()
    }

    pub(crate) fn path(&self) -> &'a str {
        self.request.uri().path()
    }

    /// Returns the base URL of the requested host, without a trailing slash.
    pub(crate) fn base_url(&self) -> String {
        let uri = self.request.uri();
        let host = uri.authority().map(|authority| authority.as_str()).or(self.header("host"));
        format!("{}://{}", uri.scheme_str().unwrap_or("http"), host.unwrap_or("localhost"))
    }

    /// Returns a header, if it is present, readable and not blank.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let value = self.request.headers().get(name)?.to_str().ok()?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns the request's client identifier, or an empty string.
    pub(crate) fn identifier(&self) -> &'a str {
        self.header("x-plex-client-identifier").unwrap_or_default()
    }

    /// Returns a decoded query parameter, if it is present and not blank.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.request.uri().query()?;
        let (_, value) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?;
        Some(value.into_owned()).filter(|value| !value.trim().is_empty())
    }

    /// Returns the token from the header or from the query; Plex accepts both.
    pub(crate) fn token(&self) -> Option<String> {
        let header = self.header("x-plex-token").map(str::to_owned);
        header.or_else(|| self.parameter("X-Plex-Token"))
    }

    /// Returns whether the response must be JSON rather than XML. This requires a single `Accept`
    /// header with exactly the value `application/json`.
    pub(crate) fn wants_json(&self) -> bool {
        let mut accept = self.request.headers().get_all("accept").iter();
        accept.next().is_some_and(|value| value == "application/json") && accept.next().is_none()
    }

    /// Returns the JSON body, or `None` if the body is not valid JSON or the content type is not
    /// `application/json`.
    pub(crate) fn json(&self) -> Option<Value> {
        let kind = self.header("content-type")?.split(';').next()?.trim();
        let is_json = kind.eq_ignore_ascii_case("application/json");
        serde_json::from_slice(self.request.body()).ok().filter(|_| is_json)
    }

    /// Returns the fields of a form body, or `None` if the content type is not
    /// `application/x-www-form-urlencoded` or the body is not correctly encoded.
    pub(crate) fn form(&self) -> Option<Form> {
        let kind = self.header("content-type")?.split(';').next()?.trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return None;
        }
        let body = std::str::from_utf8(self.request.body()).ok()?;
        is_well_encoded(body)
            .then(|| Form(form_urlencoded::parse(body.as_bytes()).into_owned().collect()))
    }
}

/// A decoded form body.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Returns the value of a field, if it occurs exactly once.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values =
            self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// Returns whether a field is present.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}

/// Returns whether the body is printable ASCII without spaces, with `%` only before two hex digits,
/// and UTF-8 after decoding.
fn is_well_encoded(body: &str) -> bool {
    let plain = body.bytes().all(|byte| byte.is_ascii_graphic());
    let escapes = body
        .split('%')
        .skip(1)
        .all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    // The decoder replaces bytes that are not UTF-8 with U+FFFD, but the text may also contain that
    // character itself.
    let replaced = |text: &str| text.matches('\u{fffd}').count();
    let decoded: usize = form_urlencoded::parse(body.as_bytes())
        .map(|(key, value)| replaced(&key) + replaced(&value))
        .sum();
    plain && escapes && decoded == body.to_ascii_uppercase().matches("%EF%BF%BD").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_form_encoding_is_detected() {
        for right in ["", "a=b&c=d", "a=b+c%20d", "a=%F0%9F%98%80", "a=%EF%BF%BD"] {
            assert!(is_well_encoded(right), "{right}");
        }
        for wrong in ["a=b c", "a=%", "a=%4", "a=%zz", "a=%FF", "a=\u{e9}", "a=\r\n"] {
            assert!(!is_well_encoded(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_one_exact_accept_header_asks_for_json() {
        let wants = |accepts: &[&str]| {
            let mut request = Request::get("/user");
            for accept in accepts {
                request = request.header("accept", *accept);
            }
            Ask::new(&request.body(Vec::new()).unwrap(), 0).wants_json()
        };
        assert!(wants(&["application/json"]));
        assert!(!wants(&[]));
        assert!(!wants(&["application/json, text/plain, */*"]));
        assert!(!wants(&["application/json", "application/json"]));
        assert!(!wants(&["*/*"]));
    }
}
