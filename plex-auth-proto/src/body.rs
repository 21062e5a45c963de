use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The bytes of a request. They can hold a password, so `Debug` shows their number alone, and they
/// are zeroed when dropped.
///
/// ```
/// use plex_auth_proto::Body;
///
/// let body = Body::from(b"login=rosa&password=hunter2".to_vec());
/// assert_eq!(format!("{body:?}"), "Body(27 bytes)");
/// assert_eq!(Vec::from(body).len(), 27);
/// ```
#[derive(Clone, Default)]
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self::default()
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

/// Hands the bytes over, for a client that wants to own them. They are not zeroed then.
impl From<Body> for Vec<u8> {
    fn from(mut body: Body) -> Self {
        std::mem::take(&mut *body.0)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl ZeroizeOnDrop for Body {}

#[cfg(test)]
mod tests {
    use super::{Body, ZeroizeOnDrop};

    #[test]
    fn it_holds_what_it_was_made_of() {
        let bodies = [Body::from("abc"), Body::from("abc".to_owned()), Body::from(&b"abc"[..])];
        for body in bodies.into_iter().chain([Body::from(b"abc".to_vec())]) {
            assert_eq!(body.as_ref(), b"abc");
            assert_eq!(format!("{body:?}"), "Body(3 bytes)");
            assert_eq!(Vec::from(body), b"abc");
        }
        assert!(Body::empty().as_ref().is_empty() && Body::from(()).as_ref().is_empty());
    }

    /// That a body says so of itself is no proof; what it holds must. Else this does not compile.
    #[test]
    fn what_it_holds_is_zeroed_when_dropped() {
        fn zeroes(_: &impl ZeroizeOnDrop) {}
        let Body(bytes) = &Body::empty();
        zeroes(bytes);
    }
}
