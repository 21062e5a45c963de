//! Text as people type or paste it.

/// Removes white space around a text and a byte order mark before it, which some editors write into a file.
pub(crate) fn trim(text: &str) -> &str {
    text.trim().trim_start_matches('\u{feff}').trim()
}

/// Returns the ASCII character for one in full width, as East Asian input methods type them.
pub(crate) fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xff01 + u32::from('!')).unwrap_or(character)
        }
        _ => character,
    }
}
