//! The XML that Plex still sends: errors, and responses from media servers and from plex.tv's older
//! endpoints.
//!
//! An element is converted into the JSON that Plex would have sent: attributes become strings,
//! child elements become one list per name, and an element with only text becomes a string. So each
//! type needs only one parser.

use roxmltree::{Document, Node};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The maximum depth of converted elements.
// Plex's deepest document has three levels.
const MAX_DEPTH: usize = 16;

/// The maximum length of a tag, including the text after it.
// The parser compares each attribute of an element with all others, so one tag of 300 kB would take
// a second.
const MAX_TAG: usize = 4 * 1024;

/// The maximum number of namespaces that a document may declare.
// Plex declares none. The parser searches all namespaces in scope for each element, so a thousand
// nested ones would take seconds.
const MAX_NAMESPACES: usize = 8;

/// The minimum average number of bytes per `<` in a document.
// The parser allocates memory for each `<` and each `=` in advance, about 50 to 60 bytes each, and
// more for text between tags. In Plex's documents, an element takes about a hundred bytes, and an
// attribute about twenty.
const BYTES_PER_TAG: usize = 24;

/// The minimum average number of bytes per `=` in a document.
const BYTES_PER_ATTRIBUTE: usize = 16;

/// The number of `<` characters that a document may contain regardless of its length. The same
/// number applies to `=` characters.
const MIN_MARKS: usize = 256;

/// The reason that a document is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Html,
    Other,
}

/// Returns the content of the document's root element as JSON text. The element's name must be
/// equal to `root`.
pub(crate) fn read(text: &str, root: &str) -> Result<String, Foreign> {
    let document = document(text)?;
    let node = document.root_element();
    if node.tag_name().name() != root {
        return Err(Foreign::Other);
    }
    serde_json::to_string(&Element { node, depth: MAX_DEPTH }).map_err(|_| Foreign::Other)
}

/// Returns the text of a document that consists of a single element without attributes, whatever
/// its name. Returns `None` for any other document and for a web page.
pub(crate) fn text(text: &str) -> Option<String> {
    let document = document(text).ok()?;
    let root = document.root_element();
    let is_text_only =
        root.attributes().len() == 0 && !root.children().any(|node| node.is_element());
    is_text_only.then(|| text_of(root).to_owned())
}

fn text_of<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

fn document(text: &str) -> Result<Document<'_>, Foreign> {
    if looks_like_html(text) {
        return Err(Foreign::Html);
    }
    if longest_tag(text) > MAX_TAG || namespaces(text) > MAX_NAMESPACES {
        return Err(Foreign::Other);
    }
    let is_within_limit = |mark: u8, bytes: usize| {
        let found = text.bytes().filter(|byte| *byte == mark).count();
        found <= MIN_MARKS + text.len() / bytes
    };
    if !is_within_limit(b'<', BYTES_PER_TAG) || !is_within_limit(b'=', BYTES_PER_ATTRIBUTE) {
        return Err(Foreign::Other);
    }
    Document::parse(text).map_err(|_| Foreign::Other)
}

/// An element to be converted into JSON, and the remaining depth.
struct Element<'a, 'input> {
    node: Node<'a, 'input>,
    depth: usize,
}

impl Element<'_, '_> {
    fn name(&self) -> &str {
        self.node.tag_name().name()
    }
}

impl Serialize for Element<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes = self.node.attributes();
        let mut elements = Vec::new();
        if let Some(depth) = self.depth.checked_sub(1) {
            let children = self.node.children().filter(Node::is_element);
            elements.extend(children.map(|node| Element { node, depth }));
        }
        if attributes.len() == 0 && elements.is_empty() {
            return serializer.serialize_str(text_of(self.node));
        }
        // The sort is stable: elements with the same name stay in order.
        elements.sort_by(|a, b| a.name().cmp(b.name()));
        let mut object = serializer.serialize_map(None)?;
        for list in elements.chunk_by(|a, b| a.name() == b.name()) {
            object.serialize_entry(list.first().map_or("", Element::name), list)?;
        }
        // If an attribute and an element have the same name, the attribute wins because it is last.
        // Plex sends no such elements.
        for attribute in attributes {
            object.serialize_entry(attribute.name(), attribute.value())?;
        }
        object.end()
    }
}

