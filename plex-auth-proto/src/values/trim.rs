/// Removes white space around a text and a byte order mark before it, which some editors write into a file.
pub(crate) fn trim(text: &str) -> &str {
    text.trim().trim_start_matches('\u{feff}').trim()
}
