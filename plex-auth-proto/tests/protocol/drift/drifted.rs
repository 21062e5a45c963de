//! Documents with drifted fields, and checks of the other fields.

use std::collections::BTreeMap;
use std::fmt::Debug;

use plex_auth_proto::Call;
use plex_auth_proto::http::Response;
use proptest::collection::vec;
use proptest::prelude::{
    Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof,
};
use serde_json::{Value, json};

use super::debug;

/// A change to a field.
#[derive(Clone, Debug)]
pub(crate) enum Drift {
    Dropped,
    WrappedInList,
    Unwrapped,
    OtherForm,
    /// The field is replaced with this JSON text.
    Json(String),
}

fn drift() -> impl Strategy<Value = Drift> {
    let json = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "7",
        "1.0",
        "1.5",
        "-0.0",
        "1e999",
        "-1e999",
        "1e30",
        "18446744073709551616",
        "-9223372036854775809",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"\\ud800\"",
        "\"true\"",
        "\"-7\"",
        "[]",
        "[[]]",
        "[null]",
        "{}",
        "{\"x\":1e999}",
        "[{},1,\"x\",[[]]]",
        "{\"\\ud800\":1}",
    ];
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    prop_oneof![
        prop::sample::select(vec![
            Drift::Dropped,
            Drift::WrappedInList,
            Drift::Unwrapped,
            Drift::OtherForm,
            Drift::Json(deep),
        ]),
        prop::sample::select(json.to_vec()).prop_map(|json| Drift::Json(json.to_owned())),
        any::<String>().prop_map(|text| Drift::Json(Value::from(text).to_string())),
        any::<i64>().prop_map(|number| Drift::Json(number.to_string())),
    ]
}

/// Collects all paths in `value` except its root.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in inside {
        let path = format!("{path}/{step}");
        paths(value, &path, found);
        found.push(path);
    }
}

/// Returns the same value in another form, as a server written in another programming language
/// might send it.
fn in_other_form(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!(if *value { "1" } else { "0" }),
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => text.parse::<u64>().map_or(json!([text]), |number| json!(number)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.map(|(index, value)| (index.to_string(), value.clone())).collect()
        }
        Value::Object(object) => object.values().cloned().collect(),
        Value::Null => json!(false),
    }
}

/// A document under construction. The JSON text of a drift, which a [`Value`] may not be able to
/// hold, is represented by a placeholder that [`text`](Self::text) replaces.
pub(crate) struct Document {
    value: Value,
    odd: Vec<String>,
}

impl Document {
    pub(crate) fn of(value: Value) -> Self {
        Self { value, odd: Vec::new() }
    }

    pub(crate) fn drift(&mut self, path: &str, drift: &Drift) {
        let Some(place) = self.value.pointer_mut(path) else { return };
        *place = match drift {
            Drift::Dropped => {
                let (parent, step) = path.rsplit_once('/').unwrap();
                match self.value.pointer_mut(parent).unwrap() {
                    Value::Object(object) => drop(object.remove(step)),
                    Value::Array(list) => drop(list.remove(step.parse().unwrap())),
                    _ => unreachable!("the parent has children"),
                }
                return;
            }
            Drift::WrappedInList => json!([place.take()]),
            Drift::Unwrapped => match place.take() {
                Value::Array(list) => list.into_iter().next().unwrap_or_default(),
                other => json!({"value": other}),
            },
            Drift::OtherForm => in_other_form(place),
            Drift::Json(text) => {
                self.odd.push(text.clone());
                json!(format!("the-mark-{}", self.odd.len() - 1))
            }
        };
    }

    pub(crate) fn text(&self) -> String {
        let mut text = self.value.to_string();
        for (index, odd) in self.odd.iter().enumerate() {
            text = text.replace(&format!("\"the-mark-{index}\""), odd);
        }
        text
    }
}

/// Returns whether `path` is `ancestor` or inside it.
fn is_within(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the path that a drift at `path` may affect. For a list element, this is the whole list:
/// if the element is dropped, the elements after it move up.
fn reach(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((list, step)) if step.parse::<usize>().is_ok() => list.to_owned(),
        _ => path.to_owned(),
    }
}