/// Returns whether the text is a web page: its first kilobyte contains one of the tags that a page
/// starts with.
pub(crate) fn looks_like_html(text: &str) -> bool {
    const TAGS: [&[u8]; 4] = [b"!doctype html", b"html", b"head", b"body"];
    let start = text.as_bytes().get(..1024).unwrap_or(text.as_bytes());
    let begins = |piece: &[u8], tag: &[u8]| {
        piece.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    start.split(|byte| *byte == b'<').skip(1).any(|piece| TAGS.iter().any(|tag| begins(piece, tag)))
}

/// Returns an upper bound for the number of declared namespaces.
fn namespaces(text: &str) -> usize {
    text.as_bytes().windows(5).filter(|piece| piece == b"xmlns").count()
}

/// Returns the length of the longest run of text without a `<`. No tag is longer than that, not
/// counting its `<`.
fn longest_tag(text: &str) -> usize {
    text.split('<').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Foreign, read, text};

    #[test]
    fn element_becomes_the_json_of_plex() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <MediaContainer size="1">
              <Device name="Attic"><Connection port="32400" local="1"/><Connection port="1"/></Device>
            </MediaContainer>"#;
        let connections = r#"[{"port":"32400","local":"1"},{"port":"1"}]"#;
        let device = format!(r#"[{{"Connection":{connections},"name":"Attic"}}]"#);
        let content = format!(r#"{{"Device":{device},"size":"1"}}"#);
        assert_eq!(read(text, "MediaContainer"), Ok(content));
    }

    #[test]
    fn element_with_only_text_is_a_string() {
        let errors = "<errors><error>Invalid \"token\"</error><b/><error code='1'/></errors>";
        let content = r#"{"b":[""],"error":["Invalid \"token\"",{"code":"1"}]}"#;
        assert_eq!(read(errors, "errors"), Ok(content.to_owned()));
        assert_eq!(text("<a> true </a>").as_deref(), Some("true"));
        assert_eq!(text("<a/>").as_deref(), Some(""));
        for other in ["<a b='c'>true</a>", "<a>true<b/></a>", "<html>true</html>", "true"] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn pages_and_foreign_documents_are_distinguished() {
        for (text, why) in [
            ("<!DOCTYPE HTML><title>x</title>", Foreign::Html),
            ("\n<html><head></head></html>", Foreign::Html),
            ("<html>", Foreign::Html),
            ("<", Foreign::Other),
            ("<é><é/>", Foreign::Other),
            ("<user/>", Foreign::Other),
            ("<MediaContainer", Foreign::Other),
            ("<MediaContainer></Mediacontainer>", Foreign::Other),
            ("<!DOCTYPE x [<!ENTITY a 'b'>]><MediaContainer/>", Foreign::Other),
        ] {
            assert_eq!(read(text, "MediaContainer"), Err(why), "{text}");
        }
    }

    #[test]
    fn expensive_tag_is_not_parsed() {
        let attributes: String = (0..30_000).map(|n| format!(" a{n}=''")).collect();
        let text = format!("<MediaContainer{attributes}/>");
        assert_eq!(read(&text, "MediaContainer"), Err(Foreign::Other));
        let quoted = format!("<?x \"?><MediaContainer a='>'{attributes}/>");
        assert_eq!(read(&quoted, "MediaContainer"), Err(Foreign::Other));
    }

    #[test]
    fn expensive_namespaces_are_not_parsed() {
        let nested: String = (0..3000).map(|n| format!("<a xmlns:n{n}='u'>")).collect();
        assert_eq!(read(&nested, "a"), Err(Foreign::Other));
        assert!(read("<a xmlns:x='u'><x:b c='d'/></a>", "a").is_ok());
    }

    #[test]
    fn depth_and_number_of_elements_are_limited() {
        let space = " ".repeat(super::BYTES_PER_TAG);
        let (start, end) = (format!("<a>{space}"), format!("</a>{space}"));
        let deep = format!("<m>{}{}</m>", start.repeat(10_000), end.repeat(10_000));
        assert!(read(&deep, "m").is_ok());
        let many = format!("<m>{}</m>", "<a/>".repeat(60_000));
        assert_eq!(read(&many, "m"), Err(Foreign::Other));
        let many = format!("<m>{}</m>", "=".repeat(4000));
        assert_eq!(read(&many, "m"), Err(Foreign::Other));
        assert!(read(&format!("<m>{}</m>", "<a b='c'/>".repeat(250)), "m").is_ok());
    }
}
