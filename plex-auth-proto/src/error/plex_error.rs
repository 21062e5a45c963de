use std::fmt;

use serde::de::MapAccess;

use crate::wire::decode;
use crate::wire::lenient::{self, Budget, Value};

/// One of the errors that Plex lists in a response.
///
/// `Debug` redacts the message, because a server can echo parts of the request in it.
#[derive(Clone)]
pub struct PlexError {
    code: Option<u32>,
    status: Option<u16>,
    message: Option<Box<str>>,
}

impl PlexError {
    /// Returns Plex's code, such as 1001. Some older endpoints send none.
    pub fn code(&self) -> Option<u32> {
        self.code
    }

    /// Returns the HTTP status that the body lists for this error, if any.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns Plex's message, such as `User could not be authenticated`, if the entry has one. It
    /// is one line of at most 200 characters. Control characters, line and paragraph separators,
    /// and directional marks are replaced by spaces.
    ///
    /// The server may quote parts of the request in it. Show it to the user who sent the request,
    /// but do not log it.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Debug for PlexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, status, message } = self;
        f.debug_struct("PlexError")
            .field("code", code)
            .field("status", status)
            .field("message", &message.as_ref().map(|_| format_args!("***")))
            .finish()
    }
}

/// The maximum number of entries kept. Plex lists one, sometimes two or three.
const MAX_ERRORS: usize = 16;

/// The maximum length of a message, in characters.
const MAX_MESSAGE: usize = 200;

/// Reads the error list from a body. Returns no entries if the body is not a Plex error response.
pub(crate) fn read(body: &[u8]) -> Vec<PlexError> {
    let listed = decode::object_or_xml(body, "errors", false);
    let Ok(Some(Listed { mut errors, error, status, .. })) = listed else {
        return Vec::new();
    };
    errors.extend(error);
    // A repeated code adds nothing, and must not displace the entries after it.
    let (mut codes, mut kept) = ([None; MAX_ERRORS], 0);
    errors.retain(|error| {
        let Some(place) = codes.get_mut(kept) else { return false };
        *place = error.code;
        let again = codes.iter().take(kept).any(|code| code.is_some() && *code == error.code);
        kept += usize::from(!again);
        !again
    });
    // In `{"status": 404, "error": "Not Found"}`, the status is outside the entry.
    if let [only] = errors.as_mut_slice() {
        only.status = only.status.or(status);
    }
    errors
}

lenient::object! {
    /// One of Plex's error responses: `{"errors": [...]}`, `{"error": "text"}`,
    /// `{"status": 404, "error": "text"}` or `<errors><error .../></errors>`.
    #[derive(Debug)]
    struct Listed {
        errors: Vec<PlexError>,
        error: Vec<PlexError>,
        status: Option<u16>,
    }
}

lenient::object! {
    struct Entry {
        code: Option<u32>,
        status: Option<u16>,
        message: Option<Line>,
    }
}

/// A message, shortened to one printable line.
#[derive(Clone)]
struct Line(Box<str>);

impl Value<'_> for Line {
    const IS_PLAIN: bool = true;

    fn from_bool(value: bool) -> Option<Self> {
        String::from_bool(value).map(|text| Self(text.into()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        String::from_integer(number).map(|text| Self(text.into()))
    }

    fn from_float(number: f64) -> Option<Self> {
        String::from_float(number).map(|text| Self(text.into()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(one_line(text)))
    }
}

impl<'de> Value<'de> for PlexError {
    fn from_text(text: &str) -> Option<Self> {
        Some(Self { code: None, status: None, message: Some(one_line(text)) })
    }

    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let entry = Entry::from_object(map, budget)?;
        Ok(entry.map(|Entry { code, status, message, .. }| Self {
            code,
            status,
            message: message.map(|Line(message)| message),
        }))
    }
}

/// Returns the text as one line without control characters, so that it is safe to print in a
/// terminal.
fn one_line(text: &str) -> Box<str> {
    let text = text.trim();
    if text.len() <= MAX_MESSAGE && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.into();
    }
    let line = text.chars().take(MAX_MESSAGE);
    line.map(|character| if is_shown(character) { character } else { ' ' }).collect()
}

