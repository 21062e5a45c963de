//! The visitors of lists.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::{One, Seen, Value};

/// Visits what is a list and nothing else; `false` beside it where some of its elements could not be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<T>(PhantomData<T>);

impl<T> List<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Value<'de>> Visitor<'de> for List<T> {
    type Value = (Vec<T>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(Vec<T>, bool), A::Error> {
        let mut elements = Vec::new();
        let all_read = Many { elements: &mut elements, null_is_empty: false }.visit_seq(list)?;
        Ok((elements, all_read))
    }
}

/// How much memory a list may take for its elements, what they point to aside: thousands of the largest. An
/// element of two bytes can become a value of some hundred, so that a hostile answer of 1 MiB would take
/// more than a small device has. The longest list that Plex sends has some 120 elements.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Visits a list, or one element in place of a list. Elements that cannot be read are left out.
pub(crate) struct Many<'a, T> {
    elements: &'a mut Vec<T>,
    /// Whether null stands for no element, rather than for a row that cannot be read.
    null_is_empty: bool,
}

impl<'a, T> Many<'a, T> {
    pub(crate) fn field(elements: &'a mut Vec<T>) -> Self {
        Self { elements, null_is_empty: true }
    }

    fn one<E>(self, element: Result<Seen<T>, E>) -> Result<bool, E> {
        match element? {
            Seen::This(element) => *self.elements = vec![element],
            Seen::Nothing => {}
            Seen::Unreadable => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for Many<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        self.one(One::NEW.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.one(One::NEW.visit_i64(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.one(One::NEW.visit_u64(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.one(One::NEW.visit_f64(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.one(One::NEW.visit_str(text))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.one(One::NEW.visit_unit())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        self.one(One::NEW.visit_map(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let Self { elements, null_is_empty } = self;
        elements.clear();
        let mut all_read = true;
        let most = MAX_LIST_BYTES / size_of::<T>().max(1);
        while elements.len() < most {
            match list.next_element_seed(One::<T>::NEW)? {
                Some(Seen::This(element)) => elements.push(element),
                Some(Seen::Nothing) => all_read &= null_is_empty,
                Some(Seen::Unreadable) => all_read = false,
                None => {
                    // Most lists are short, and the memory for four elements can be a kilobyte.
                    elements.shrink_to_fit();
                    return Ok(all_read);
                }
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            all_read = false;
        }
        Ok(all_read)
    }
}
