//! Normalization of typed or pasted text.

/// Strips surrounding whitespace and a leading byte order mark, which some editors add to files.
pub(crate) fn trim(text: &str) -> &str {
    text.trim().trim_start_matches('\u{feff}').trim()
}

/// Converts a full-width character, as typed with East Asian input methods, to ASCII.
pub(crate) fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xff01 + u32::from('!')).unwrap_or(character)
        }
        _ => character,
    }
}
