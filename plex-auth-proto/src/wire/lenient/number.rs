//! Numbers as servers write them.

/// The number that a text is. As JSON has it, whose reader and writer of numbers are there already: those of the
/// standard library are 25 kB more.
pub(crate) fn float(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// The whole number that this is: `1.0`, from servers whose language has one kind of number.
pub(crate) fn whole(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far within i128")]
    whole.then_some(number as i128)
}
