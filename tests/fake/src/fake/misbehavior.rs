//! Scripted misbehavior: incorrect responses, and incorrect delivery of correct ones.

use std::time::Duration;

use http::{Response, StatusCode, header};

use super::path::same_place;

/// A response and how to deliver it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The response.
    pub response: Response<Vec<u8>>,
    /// The way in which a server must deliver the response.
    pub delivery: Delivery,
}

/// The way a server delivers a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Delivery {
    /// The response is sent immediately and completely.
    #[default]
    Prompt,
    /// The complete response is sent after this time.
    After(Duration),
    /// No response is sent. The connection stays open.
    Never,
    /// The head is sent in small pieces, with a pause after each. The body follows immediately.
    SlowHead {
        /// The number of bytes per piece, at least one.
        bytes: usize,
        /// The pause after each piece.
        pause: Duration,
    },
    /// The head is sent immediately, then the body in small pieces, with a pause after each.
    SlowBody {
        /// The number of bytes per piece, at least one.
        bytes: usize,
        /// The pause after each piece.
        pause: Duration,
    },
    /// The head, which declares the length of the whole body, and a part of the body are sent. Then
    /// the connection closes. If the part is the whole body, nothing is cut off.
    CutOff {
        /// The number of bytes of the body that are sent.
        after: usize,
    },
    /// A part of the head is sent. Then the connection closes. If the part is the whole head,
    /// nothing is cut off.
    CutOffInHead {
        /// The number of bytes of the head that are sent.
        after: usize,
    },
    /// The connection closes without a response.
    CloseUnanswered,
    /// The response is sent immediately and completely. Then the connection closes, without a
    /// `Connection: close` header.
    ThenClose,
}

/// Scripted misbehavior for a path. See [`FakePlex::misbehave`](super::FakePlex::misbehave).
#[derive(Debug, Clone)]
pub struct Misbehavior {
    response: Option<Response<Vec<u8>>>,
    delivery: Delivery,
    left: Option<usize>,
}

impl Misbehavior {
    /// Creates a misbehavior that replaces the correct response with this response.
    pub fn respond(response: Response<Vec<u8>>) -> Self {
        Self { response: Some(response), delivery: Delivery::Prompt, left: None }
    }

    /// Creates a misbehavior that replaces the correct response with a response that has this
    /// status, content type and body.
    ///
    /// A status outside the range 100 to 999 is replaced with 500. A content type that is empty or
    /// not a valid header value is not sent.
    pub fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(value) = content_type.parse()
            && !content_type.is_empty()
        {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        Self::respond(response)
    }

    /// Creates a misbehavior that redirects with this status and `Location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::answer(status, "", Vec::new()).header("location", location)
    }

    /// Creates a misbehavior that delivers the correct response in this way.
    pub fn deliver(delivery: Delivery) -> Self {
        Self { response: None, delivery, left: None }
    }

    /// Adds a header to the response. Does nothing if the header is invalid or if the misbehavior
    /// specifies only a delivery.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) =
            (header::HeaderName::try_from(name), header::HeaderValue::try_from(value));
        if let (Some(response), Ok(name), Ok(value)) = (self.response.as_mut(), name, value) {
            response.headers_mut().append(name, value);
        }
        self
    }

    /// Sets how the response is delivered.
    pub fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Limits the number of requests that the misbehavior applies to.
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    pub(crate) fn into_parts(self) -> (Option<Response<Vec<u8>>>, Delivery) {
        (self.response, self.delivery)
    }
}

/// All misbehaviors, in order.
#[derive(Debug, Default)]
pub(crate) struct Misbehaviors(Vec<(String, Misbehavior)>);

impl Misbehaviors {
    pub(crate) fn add(&mut self, path: &str, misbehavior: Misbehavior) {
        self.0.push((path.to_owned(), misbehavior));
    }

    /// Returns the misbehavior for a request to this path, if any, and counts the request.
    pub(crate) fn take(&mut self, path: &str) -> Option<Misbehavior> {
        let due = |(place, misbehavior): &&mut (String, Misbehavior)| {
            same_place(path, place) && misbehavior.left != Some(0)
        };
        let (_, misbehavior) = self.0.iter_mut().find(due)?;
        if let Some(left) = misbehavior.left.as_mut() {
            *left -= 1;
        }
        Some(misbehavior.clone())
    }
}
