//! Lenient parsing of numbers.

/// Parses a floating-point number with the JSON parser, which is linked anyway. The standard
/// library's parser would add 25 kB.
pub(crate) fn float(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// Returns the number as an integer if it is whole, such as `1.0`, and at most 2^53 in magnitude.
/// Some languages have only one number type and send integers as floats.
pub(crate) fn whole(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far within i128")]
    whole.then_some(number as i128)
}
