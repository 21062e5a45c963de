//! What a log may show of an answer: of a name or an address of somebody no more than that there is one.

use std::fmt;

/// What stands for a name or an e-mail address of somebody where it would be shown.
pub(crate) fn masked(text: &Option<String>) -> Option<fmt::Arguments<'static>> {
    text.as_ref().map(|_| format_args!("***"))
}

/// A URL without its query and fragment, and nothing of one that may have user info: a password can contain the
/// characters at which a URL is taken apart.
pub(crate) fn bare_url(url: &Option<String>) -> Option<&str> {
    let url = url.as_deref()?;
    if url.contains('@') { Some("***") } else { url.split(['?', '#']).next() }
}

/// A type's `Debug` that shows `***` in place of the fields that are `masked`, and of a
/// `url` only what holds no secret. Every field is named, so that a new one
/// must be thought about.
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
