//! Conversion of response bodies into values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::de::StrRead;
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};
use zeroize::Zeroizing;

use crate::wire::content::Content;
use crate::wire::field_path::FieldPath;
use crate::wire::lenient::{Budget, List, Object, Value};
use crate::wire::{old_json, repair, xml};

/// A function that converts a body into a `T`. It can capture details of the request. Without
/// captures, the box does not allocate.
pub(crate) type Decode<T> = Box<dyn Fn(&[u8]) -> Result<Decoded<T>, DecodeError> + Send + Sync>;

/// A parsed value.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    /// The field that differs from the request, if any. The response may still be correct.
    pub(crate) doubtful: Option<&'static str>,
}

impl<T> Decoded<T> {
    pub(crate) fn of(value: T) -> Self {
        Self { value, doubtful: None }
    }

    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Decoded<U> {
        Decoded { value: make(self.value), doubtful: self.doubtful }
    }
}

/// The reason that a body cannot be used.
#[derive(Debug)]
pub(crate) enum DecodeError {
    Content(Content),
    Shape {
        path: FieldPath,
        problem: &'static str,
    },
    /// The response is for a different request: the field at `path` does not match.
    Mismatch {
        path: &'static str,
    },
}

impl DecodeError {
    pub(crate) fn shape(path: &'static str, problem: &'static str) -> Self {
        Self::Shape { path: FieldPath::known(path), problem }
    }
}

/// Parses JSON into the caller's own type. This is strict: a value that does not fit is an error.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let body = trim(body);
    serde_json::from_slice(body).or_else(|error| {
        if error.classify() != Category::Data {
            return Err(not_json(body));
        }
        // The body is parsed again only to name the field, because tracking the path every time
        // would make parsing 50% slower.
        let mut again = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut again).map_err(shape_error)
    })
}

/// Parses a JSON list. Returns the elements and whether all of them could be read. Anything other
/// than a list is an error: if there are no elements, the server sends an empty list.
pub(crate) fn list<T: for<'de> Value<'de>>(body: &[u8]) -> Result<(Vec<T>, bool), DecodeError> {
    read_or_repair(body, body.len(), "is not a list", |json, budget| {
        json.deserialize_seq(List::new(budget))
    })
}

type Reader<'de> = serde_json::Deserializer<StrRead<'de>>;

/// Parses the body with `read` or, if that fails, parses a repaired copy of the body. If the copy
/// cannot be read either, the error contains `problem`. `length` is the length of the original
/// response, which may have been converted to get `body`.
fn read_or_repair<T>(
    body: &[u8],
    length: usize,
    problem: &'static str,
    read: impl Fn(&mut Reader<'_>, &Budget) -> Result<T, serde_json::Error>,
) -> Result<T, DecodeError> {
    let body = trim(body);
    let text = text(body);
    let once = |text: &str| {
        let mut json = serde_json::Deserializer::from_str(text);
        let value = read(&mut json, &Budget::of_document(length))?;
        json.end().map(|()| value)
    };
    once(&text).or_else(|_| {
        let repaired = repair::repaired(&text).map_err(|_| not_json(body))?;
        once(&repaired).map_err(|_| DecodeError::shape(".", problem))
    })
}

/// Parses a JSON object. Returns `None` if a field that `T` requires is missing or unreadable.
pub(crate) fn object<T: for<'de> Value<'de>>(body: &[u8]) -> Result<Option<T>, DecodeError> {
    converted_object(body, body.len())
}

/// Parses a JSON object that was converted from a response of this length.
fn converted_object<T: for<'de> Value<'de>>(
    body: &[u8],
    length: usize,
) -> Result<Option<T>, DecodeError> {
    read_or_repair(body, length, "is not an object", |json, budget| {
        json.deserialize_map(Object::new(budget))
    })
}

/// Parses a JSON object. If `is_missing` returns true for the result, the document must at least
/// have the member `member`. A document without that member is rejected, because it is a different
/// kind of document, such as one of Plex's errors.
pub(crate) fn object_with<T: for<'de> Value<'de> + Default>(
    body: &[u8],
    member: &'static str,
    is_missing: impl Fn(&T) -> bool,
) -> Result<T, DecodeError> {
    let object = object(body)?.unwrap_or_default();
    if is_missing(&object) && !has_member(body, member) {
        return Err(DecodeError::shape(member, "is missing"));
    }
    Ok(object)
}

fn has_member(body: &[u8], member: &str) -> bool {
    let text = text(trim(body));
    serde_json::Deserializer::from_str(&text).deserialize_map(Member(member)).unwrap_or(false)
}

/// A visitor that returns whether an object has this member. An unreadable key counts as a
/// different one.
struct Member<'a>(&'a str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some((key, IgnoredAny)) = map.next_entry::<&RawValue, IgnoredAny>()? {
            found |= serde_json::from_str::<String>(key.get()).is_ok_and(|key| key == self.0);
        }
        Ok(found)
    }
}

