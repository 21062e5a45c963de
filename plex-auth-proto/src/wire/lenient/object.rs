//! A macro that declares Plex's object types and their JSON names.

/// Declares a type that is parsed from an object. A field's JSON name is the literal after `as`, or
/// the field's own name if there is no `as`.
///
/// Fields are `Option<_>` or `Vec<_>` of a [`Value`]. Those in `required` are not wrapped, and the
/// object is unreadable without them.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            required {
                $($(#[$required_attribute:meta])* $required_visibility:vis
                    $required:ident: $required_type:ty $(as $required_wire:literal)?,)*
            }
            $($(#[$field_attribute:meta])* $field_visibility:vis
                $field:ident: $type:ty $(as $wire:literal)?,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone)]
        $visibility struct $name {
            $($(#[$required_attribute])* $required_visibility $required: $required_type,)*
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
            unreadable: crate::wire::lenient::unreadable::Unreadable,
        }

        impl $name {
            /// Parses the object's fields. Returns `None` if a required field is missing or
            /// unreadable, or if the map represents a number.
            fn from_map<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
                budget: &crate::wire::lenient::budget::Budget,
            ) -> Result<Option<Self>, A::Error> {
                #[allow(non_camel_case_types)]
                enum Field { NumberInDisguise, $($required,)* $($field,)* }

                // Not inlined, so that the parsers for all input types share this code.
                #[inline(never)]
                fn known(key: &str) -> Option<Field> {
                    match key {
                        $(crate::wire::lenient::object::wire!($required $($required_wire)?) => Some(Field::$required),)*
                        $(crate::wire::lenient::object::wire!($field $($wire)?) => Some(Field::$field),)*
                        crate::wire::lenient::plain::NUMBER => Some(Field::NumberInDisguise),
                        _ => None,
                    }
                }

                $(let mut $required = None::<$required_type>;)*
                $(let mut $field = <$type>::default();)*
                let mut unreadable = crate::wire::lenient::unreadable::Unreadable::default();
                // With `arbitrary_precision`, `serde_json` represents a number as a map whose only
                // key is `NUMBER`. Such a map is not an object.
                let mut held = map.next_key_seed(crate::wire::lenient::key::Key(known))?;
                if let Some(Some(Field::NumberInDisguise)) = held {
                    map.next_value::<serde::de::IgnoredAny>()?;
                    held = map.next_key_seed(crate::wire::lenient::key::Key(known))?;
                    if held.is_none() {
                        return Ok(None);
                    }
                }
                while let Some(key) = match held.take() {
                    Some(key) => Some(key),
                    None => map.next_key_seed(crate::wire::lenient::key::Key(known))?,
                } {
                    // Most fields are scalars. All scalars are parsed in one place, below.
                    let (name, field): (&str, &mut dyn crate::wire::lenient::plain::Take) = match key {
                        $(Some(Field::$required) => {
                            (crate::wire::lenient::object::wire!($required $($required_wire)?), &mut $required)
                        })*
                        $(Some(Field::$field) => {
                            let name = crate::wire::lenient::object::wire!($field $($wire)?);
                            match crate::wire::lenient::field::Field::as_plain(&mut $field) {
                                Some(plain) => (name, plain),
                                None => {
                                    let read = crate::wire::lenient::field::read_value(&mut map, &mut $field, budget)?;
                                    unreadable.note(name, read);
                                    continue;
                                }
                            }
                        })*
                        Some(Field::NumberInDisguise) | None => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                            continue;
                        }
                    };
                    let read = crate::wire::lenient::field::read_plain(&mut map, field)?;
                    unreadable.note(name, read);
                }
                $(let Some($required) = $required else { return Ok(None) };)*
                Ok(Some(Self { $($required,)* $($field,)* unreadable }))
            }
        }

        impl<'de> crate::wire::lenient::value::Value<'de> for $name {
            fn from_object<A: serde::de::MapAccess<'de>>(
                map: A,
                budget: &crate::wire::lenient::budget::Budget,
            ) -> Result<Option<Self>, A::Error> {
                Self::from_map(map, budget)
            }

            fn unreadable(&self, paths: &mut crate::wire::lenient::unreadable::Paths) {
                paths.add_all(&self.unreadable);
                $(crate::wire::lenient::field::Field::unreadable(
                    &self.$field,
                    crate::wire::lenient::object::wire!($field $($wire)?),
                    paths,
                );)*
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::lenient::field::required(deserializer)
            }
        }

        const _: () = {
            $(crate::wire::lenient::object::checked_wire!($required $($required_wire)?);)*
            $(crate::wire::lenient::object::checked_wire!($field $($wire)?);)*
        };
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident { $($fields:tt)* }
    ) => {
        crate::wire::lenient::object::object! {
            $(#[$attribute])*
            $visibility struct $name { required {} $($fields)* }
        }
    };
}
pub(crate) use object;

/// Expands to the JSON name of a field.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire;

/// Fails to compile if a field's name contains an underscore and the field has no `as`: Plex uses
/// camelCase, so the `as` was probably forgotten.
macro_rules! checked_wire {
    ($field:ident) => {
        assert!(
            crate::wire::lenient::object::is_one_word(stringify!($field)),
            concat!("add the JSON name of `", stringify!($field), "`: `as \"...\"`")
        )
    };
    ($field:ident $wire:literal) => {};
}
pub(crate) use checked_wire;

pub(crate) const fn is_one_word(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'_' {
            return false;
        }
        rest = behind;
    }
    true
}
