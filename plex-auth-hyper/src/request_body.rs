use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use plex_auth_proto::Body;

/// The body of a request that is sent with a [`tower_service::Service`].
///
/// It uses the call's bytes without copying them, and they are zeroed when the last clone is
/// dropped. Its length is known, so it is never sent in chunks. `Debug` shows only the length.
#[derive(Clone)]
pub struct RequestBody(Full<Bytes>);

impl From<Body> for RequestBody {
    fn from(body: Body) -> Self {
        Self(Full::new(Bytes::from_owner(body)))
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = http_body::Body::size_hint(self).lower();
        write!(f, "RequestBody({length} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;

    use super::*;

    #[test]
    fn a_body_reveals_only_its_length() {
        let body = RequestBody::from(Body::from(b"password=hunter2".to_vec()));
        assert_eq!(body.size_hint().exact(), Some(16));
        assert_eq!(format!("{body:?}"), "RequestBody(16 bytes)");
        assert!(!body.is_end_stream());
        assert!(RequestBody::from(Body::empty()).is_end_stream());
    }
}
