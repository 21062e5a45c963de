//! Redaction for `Debug`: only the presence of personal data is shown, not its value.

use std::fmt;

/// Returns a placeholder for a name or an email address.
pub(crate) fn masked(text: &Option<String>) -> Option<fmt::Arguments<'static>> {
    text.as_ref().map(|_| format_args!("***"))
}

/// Returns a URL without its query and fragment. A URL that may contain user info is redacted
/// completely, because a password can contain the characters that delimit the parts of a URL.
pub(crate) fn bare_url(url: &Option<String>) -> Option<&str> {
    let url = url.as_deref()?;
    if url.contains('@') { Some("***") } else { url.split(['?', '#']).next() }
}

/// Implements `Debug` with `***` in place of `masked` fields, and with only the safe parts of `url`
/// fields. All fields must be listed, so that a new one cannot be forgotten.
macro_rules! redacted_debug {
    (@value $field:ident masked) => { &$crate::wire::redaction::masked($field) };
    (@value $field:ident url) => { &$crate::wire::redaction::bare_url($field) };
    (@value $field:ident) => { $field };
    ($(#[$doc:meta])* $type:ident { $($field:ident $($masked:ident)?),+ $(,)? }) => {
        $(#[$doc])*
        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let Self { $($field),+ } = self;
                f.debug_struct(stringify!($type))
                    $(.field(stringify!($field), $crate::wire::redaction::redacted_debug!(@value $field $($masked)?)))+
                    .finish()
            }
        }
    };
}
pub(crate) use redacted_debug;
