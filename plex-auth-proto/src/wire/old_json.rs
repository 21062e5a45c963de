//! The JSON format of very old media servers: an element has its name in `_elementType` and its
//! child elements in `_children`.
//!
//! It is converted into the format of newer servers, in which child elements form one list per
//! name.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

const NAME: &str = "_elementType";
const CHILDREN: &str = "_children";

/// The maximum depth of converted elements. The deepest known response from a server has three
/// levels.
const MAX_DEPTH: usize = 16;

/// Returns the document in the newer format, if it is an element with the given name.
pub(crate) fn converted(text: &str, name: &str) -> Option<Zeroizing<String>> {
    if !text.contains(NAME) {
        return None;
    }
    let element: &RawValue = serde_json::from_str(text).ok()?;
    if name_of(element).as_deref() != Some(name) {
        return None;
    }
    let converted = BTreeMap::from([(name, Element { element, depth: MAX_DEPTH })]);
    serde_json::to_string(&converted).ok().map(Zeroizing::new)
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

fn name_of(element: &RawValue) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(element.get()).ok()?;
    serde_json::from_str(members.get(NAME)?.get()).ok()
}

/// An element to be written in the newer format, and the remaining depth.
struct Element<'a> {
    element: &'a RawValue,
    depth: usize,
}

impl Serialize for Element<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members: Members<'_> =
            serde_json::from_str(self.element.get()).map_err(S::Error::custom)?;
        members.remove(NAME);
        let children = members.remove(CHILDREN);
        let mut object = serializer.serialize_map(None)?;
        if let (Some(depth), Some(children)) = (self.depth.checked_sub(1), children) {
            let children: Children<'_> = serde_json::from_str(children.get()).unwrap_or_default();
            for (name, elements) in &children.0 {
                object.serialize_entry(name, &Elements { elements, depth })?;
            }
        }
        // If an attribute and an element have the same name, the attribute wins because it is last.
        // Plex sends no such elements.
        for (name, value) in &members {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// Elements with the same name, to be written as a list, and the remaining depth.
struct Elements<'a> {
    elements: &'a [&'a RawValue],
    depth: usize,
}

impl Serialize for Elements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let depth = self.depth;
        serializer.collect_seq(self.elements.iter().map(|element| Element { element, depth }))
    }
}

/// The child elements by name. Other entries of `_children` are skipped, because a list of many
/// short ones, such as numbers, would take several times the memory of its text.
#[derive(Default)]
struct Children<'a>(BTreeMap<String, Vec<&'a RawValue>>);

impl<'de> Deserialize<'de> for Children<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChildrenVisitor)
    }
}

struct ChildrenVisitor;

impl<'de> Visitor<'de> for ChildrenVisitor {
    type Value = Children<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Children<'de>, A::Error> {
        let mut children = Children::default();
        while let Some(entry) = entries.next_element::<&RawValue>()? {
            if let Some(name) = name_of(entry) {
                children.0.entry(name).or_default().push(entry);
            }
        }
        Ok(children)
    }
}

#[cfg(test)]
mod tests {
    use super::converted;

    #[test]
    fn children_become_lists_by_name() {
        let old = r#"{"_elementType":"M","size":"1","_children":[
            {"_elementType":"A","x":1e999},{"_elementType":"B","_children":[]},7,
            {"_elementType":"A","_children":[{"_elementType":"C","y":[{}]}]}]}"#;
        let new = r#"{"M":{"A":[{"x":1e999},{"C":[{"y":[{}]}]}],"B":[{}],"size":"1"}}"#;
        assert_eq!(converted(old, "M").unwrap().as_str(), new);
        let odd = r#"{"_elementType":"M","size":"1","_children":7}"#;
        assert_eq!(converted(odd, "M").unwrap().as_str(), r#"{"M":{"size":"1"}}"#);
    }

    #[test]
    fn other_documents_are_left_alone() {
        for text in [
            r#"{"M":{"size":1}}"#,
            r#"{"_elementType":"N"}"#,
            r#"{"_elementType":7}"#,
            r#"{"_elementType":"M""#,
            r#"{"x":{"_elementType":"M"}}"#,
            "",
        ] {
            assert!(converted(text, "M").is_none(), "{text}");
        }
    }

    #[test]
    fn deep_children_are_left_out() {
        let start = r#"{"_elementType":"M","_children":["#;
        let deep = format!("{}{}", start.repeat(100), "]}".repeat(100));
        assert_eq!(converted(&deep, "M").unwrap().matches('M').count(), 1 + super::MAX_DEPTH);
    }
}
