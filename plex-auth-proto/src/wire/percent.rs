//! Percent-encoding for URLs.

/// Encodes text for a query or a fragment: everything except letters, digits and `*-._`. A space
/// becomes `%20`, because some servers, and all readers of fragments, take `+` literally.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(|piece| if piece == "+" { "%20" } else { piece })
        .collect()
}
