//! Enums that Plex may extend: unknown values are kept as text.

/// Declares an enum from the text of each value. A number is matched by its decimal digits.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
            #[doc(hidden)]
            _Unknown(crate::wire::open_enum::UnknownText),
        }

        impl $name {
            /// Returns the value as Plex sends it, even if this version of the library has no
            /// variant for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::_Unknown(text) => text.as_str(),
                }
            }

            /// Returns whether this version of the library has a variant for the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::_Unknown(_))
            }
        }

        impl crate::wire::lenient::Value<'_> for $name {
            const IS_PLAIN: bool = true;

            fn from_integer(number: i128) -> Option<Self> {
                Self::from_text(itoa::Buffer::new().format(number))
            }

            fn from_text(text: &str) -> Option<Self> {
                Some(match text {
                    $($text => Self::$variant,)+
                    unknown => Self::_Unknown(crate::wire::open_enum::UnknownText::new(unknown)),
                })
            }
        }
    };
}
pub(crate) use open_enum;

/// The text of a value that has no variant yet. Read it with the enum's `as_str`, so that your code
/// keeps working after a variant is added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnknownText(Box<str>);

impl UnknownText {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