/// Parses a JSON object, or the equivalent XML document with a root named `root`. If `envelope` is
/// set, the JSON form is wrapped in a member named `root`, or uses the format of very old servers.
pub(crate) fn object_or_xml<T: for<'de> Value<'de>>(
    body: &[u8],
    root: &str,
    envelope: bool,
) -> Result<Option<T>, DecodeError> {
    let body = trim(body);
    if body.first() != Some(&b'<') {
        let converted = envelope.then(|| old_json::converted(&text(body), root)).flatten();
        let json = converted.as_ref().map_or(body, |converted| converted.as_bytes());
        return converted_object(json, body.len());
    }
    let content = Zeroizing::new(xml::read(&text(body), root).map_err(foreign)?);
    if !envelope {
        return converted_object(content.as_bytes(), body.len());
    }
    let content = Zeroizing::new(format!(r#"{{"{root}":{}}}"#, *content));
    converted_object(content.as_bytes(), body.len())
}

/// Accepts any body for a call without output, except a web page that is not from a media server.
/// Such a page is from a proxy, and does not prove that the operation was carried out.
pub(crate) fn nothing(body: &[u8]) -> Result<(), DecodeError> {
    let body = trim(body);
    // Media servers send a page for each status, with the status as its heading.
    let is_own_page = |page: &str| page.contains("<h1>200 OK</h1>");
    match body.first() {
        Some(b'<') if xml::looks_like_html(&text(body)) && !is_own_page(&text(body)) => {
            Err(DecodeError::Content(Content::Html))
        }
        _ => Ok(()),
    }
}

/// Returns the text of an XML document that consists of a single element without attributes,
/// whatever its name. Returns `None` for any other document and for a web page.
pub(crate) fn text_of_xml(body: &[u8]) -> Option<String> {
    xml::text(&text(trim(body)))
}

/// Classifies a body that is not JSON.
fn not_json(body: &[u8]) -> DecodeError {
    DecodeError::Content(match body.first() {
        None => Content::Empty,
        Some(b'<') => {
            return xml::read(&text(body), "")
                .map_or_else(foreign, |_| DecodeError::Content(Content::Xml));
        }
        Some(b'{' | b'[' | b'"') => Content::BrokenJson,
        Some(_) => Content::Other,
    })
}

fn foreign(foreign: xml::Foreign) -> DecodeError {
    DecodeError::Content(match foreign {
        xml::Foreign::Html => Content::Html,
        xml::Foreign::Other => Content::Xml,
    })
}

/// Converts the error, but drops its message, which quotes values.
fn shape_error(error: serde_path_to_error::Error<serde_json::Error>) -> DecodeError {
    DecodeError::Shape {
        path: FieldPath::received(redacted_path(error.path())),
        problem: "has an unexpected type or value, or lacks a required field",
    }
}

/// Returns whether a key chosen by the server may be kept in a field path. A key with a digit could
/// be a token.
fn is_safe_to_show(key: &str) -> bool {
    key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte))
}

/// Returns the path with `*` in place of keys that could be data. The server can choose the keys of
/// a map.
fn redacted_path(path: &Path) -> String {
    let segments = path.iter().take(MAX_PATH_SEGMENTS).map(|segment| match segment {
        Segment::Map { key } if is_safe_to_show(key) => key.clone(),
        Segment::Seq { index } => index.to_string(),
        Segment::Enum { variant } if is_safe_to_show(variant) => variant.clone(),
        _ => "*".to_owned(),
    });
    let shown = segments.collect::<Vec<_>>().join(".");
    if shown.is_empty() { ".".to_owned() } else { shown }
}

/// The maximum number of displayed path segments.
const MAX_PATH_SEGMENTS: usize = 16;

/// Strips whitespace and the byte order mark that some servers prepend.
fn trim(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii();
    body.strip_prefix(b"\xef\xbb\xbf").map_or(body, <[u8]>::trim_ascii_start)
}

/// Converts the body to text. Invalid UTF-8 is replaced instead of causing an error. Validating the
/// whole body in one pass takes a fraction of the time that a JSON parser needs to validate each
/// string.
fn text(body: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}
