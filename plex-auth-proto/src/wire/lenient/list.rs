//! Visitors for lists.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use super::value::{One, Seen, Value};

/// Accepts only a list. Returns the elements and whether all of them could be read.
#[derive(Debug)]
pub(crate) struct List<'b, T>(&'b Budget, PhantomData<T>);

impl<'b, T> List<'b, T> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self(budget, PhantomData)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for List<'_, T> {
    type Value = (Vec<T>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(Vec<T>, bool), A::Error> {
        let mut elements = Vec::new();
        let many = Many { elements: &mut elements, budget: self.0, null_is_empty: false };
        let all_read = many.visit_seq(list)?;
        Ok((elements, all_read))
    }
}

/// Accepts a list, or a single element in place of a list. Unreadable elements are dropped.
pub(crate) struct Many<'a, T> {
    elements: &'a mut Vec<T>,
    budget: &'a Budget,
    /// Whether null elements and empty strings are skipped instead of counting as unreadable.
    null_is_empty: bool,
}

impl<'a, T> Many<'a, T> {
    pub(crate) fn field(elements: &'a mut Vec<T>, budget: &'a Budget) -> Self {
        Self { elements, budget, null_is_empty: true }
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
        let one = One::new(self.budget).visit_bool(value);
        self.one(one)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        let one = One::new(self.budget).visit_i64(number);
        self.one(one)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        let one = One::new(self.budget).visit_u64(number);
        self.one(one)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        let one = One::new(self.budget).visit_f64(number);
        self.one(one)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        let one = One::new(self.budget).visit_str(text);
        self.one(one)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        let one = One::new(self.budget).visit_unit();
        self.one(one)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let one = One::new(self.budget).visit_map(map);
        self.one(one)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let Self { elements, budget, null_is_empty } = self;
        elements.clear();
        let mut all_read = true;
        loop {
            match list.next_element_seed(One::<T>::new(budget))? {
                Some(Seen::This(element)) if budget.take::<T>() => elements.push(element),
                // The memory budget is used up.
                Some(Seen::This(_)) => break,
                Some(Seen::Nothing) => all_read &= null_is_empty,
                Some(Seen::Unreadable) => all_read = false,
                None => {
                    // Most lists are short, and the default capacity of four elements can take a
                    // kilobyte.
                    elements.shrink_to_fit();
                    return Ok(all_read);
                }
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
