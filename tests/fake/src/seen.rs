//! The record of requests that reached the fake.

use std::fmt;

use http::{HeaderMap, Method, Request};

/// A request that reached a fake, recorded for inspection.
///
/// All of its data is fictional, so `Debug` shows everything, including tokens and passwords.
#[derive(Clone)]
#[non_exhaustive]
pub struct Seen {
    /// The HTTP method.
    pub method: Method,
    /// The path and query, unchanged.
    pub target: String,
    /// The headers, including repeated ones.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Seen {
    pub(crate) fn from_request(request: &Request<Vec<u8>>) -> Self {
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        Self {
            method: request.method().clone(),
            target: target.to_owned(),
            headers: request.headers().clone(),
            body: request.body().clone(),
        }
    }

    /// Returns the approximate size in bytes.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        512 + self.target.len() + self.body.len() + headers.sum::<usize>()
    }

    /// Returns the target without its query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Returns the decoded query parameters, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// Returns the decoded fields of a form body, in order.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Returns the decoded value of the first field with this name in the form body, if there is
    /// one.
    pub fn form_field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Returns the value of the first header with this name. Returns `None` if there is no such
    /// header or its value is not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, target, headers, body } = self;
        f.debug_struct("Seen")
            .field("method", method)
            .field("target", target)
            .field("headers", headers)
            .field("body", &String::from_utf8_lossy(body))
            .finish()
    }
}

/// The most recent requests.
#[derive(Debug, Default)]
pub(crate) struct Record {
    requests: Vec<Seen>,
    bytes: usize,
    forgotten: usize,
}

// Enough for tens of thousands of requests in a load test, yet little memory for a fake that runs
// for days.
const MAX_BYTES: usize = 64 * 1024 * 1024;

impl Record {
    /// Adds a request. If the record would become too large, drops the oldest requests until it is
    /// about half full, so that this happens rarely.
    pub(crate) fn add(&mut self, seen: Seen) {
        let size = seen.size();
        if self.bytes.saturating_add(size) > MAX_BYTES {
            let mut kept = self.bytes;
            let sizes = self.requests.iter().map(Seen::size);
            let old = sizes.take_while(|old| {
                let is_dropped = kept + size > MAX_BYTES / 2;
                kept -= if is_dropped { *old } else { 0 };
                is_dropped
            });
            let old = old.count();
            self.forgotten += old;
            self.requests.drain(..old);
            self.bytes = kept;
        }
        self.bytes += size;
        self.requests.push(seen);
    }

    pub(crate) fn requests(&self) -> &[Seen] {
        &self.requests
    }

    /// Returns the number of requests that were added, including those that are no longer recorded.
    pub(crate) fn count(&self) -> usize {
        self.forgotten + self.requests.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_form_are_decoded() {
        let request = Request::post("https://plex.example/a?b=c%20d&e=f%26g")
            .header("X-One", "1")
            .body(b"login=rosa&password=a%26b%3Dc%2Bd".to_vec())
            .unwrap();
        let seen = Seen::from_request(&request);

        assert_eq!(seen.path(), "/a");
        assert_eq!(seen.target, "/a?b=c%20d&e=f%26g");
        assert_eq!(seen.query(), [("b".into(), "c d".into()), ("e".into(), "f&g".into())]);
        assert_eq!(seen.form_field("password").unwrap(), "a&b=c+d");
        assert_eq!(seen.header("x-one"), Some("1"));
    }
}
