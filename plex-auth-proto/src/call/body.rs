use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The body of a request or response. It may hold a password or a token, so `Debug` shows only its
/// length, and the bytes are zeroed on drop.
///
/// ```
/// use plex_auth_proto::Body;
///
/// let body = Body::from(b"login=rosa&password=hunter2".to_vec());
/// assert_eq!(format!("{body:?}"), "Body(27 bytes)");
/// assert_eq!(Vec::from(body).len(), 27);
/// ```
#[derive(Clone, Default)]
pub struct Body(Zeroizing<Bytes>);

/// Bytes that are zeroed as one slice. The `Zeroize` implementation of `Vec` zeroes item by item,
/// which takes at least twice as long.
#[derive(Clone, Default)]
struct Bytes(Vec<u8>);

impl Zeroize for Bytes {
    fn zeroize(&mut self) {
        self.0.spare_capacity_mut().zeroize();
        self.0.as_mut_slice().zeroize();
    }
}

impl Body {
    /// Returns an empty body.
    pub fn empty() -> Self {
        Self::default()
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0.0
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(Bytes(bytes)))
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

/// Moves the bytes out, for a client that needs to own them. They are no longer zeroed on drop.
impl From<Body> for Vec<u8> {
    fn from(mut body: Body) -> Self {
        std::mem::take(&mut body.0.0)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.as_ref().len())
    }
}

impl ZeroizeOnDrop for Body {}

#[cfg(test)]
mod tests {
    use super::{Body, Bytes, Zeroize, ZeroizeOnDrop};

    #[test]
    fn holds_its_bytes() {
        let bodies = [Body::from("abc"), Body::from("abc".to_owned()), Body::from(&b"abc"[..])];
        for body in bodies.into_iter().chain([Body::from(b"abc".to_vec())]) {
            assert_eq!(body.as_ref(), b"abc");
            assert_eq!(format!("{body:?}"), "Body(3 bytes)");
            assert_eq!(Vec::from(body), b"abc");
        }
        assert!(Body::empty().as_ref().is_empty() && Body::from(()).as_ref().is_empty());
    }

    /// `Body` implements the marker trait `ZeroizeOnDrop`, which the compiler accepts for any type.
    /// This test compiles only if the content of a `Body` implements the trait, too.
    #[test]
    fn zeroed_on_drop() {
        fn zeroes(_: &impl ZeroizeOnDrop) {}
        let Body(bytes) = &Body::empty();
        zeroes(bytes);
    }

    #[test]
    fn all_bytes_are_zeroed() {
        let mut bytes = Bytes(b"login=rosa&password=hunter2".to_vec());
        bytes.zeroize();
        assert_eq!(bytes.0, [0; 27]);
    }
}