/// Returns whether the character is safe to print: not a control character, not a line or paragraph
/// separator, which starts a new line, and not a directional mark, which can reverse the text.
fn is_shown(character: char) -> bool {
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !breaks && !turns
}

#[cfg(test)]
mod tests {
    use super::read;

    /// Returns the codes, statuses and messages in a body.
    fn listed(body: &str) -> Vec<(Option<u32>, Option<u16>, Option<String>)> {
        let errors = read(body.as_bytes()).into_iter();
        errors.map(|error| (error.code, error.status, error.message.map(String::from))).collect()
    }

    fn entry(
        code: Option<u32>,
        status: Option<u16>,
        message: &str,
    ) -> (Option<u32>, Option<u16>, Option<String>) {
        (code, status, Some(message.to_owned()))
    }

    #[test]
    fn list_is_read_as_json_and_as_xml() {
        let all = entry(Some(1001), Some(401), "User could not be authenticated");
        for body in [
            r#"{"errors":[{"code":1001,"message":"User could not be authenticated","status":401}]}"#,
            r#"{"errors":[{"code":"1001","message":"User could not be authenticated","status":"401"}]}"#,
            r#"{"errors":{"code":1001,"message":"User could not be authenticated","status":401}}"#,
            "\u{feff}\r\n{\"errors\":[null,{\"code\":1001,\"message\":\"User could not be authenticated\",\"status\":401}]}",
            r#"<errors><error code="1001" message="User could not be authenticated" status="401"/></errors>"#,
            "<?xml version=\"1.0\"?>\n<errors><error status='401' message='User could not be authenticated' code='1001'></error></errors>",
        ] {
            assert_eq!(listed(body), std::slice::from_ref(&all), "{body}");
        }
    }

    #[test]
    fn older_shapes_are_read() {
        for (body, expected) in [
            (
                r#"{"error":"You appear to be having trouble"}"#,
                entry(None, None, "You appear to be having trouble"),
            ),
            (r#"{"status":404,"error":"Not Found"}"#, entry(None, Some(404), "Not Found")),
            (
                "<errors><error>Please sign in.</error></errors>",
                entry(None, None, "Please sign in."),
            ),
            (r#"{"errors":["x"]}"#, entry(None, None, "x")),
        ] {
            assert_eq!(listed(body), [expected], "{body}");
        }
    }

    #[test]
    fn response_can_list_several_errors() {
        let body = r#"{"errors":[{"code":1001,"message":"a"},{"code":1029,"message":"b"}]}"#;
        assert_eq!(listed(body), [entry(Some(1001), None, "a"), entry(Some(1029), None, "b")]);
        let body = "<errors><error code='1028'/><error code='1031'/></errors>";
        assert_eq!(listed(body), [(Some(1028), None, None), (Some(1031), None, None)]);
    }

    #[test]
    fn foreign_bodies_list_no_errors() {
        for body in [
            "",
            "null",
            "[]",
            r#"["x"]"#,
            "\"Unauthorized\"",
            r#"{"errors":[]}"#,
            r#"{"errors":null}"#,
            r#"{"errors":[{"code":"#,
            "<html><head><title>Unauthorized</title></head><body><h1>401</h1></body></html>",
            "<html><script>alert(1)</script>",
            "plain text",
            "<errors/>",
            "<errors>",
        ] {
            assert_eq!(listed(body), [], "{body}");
        }
    }

    #[test]
    fn message_is_one_short_line() {
        let body = format!(r#"{{"error":"a\nb\u001b[31m\u2028\u202ec{}"}}"#, "x".repeat(1000));
        let errors = read(body.as_bytes());
        let message = errors[0].message().unwrap();
        assert!(message.starts_with("a b [31m  cxx"), "{message}");
        assert_eq!(message.chars().count(), 200);
        assert_eq!(
            format!("{:?}", errors[0]),
            "PlexError { code: None, status: None, message: Some(***) }"
        );
    }

    #[test]
    fn long_list_is_cut() {
        let body = format!(r#"{{"errors":[{}1]}}"#, r#"{"message":"a"},"#.repeat(4000));
        assert_eq!(read(body.as_bytes()).len(), 16);
        let body = format!(r#"{{"errors":[{}{{"code":1029}}]}}"#, r#"{"code":1001},"#.repeat(400));
        assert_eq!(read(body.as_bytes()).len(), 2);
    }
}
