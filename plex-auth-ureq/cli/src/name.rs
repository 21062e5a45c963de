//! Comparison of names that users type.

use unicode_normalization::UnicodeNormalization;

/// Returns whether two names are the same, ignoring case, surrounding whitespace and the Unicode
/// form: a letter with an accent is one character on some systems and two on others.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Returns a name in lowercase and composed form, without surrounding whitespace.
pub(crate) fn folded(name: &str) -> String {
    name.trim().nfd().collect::<String>().to_lowercase().nfc().collect()
}
