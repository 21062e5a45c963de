//! Enums that Plex may add to: what is known has a name, what is not is kept as it came.

/// Declares an enum by the text of each value on the wire. Numbers are matched by their digits.
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
            /// The value as it is on the wire, also where this version has no name for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::_Unknown(text) => text.as_str(),
                }
            }

            /// Whether this version of the library has a name for the value.
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

/// The text of a value that has no name yet. Read it with the enum's `as_str`, so that code goes on
/// working when the value gets one.
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
