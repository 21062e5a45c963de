//! Parsing the `Debug` output of a value into its fields and their paths.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// An open bracket.
struct Open {
    /// The path step that the bracket adds. `None` if its line has no name and is not a list
    /// element, such as the line `Profile {` after `profile: Some(`.
    step: Option<String>,
    is_list: bool,
    elements: usize,
}

/// Returns the `Debug` output of every leaf of `value`, keyed by its path, such as
/// `/services/2/status`. The paths use the Rust field names, not the JSON ones. The list of
/// unreadable fields is left out.
pub(crate) fn fields(value: &impl Debug) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    for line in format!("{value:#?}").lines() {
        let line = line.trim().trim_end_matches(',');
        if matches!(line, "}" | "]" | ")") {
            open.pop();
            continue;
        }
        let (name, shown) = split(line);
        let mut step = name.map(str::to_owned);
        if let Some(list) = open.last_mut().filter(|open| open.is_list) {
            step = Some(list.elements.to_string());
            list.elements += 1;
        }
        if shown.ends_with(['{', '[', '(']) {
            open.push(Open { step, is_list: shown.ends_with('['), elements: 0 });
            continue;
        }
        let steps = open.iter().filter_map(|open| open.step.as_deref()).chain(step.as_deref());
        let path: String = steps.flat_map(|step| ["/", step]).collect();
        fields.insert(path, shown.to_owned());
    }
    fields.retain(|path, _| !path.contains("unreadable"));
    fields
}

/// Returns the name at the start of a line, if any, and the value.
fn split(line: &str) -> (Option<&str>, &str) {
    if let Some(quoted) = line.strip_prefix('"') {
        return match quoted.split_once("\": ") {
            Some((key, shown)) if !key.contains('"') => (Some(key), shown),
            _ => (None, line),
        };
    }
    match line.split_once(": ") {
        Some((name, shown)) => (Some(name), shown),
        None => (None, line),
    }
}

/// Converts the path of a JSON field to a path that uses the Rust field names.
pub(crate) fn path(wire: &str) -> String {
    let steps = wire.split('/').filter(|step| !step.is_empty() && *step != "MediaContainer");
    steps.map(|step| format!("/{}", rust_name(step))).collect()
}

fn rust_name(wire: &str) -> String {
    match wire {
        "type" => return "kind".to_owned(),
        "Device" => return "devices".to_owned(),
        "Connection" => return "connections".to_owned(),
        "guestUserID" => return "guest_user_id".to_owned(),
        "guestUserUUID" => return "guest_user_uuid".to_owned(),
        "IPv6" => return "ipv6".to_owned(),
        _ => {}
    }
    let mut name = String::new();
    for letter in wire.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
