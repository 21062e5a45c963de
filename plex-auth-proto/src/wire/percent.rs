//! Text in a URL.

/// The text as a part of a query or a fragment: everything encoded but letters, digits and `*-._`. A space is
/// `%20`, since what is a space to a form is a plus to some servers and to every fragment.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(|piece| if piece == "+" { "%20" } else { piece })
        .collect()
}
