//! From the bytes of a success to a value.

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

/// How a body becomes a `T`. It can hold what the request was about; one that holds nothing takes no memory.
pub(crate) type Decode<T> = Box<dyn Fn(&[u8]) -> Result<Decoded<T>, DecodeError> + Send + Sync>;

/// A value that was read.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    /// The field that differs from what was requested, although a correct response may differ in it, too.
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

/// What is wrong with a body.
#[derive(Debug)]
pub(crate) enum DecodeError {
    Content(Content),
    Shape {
        path: FieldPath,
        problem: &'static str,
    },
    /// The response to another request, by this field.
    Mismatch {
        path: &'static str,
    },
}

impl DecodeError {
    pub(crate) fn shape(path: &'static str, problem: &'static str) -> Self {
        Self::Shape { path: FieldPath::known(path), problem }
    }
}

/// Reads JSON of a kind of the caller's, exactly: what does not fit is an error and not left out.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let body = trim(body);
    serde_json::from_slice(body).or_else(|error| {
        if error.classify() != Category::Data {
            return Err(not_json(body));
        }
        // Once more, only to name the field: that costs half as much again as reading it.
        let mut again = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut again).map_err(shape_error)
    })
}

/// Reads a JSON list; `false` beside it where some of its elements could not be read. Anything else is a
/// fault: that nothing is there is said by a list without elements.
pub(crate) fn list<T: for<'de> Value<'de>>(body: &[u8]) -> Result<(Vec<T>, bool), DecodeError> {
    read_or_repair(body, body.len(), "is not a list", |json, budget| {
        json.deserialize_seq(List::new(budget))
    })
}

type Reader<'de> = serde_json::Deserializer<StrRead<'de>>;

/// Reads the body as `read` does, and repaired if that fails. If it still is not a `T`, the error has this problem.
/// `length` is that of the response, of which the body can be a conversion.
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

/// Reads a JSON object.
pub(crate) fn object<T: for<'de> Value<'de>>(body: &[u8]) -> Result<Option<T>, DecodeError> {
    converted_object(body, body.len())
}

/// Reads a JSON object that was made from a response of this length.
fn converted_object<T: for<'de> Value<'de>>(
    body: &[u8],
    length: usize,
) -> Result<Option<T>, DecodeError> {
    read_or_repair(body, length, "is not an object", |json, budget| {
        json.deserialize_map(Object::new(budget))
    })
}

/// Reads a JSON object. One that is empty by `is_missing` must have this member, or it is another document, such as
/// one of Plex's errors.
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

/// Visits an object, and returns whether it has this member. A key that cannot be read is another one.
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

/// Reads a JSON object, or the XML that stands for it, whose root is called `root`; the JSON form has
/// that name around it where it is an `envelope`, or is that of very old servers.
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
    let content = Zeroizing::new(xml::read(&text(body), root).map_err(not_ours)?);
    if !envelope {
        return converted_object(content.as_bytes(), body.len());
    }
    let content = Zeroizing::new(format!(r#"{{"{root}":{}}}"#, *content));
    converted_object(content.as_bytes(), body.len())
}

/// Reads an answer of which nothing is wanted but that it is Plex's: any but a web page. A page with the status
/// of a success is a proxy's, and does not say that anything was done.
pub(crate) fn nothing(body: &[u8]) -> Result<(), DecodeError> {
    let body = trim(body);
    // Media servers have a page for each status, which says it.
    let is_own_page = |page: &str| page.contains("<h1>200 OK</h1>");
    match body.first() {
        Some(b'<') if xml::looks_like_html(&text(body)) && !is_own_page(&text(body)) => {
            Err(DecodeError::Content(Content::Html))
        }
        _ => Ok(()),
    }
}

/// The text of an XML document that has nothing else, whatever its one element is called.
pub(crate) fn text_of_xml(body: &[u8]) -> Option<String> {
    xml::text(&text(trim(body)))
}

/// What a body is that is no JSON.
fn not_json(body: &[u8]) -> DecodeError {
    DecodeError::Content(match body.first() {
        None => Content::Empty,
        Some(b'<') => {
            return xml::read(&text(body), "")
                .map_or_else(not_ours, |_| DecodeError::Content(Content::Xml));
        }
        Some(b'{' | b'[' | b'"') => Content::BrokenJson,
        Some(_) => Content::Other,
    })
}

fn not_ours(not_ours: xml::NotOurs) -> DecodeError {
    DecodeError::Content(match not_ours {
        xml::NotOurs::Html => Content::Html,
        xml::NotOurs::Other => Content::Xml,
    })
}

/// The text of the error is left behind: it quotes values.
fn shape_error(error: serde_path_to_error::Error<serde_json::Error>) -> DecodeError {
    DecodeError::Shape {
        path: FieldPath::received(redacted_path(error.path())),
        problem: "is missing or of an unexpected kind",
    }
}

/// Whether a key that the server made up may be shown: one with a digit in it can be a token.
fn is_safe_to_show(key: &str) -> bool {
    key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte))
}

/// The path without what looks like data: a map of the caller's has its keys from the server.
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

/// How many steps of a path are shown.
const MAX_PATH_SEGMENTS: usize = 16;

/// Without the byte order mark and the white space that some servers put in front.
fn trim(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii();
    body.strip_prefix(b"\xef\xbb\xbf").map_or(body, <[u8]>::trim_ascii_start)
}

/// Bytes that are no UTF-8 cost the character, not the document. To look at all of it at once takes a fraction
/// of the time that a reader of JSON takes to look at each text by itself.
fn text(body: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}
