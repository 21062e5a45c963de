use bytes::Bytes;
use plex_auth_proto::http::header::HeaderName;
use plex_auth_proto::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use zeroize::Zeroizing;

use crate::request_body::RequestBody;

/// A copy of a request for a second attempt.
///
/// Every request that may be repeated is copied, so copying must be cheap. The header values are
/// not cloned: all requests with the same identity share them, so threads would contend for their
/// reference counts.
pub(crate) struct RequestCopy {
    method: Method,
    uri: Uri,
    body: RequestBody,
    /// The name of each header, the length of its value, and whether the value is sensitive.
    headers: Vec<(HeaderName, usize, bool)>,
    /// All values, concatenated. They are zeroed when the copy and all requests created from it are
    /// dropped.
    values: Bytes,
}

impl RequestCopy {
    pub(crate) fn of(request: &Request<RequestBody>) -> Self {
        let headers = request.headers();
        let length = headers.values().map(HeaderValue::len).sum();
        let mut values = Zeroizing::new(Vec::with_capacity(length));
        let mut parts = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            parts.push((name.clone(), value.len(), value.is_sensitive()));
            values.extend_from_slice(value.as_bytes());
        }
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            body: request.body().clone(),
            headers: parts,
            values: Bytes::from_owner(values),
        }
    }

    /// Returns the request, without its extensions.
    pub(crate) fn to_request(&self) -> Request<RequestBody> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        let mut values = self.values.clone();
        for (name, length, sensitive) in &self.headers {
            let value = values.split_to((*length).min(values.len()));
            // Never fails, because the value was valid in the original request.
            let Ok(mut value) = HeaderValue::from_maybe_shared(value) else { continue };
            value.set_sensitive(*sensitive);
            headers.append(name, value);
        }
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        request
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use plex_auth_proto::{ClientIdentity, Credentials, PlexTv};

    use super::*;

    #[test]
    fn a_copy_is_the_same_request() -> Result<(), Box<dyn std::error::Error>> {
        let identity = ClientIdentity::builder("c6c5e3c2-8d8c-4f0e-9d2c-6b8c5a4f1e27");
        let plex_tv = PlexTv::new(identity.product("Crème & Brûlée").build()?);
        let (mut request, _) = plex_tv.sign_in(&Credentials::new("rosa", "hunter2")?).into_parts();
        let mut secret = HeaderValue::from_static("hunter3");
        secret.set_sensitive(true);
        request.headers_mut().append("cookie", HeaderValue::from_static("a=1"));
        request.headers_mut().append("cookie", secret);
        let request = request.map(RequestBody::from);

        let copy = RequestCopy::of(&request).to_request();
        assert_eq!(copy.method(), request.method());
        assert_eq!(copy.uri(), request.uri());
        assert_eq!(copy.headers(), request.headers());
        assert_eq!(format!("{:?}", copy.headers()), format!("{:?}", request.headers()));
        assert_eq!(copy.body().size_hint().exact(), request.body().size_hint().exact());
        Ok(())
    }

    #[test]
    fn a_secret_is_copied_once() -> Result<(), Box<dyn std::error::Error>> {
        let mut request = Request::new(RequestBody::from(plex_auth_proto::Body::empty()));
        request.headers_mut().insert("x-plex-token", HeaderValue::from_static("hunter2"));
        let copy = RequestCopy::of(&request);
        // Only the bytes of the copy are zeroed on drop.
        let zeroed = copy.values.as_ptr_range();
        let request = copy.to_request();
        let value = request.headers().get("x-plex-token").ok_or("no token")?;
        assert!(zeroed.contains(&value.as_bytes().as_ptr()));
        Ok(())
    }
}
