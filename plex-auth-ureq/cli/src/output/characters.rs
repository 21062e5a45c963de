//! Makes untrusted text safe to show, by escaping characters that control a terminal, break a line
//! or are invisible.

use serde_json::Value;

/// Serializes JSON and escapes each character that [`plain`] would escape. Of these, serde_json
/// itself escapes only U+0000 to U+001F.
pub(super) fn escaped(json: &Value) -> String {
    let mut text = String::new();
    for character in json.to_string().chars() {
        if is_shown(character) {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            text += &format!("\\u{unit:04x}");
        }
    }
    text
}

/// Replaces each character that is not safe to show with an escape sequence, such as `\u{1b}`.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_shown(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

/// Returns whether a character is shown as is. Control characters, line separators, and characters
/// that are invisible or change the text direction are escaped instead. The joiners U+200C and
/// U+200D are not escaped, because names in some languages and emoji contain them.
pub(crate) fn is_shown(character: char) -> bool {
    let is_excluded = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !character.is_control() && !is_excluded
}

#[cfg(test)]
mod tests {
    use super::{escaped, plain};

    #[test]
    fn unsafe_characters_are_escaped() {
        for character in [
            '\u{1b}',
            '\r',
            '\u{9b}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let (text, number) = (format!("a{character}b"), u32::from(character));
            assert_eq!(plain(&text), format!("a\\u{{{number:x}}}b"));
            let json = serde_json::Value::from(text.as_str());
            let line = escaped(&json);
            assert!(!line.contains(character), "{line}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), json);
        }
    }

    #[test]
    fn names_in_any_language_are_kept() {
        for name in ["d'été", "客厅", "👩\u{200d}👧", "نیم\u{200c}فاصله"] {
            assert_eq!(plain(name), name);
        }
    }
}
