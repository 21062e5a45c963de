//! Random values from the operating system.

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Returns a random (version 4) UUID.
pub(super) fn uuid() -> Result<String, Failure> {
    let random = u128::from_be_bytes(*bytes::<16>()?);
    // Version 4, variant 1.
    let random = random & !(0xf000 << 64) | (0x4000 << 64);
    let random = random & !(0xc000 << 48) | (0x8000 << 48);
    let text = format!("{random:032x}");
    let mut rest = text.as_str();
    let groups = [8, 4, 4, 4, 12].map(|length| {
        let (group, after) = rest.split_at_checked(length).unwrap_or_default();
        rest = after;
        group
    });
    Ok(groups.join("-"))
}

/// Returns random bytes.
pub(super) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        Failure::internal(format!("the operating system could not provide random numbers: {error}"))
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_identifier_is_a_random_uuid() {
        let (one, other) = (super::uuid().unwrap(), super::uuid().unwrap());
        assert_ne!(one, other);
        let groups: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{one}");
        assert_eq!(one.as_bytes()[14], b'4', "{one}");
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
