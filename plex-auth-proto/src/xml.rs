//! The little XML that Plex still sends: error bodies, answers of media servers, and of plex.tv's older paths.
//!
//! An element becomes the JSON that Plex would have sent: attributes are text fields, child elements
//! are lists by name, an element of text alone is a text. So each type is written once.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

/// How deep a document is looked into.
const MAX_DEPTH: usize = 16;

/// How long a tag, with the text behind it, may be. The parser compares each attribute of an element with
/// all the others, so that one tag of 300 kB keeps it busy for a second.
const MAX_TAG: usize = 4 * 1024;

/// How many namespaces a document may declare. Plex declares none, and the parser looks through all that
/// are in scope at each element: a thousand nested ones keep it busy for seconds.
const MAX_NAMESPACES: usize = 8;

/// How many elements, texts and comments a document may have.
const MAX_NODES: u32 = 50_000;

/// What is not read, and whether it is a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotOurs {
    Html,
    Other,
}

/// The content of the document's root, which must be called `root`.
pub(crate) fn read(text: &str, root: &str) -> Result<Value, NotOurs> {
    match read_any(text)? {
        (name, content) if name == root => Ok(content),
        _ => Err(NotOurs::Other),
    }
}

/// The content of the document's root, and what it is called.
pub(crate) fn read_any(text: &str) -> Result<(String, Value), NotOurs> {
    if looks_like_html(text) {
        return Err(NotOurs::Html);
    }
    if longest_tag(text) > MAX_TAG || text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(NotOurs::Other);
    }
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| NotOurs::Other)?;
    let element = document.root_element();
    Ok((element.tag_name().name().to_owned(), content(element, MAX_DEPTH)))
}

fn content(element: Node<'_, '_>, depth: usize) -> Value {
    let mut object = Map::new();
    for attribute in element.attributes() {
        object.insert(attribute.name().to_owned(), Value::from(attribute.value()));
    }
    if let Some(depth) = depth.checked_sub(1) {
        for child in element.children().filter(Node::is_element) {
            let list =
                object.entry(child.tag_name().name()).or_insert_with(|| Value::Array(Vec::new()));
            // An attribute of the same name is kept; Plex has none.
            if let Value::Array(list) = list {
                list.push(content(child, depth));
            }
        }
    }
    if object.is_empty() {
        return Value::from(element.text().unwrap_or_default().trim());
    }
    Value::Object(object)
}

/// Whether the text is a web page rather than an answer: one of a page's first tags stands in the first kilobyte.
pub(crate) fn looks_like_html(text: &str) -> bool {
    const TAGS: [&[u8]; 4] = [b"!doctype html", b"html", b"head", b"body"];
    let start = text.as_bytes().get(..1024).unwrap_or(text.as_bytes());
    let begins = |piece: &[u8], tag: &[u8]| {
        piece.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    start.split(|byte| *byte == b'<').skip(1).any(|piece| TAGS.iter().any(|tag| begins(piece, tag)))
}

/// The longest stretch without the start of a tag, which no tag is longer than.
fn longest_tag(text: &str) -> usize {
    text.split('<').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{NotOurs, read};
    use serde_json::json;

    #[test]
    fn an_element_becomes_the_json_that_plex_would_have_sent() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <MediaContainer size="1">
              <Device name="Attic"><Connection port="32400" local="1"/><Connection port="1"/></Device>
            </MediaContainer>"#;
        let connections = json!([{"port": "32400", "local": "1"}, {"port": "1"}]);
        let device = json!([{"name": "Attic", "Connection": connections}]);
        assert_eq!(read(text, "MediaContainer"), Ok(json!({"size": "1", "Device": device})));
    }

    #[test]
    fn an_element_of_text_alone_is_a_text() {
        let text = "<errors><error>Invalid token</error><error code='1'/></errors>";
        assert_eq!(read(text, "errors"), Ok(json!({"error": ["Invalid token", {"code": "1"}]})));
    }

    #[test]
    fn pages_and_foreign_documents_are_told_apart() {
        for (text, why) in [
            ("<!DOCTYPE HTML><title>x</title>", NotOurs::Html),
            ("\n<html><head></head></html>", NotOurs::Html),
            ("<html>", NotOurs::Html),
            ("<", NotOurs::Other),
            ("<é><é/>", NotOurs::Other),
            ("<user/>", NotOurs::Other),
            ("<MediaContainer", NotOurs::Other),
            ("<MediaContainer></Mediacontainer>", NotOurs::Other),
            ("<!DOCTYPE x [<!ENTITY a 'b'>]><MediaContainer/>", NotOurs::Other),
        ] {
            assert_eq!(read(text, "MediaContainer"), Err(why), "{text}");
        }
    }

    #[test]
    fn a_tag_that_would_keep_the_parser_busy_is_not_parsed() {
        let attributes: String = (0..30_000).map(|n| format!(" a{n}=''")).collect();
        let text = format!("<MediaContainer{attributes}/>");
        assert_eq!(read(&text, "MediaContainer"), Err(NotOurs::Other));
        let quoted = format!("<?x \"?><MediaContainer a='>'{attributes}/>");
        assert_eq!(read(&quoted, "MediaContainer"), Err(NotOurs::Other));
    }

    #[test]
    fn namespaces_that_would_keep_the_parser_busy_are_not_parsed() {
        let nested: String = (0..3000).map(|n| format!("<a xmlns:n{n}='u'>")).collect();
        assert_eq!(read(&nested, "a"), Err(NotOurs::Other));
        assert!(read("<a xmlns:x='u'><x:b c='d'/></a>", "a").is_ok());
    }

    #[test]
    fn depth_and_number_of_elements_are_bounded() {
        let deep = format!("<m>{}{}</m>", "<a>".repeat(10_000), "</a>".repeat(10_000));
        assert!(read(&deep, "m").is_ok());
        let many = format!("<m>{}</m>", "<a/>".repeat(60_000));
        assert_eq!(read(&many, "m"), Err(NotOurs::Other));
    }
}
