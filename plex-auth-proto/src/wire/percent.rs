//! Percent-encoding for URLs.

/// Percent-encodes text for a query or a fragment, except for ASCII letters, digits and `*-._`. A
/// space becomes `%20`, because some servers take `+` literally, and because `+` has no special
/// meaning in a fragment.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(|piece| if piece == "+" { "%20" } else { piece })
        .collect()
}
