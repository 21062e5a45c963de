//! From the bytes of a success to a value.

use std::borrow::Cow;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use crate::asked::Asked;
use crate::error::{Content, Error};
use crate::token::Token;
use crate::{salvage, xml};

/// How a body becomes a `T`; the token is the one that the request carried.
pub(crate) type Decode<T> = fn(&[u8], Option<&Token>) -> Result<T, Fault>;

/// What is wrong with a body.
#[derive(Debug)]
pub(crate) enum Fault {
    Content(Content),
    Shape { path: String, problem: &'static str },
}

impl Fault {
    pub(crate) fn shape(path: &str, problem: &'static str) -> Self {
        Self::Shape { path: path.to_owned(), problem }
    }

    pub(crate) fn into_error(self, asked: &Asked, status: StatusCode) -> Error {
        let asked = Box::new(asked.clone());
        match self {
            Self::Content(content) => Error::UnexpectedContent { asked, status, content },
            Self::Shape { path, problem } => {
                Error::UnexpectedShape { asked, status, path, problem }
            }
        }
    }
}

/// Reads JSON of a kind of the caller's, exactly: what does not fit is an error and not left out.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let body = trim(body);
    serde_json::from_slice(body).or_else(|error| {
        if error.classify() != Category::Data {
            return Err(not_json(body));
        }
        // Once more, only to name the field.
        let mut again = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut again).map_err(misshapen)
    })
}

/// Reads a JSON object; where the first look fails, `mend` sees what could be read before the second.
pub(crate) fn object<T: DeserializeOwned>(
    body: &[u8],
    mend: impl FnOnce(&mut Map<String, Value>) -> Result<(), Fault>,
) -> Result<T, Fault> {
    let body = trim(body);
    // A derived struct would take a list for its fields in their order.
    if body.first() == Some(&b'{') {
        if let Ok(value) = serde_json::from_slice(body) {
            return Ok(value);
        }
    }
    match json_value(body)? {
        Value::Object(mut object) => {
            mend(&mut object)?;
            from_value(Value::Object(object))
        }
        _ => Err(Fault::shape(".", "is not an object")),
    }
}

/// Reads a JSON object, or the XML that stands for it, whose root is called `root`; the JSON form has
/// that name around it where it is an `envelope`.
pub(crate) fn object_or_xml<T: DeserializeOwned>(
    body: &[u8],
    root: &str,
    envelope: bool,
) -> Result<T, Fault> {
    let body = trim(body);
    if body.first() != Some(&b'<') {
        return object(body, |_| Ok(()));
    }
    let content = xml::read(&text(body), root).map_err(foreign)?;
    from_value(if envelope { Value::from_iter([(root, content)]) } else { content })
}

/// The second look: element by element.
fn json_value(body: &[u8]) -> Result<Value, Fault> {
    salvage::read(&text(body)).map_err(|_| not_json(body))
}

/// What a body is that is no JSON.
fn not_json(body: &[u8]) -> Fault {
    Fault::Content(match body.first() {
        None => Content::Empty,
        Some(b'<') => {
            return xml::read(&text(body), "")
                .map_or_else(foreign, |_| Fault::Content(Content::Xml));
        }
        Some(b'{' | b'[' | b'"') => Content::BrokenJson,
        Some(_) => Content::Other,
    })
}

fn foreign(not_ours: xml::NotOurs) -> Fault {
    Fault::Content(match not_ours {
        xml::NotOurs::Html => Content::Html,
        xml::NotOurs::Other => Content::Xml,
    })
}

/// Only here is the path of a field followed, as that costs half as much again as reading it.
fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(misshapen)
}

/// The text of the error is left behind: it quotes values.
fn misshapen<E>(error: serde_path_to_error::Error<E>) -> Fault {
    Fault::Shape { path: shown(error.path()), problem: "is missing or of an unexpected kind" }
}

/// The path without what looks like data: a map of the caller's has its keys from the server, and a key
/// with a digit in it can be a token.
fn shown(path: &Path) -> String {
    let known = |key: &str| {
        key.len() <= 40
            && key.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte))
    };
    let segments = path.iter().take(MAX_PATH).map(|segment| match segment {
        Segment::Map { key } if known(key) => key.clone(),
        Segment::Seq { index } => index.to_string(),
        Segment::Enum { variant } if known(variant) => variant.clone(),
        _ => "*".to_owned(),
    });
    let shown = segments.collect::<Vec<_>>().join(".");
    if shown.is_empty() { ".".to_owned() } else { shown }
}

/// How many steps of a path are shown.
const MAX_PATH: usize = 16;

/// Without the byte order mark and the white space that some servers put in front.
fn trim(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii();
    body.strip_prefix(b"\xef\xbb\xbf").map_or(body, <[u8]>::trim_ascii_start)
}

/// Bytes that are no UTF-8 cost the character, not the document.
fn text(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body)
}