/// Checks that all fields that the drifts cannot affect are unchanged.
fn check_neighbors(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    drifted: &[(String, Drift)],
) -> Result<(), TestCaseError> {
    let reached: Vec<String> = drifted.iter().map(|(path, _)| debug::path(&reach(path))).collect();
    for (path, value) in before {
        if reached.iter().any(|reached| is_within(path, reached)) {
            continue;
        }
        // The parent of a drifted field may differ as a whole. Its other fields are checked
        // separately.
        if reached.iter().any(|reached| is_within(reached, path)) {
            continue;
        }
        prop_assert_eq!(after.get(path), Some(value), "{}", path);
    }
    Ok(())
}

/// Reads the document with and without the drift, and checks that the other fields are the same.
pub(crate) fn check<T: Debug>(
    call: impl Fn() -> Call<T>,
    value: &Value,
    drifted: &[(String, Drift)],
) -> Result<T, TestCaseError> {
    check_as(call, debug::fields, value, drifted)
}

/// Does the same as [`check`] for a list. `fields` returns the fields of the list's elements.
pub(crate) fn check_as<T>(
    call: impl Fn() -> Call<T>,
    fields: impl Fn(&T) -> BTreeMap<String, String>,
    value: &Value,
    drifted: &[(String, Drift)],
) -> Result<T, TestCaseError> {
    let read = |body: String| call().into_parts().1.parse(&Response::new(body));
    let before = fields(&read(value.to_string()).unwrap());
    let mut document = Document::of(value.clone());
    for (path, drift) in drifted {
        document.drift(path, drift);
    }
    let after = read(document.text())
        .map_err(|error| TestCaseError::fail(format!("{error}: {}", document.text())))?;
    check_neighbors(&before, &fields(&after), drifted)?;
    Ok(after)
}

/// The fields that are kept as JSON.
const RAW: [&str; 2] = ["/providers", "/internalPaymentMethod"];

/// Checks that the replacement of one field is either in the value or reported as unreadable.
pub(crate) fn check_named(
    before: &Value,
    after: &impl Debug,
    named: &[String],
    (path, drift): &(String, Drift),
) -> Result<(), TestCaseError> {
    let Drift::Json(text) = drift else { return Ok(()) };
    // An empty value leaves no trace, and JSON of unknown type is kept without validation.
    let is_empty = ["null", "\"\"", "[null]", "[]", "{}"].contains(&text.as_str());
    if is_empty || RAW.iter().any(|raw| path.contains(raw)) {
        return Ok(());
    }
    let fields = debug::fields(after);
    let is_there = if reach(path) == *path {
        let path = debug::path(path);
        let inside = |(field, value): (&String, &String)| {
            is_within(field, &path) && (*field != path || (value != "None" && value != "[]"))
        };
        fields.iter().any(inside)
    } else {
        // For a list element, the length of the list must be unchanged.
        let list = debug::path(&reach(path));
        let last = before.pointer(&reach(path)).and_then(Value::as_array).unwrap().len() - 1;
        fields.keys().any(|field| is_within(field, &format!("{list}/{last}")))
    };
    let wire = reach(path).replacen("/MediaContainer", "", 1).replace('/', ".");
    let is_named = named.iter().any(|named| named.starts_with(wire.trim_start_matches('.')));
    prop_assert!(is_there || is_named, "{} became {} without a trace: {:?}", path, text, named);
    Ok(())
}

/// Generates some paths of a document, except `kept` and its ancestors, each with a drift.
pub(crate) fn drifts(
    value: &Value,
    kept: &str,
) -> impl Strategy<Value = Vec<(String, Drift)>> + use<> {
    let mut found = Vec::new();
    paths(value, "", &mut found);
    found.retain(|path| !is_within(kept, path));
    vec((prop::sample::select(found), drift()), 1..5)
}

/// Returns the same document with its keys in reverse order, each key twice, and unknown keys
/// between them.
pub(crate) fn in_disorder(value: &Value, seed: u64) -> String {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<String> = object
                .iter()
                .map(|(key, value)| {
                    let first = if seed % 2 == 0 { "null" } else { "[[]]" };
                    let key = json!(key);
                    format!(
                        "{key}:{first},\"new{seed}\":{{\"x\":[1,{{}}]}},{key}:{}",
                        in_disorder(value, seed / 2)
                    )
                })
                .collect();
            fields.reverse();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(list) => {
            let elements: Vec<String> =
                list.iter().map(|value| in_disorder(value, seed / 2)).collect();
            format!("[{}]", elements.join(", "))
        }
        other => other.to_string(),
    }
}
