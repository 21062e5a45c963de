//! The work that is measured: each piece done by the library, and beside it what it is held against.

use std::hint::black_box;
use std::mem;

mod answers;
mod calls;
#[path = "floor/floor.rs"]
mod floor;
mod growth;
mod refusals;

/// A piece of work, and what it is held against.
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) ours: Side,
    pub(crate) floor: Side,
    /// How many times the floor's instructions it may take.
    pub(crate) goal: f64,
}

/// What a piece of work is, and so what is measured of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call is made.
    Call,
    /// A success is read.
    Answer,
    /// An error is made of an answer.
    Refusal,
    /// Instructions for each byte are held against those of a smaller answer, or of what any parser must do.
    Growth,
}

/// Makes ready: nothing is made for work that is not measured.
pub(crate) type Side = Box<dyn Fn() -> Ready>;

/// Work that can be done, as often as one likes.
pub(crate) struct Ready {
    /// Does it once. What comes of it is kept, so that making it is measured and dropping it is not.
    pub(crate) run: Box<dyn Fn()>,
    /// The length of the answer that is read, if one is.
    pub(crate) bytes: usize,
}

pub(crate) use answers::token_details;
pub(crate) use growth::accounts;

/// All of it, in the order in which it is shown.
pub(crate) fn everything() -> Vec<Work> {
    [calls::all(), answers::all(), refusals::all(), growth::all()].into_iter().flatten().collect()
}

impl Ready {
    fn to<T>(bytes: usize, work: impl Fn() -> T + 'static) -> Self {
        Self { run: Box::new(move || mem::forget(black_box(work()))), bytes }
    }
}
