//! Scripted misbehaviour: another answer than the right one, or the right one delivered badly.

use std::time::Duration;

use http::{Response, StatusCode, header};

use super::path::same_place;

/// An answer, and how it is to be put on the wire.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The answer.
    pub response: Response<Vec<u8>>,
    /// How a carrier delivers it.
    pub delivery: Delivery,
}

/// How a carrier delivers an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Delivery {
    /// At once and whole.
    #[default]
    Prompt,
    /// Whole, after this long.
    After(Duration),
    /// Never: the connection stays open and silent.
    Never,
    /// The head trickles, so many bytes at a time with a pause after each; then the body comes at once.
    SlowHead {
        /// Bytes at a time, at least one.
        bytes: usize,
        /// The pause after each.
        pause: Duration,
    },
    /// The head comes at once; then the body trickles.
    SlowBody {
        /// Bytes at a time, at least one.
        bytes: usize,
        /// The pause after each.
        pause: Duration,
    },
    /// The head, with the length of the whole body, and so many bytes of the body; then the connection ends.
    /// No fewer than the body has is no cut.
    CutOff {
        /// Bytes of the body that still come.
        after: usize,
    },
    /// So many bytes of the head; then the connection ends. No fewer than the head has is no cut.
    CutOffInHead {
        /// Bytes of the head that still come.
        after: usize,
    },
    /// The connection ends before a byte of the answer.
    CloseUnanswered,
    /// At once and whole, and it does not say that the connection ends. Then it does.
    ThenClose,
}

/// What goes wrong on a path; see [`FakePlex::misbehave`](super::FakePlex::misbehave).
#[derive(Debug, Clone)]
pub struct Misbehaviour {
    response: Option<Response<Vec<u8>>>,
    delivery: Delivery,
    left: Option<usize>,
}

impl Misbehaviour {
    /// This answer in place of the right one: any status, any headers, any body.
    pub fn respond(response: Response<Vec<u8>>) -> Self {
        Self { response: Some(response), delivery: Delivery::Prompt, left: None }
    }

    /// An answer with this status, content type and body; without a content type when that is empty.
    ///
    /// A status outside of 100 to 999 counts as 500, a content type that no header can hold as none.
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

    /// A redirect with this status to this place, as it stands in `Location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::answer(status, "", Vec::new()).header("location", location)
    }

    /// The right answer, delivered so.
    pub fn deliver(delivery: Delivery) -> Self {
        Self { response: None, delivery, left: None }
    }

    /// Adds a header to an answer that stands in place of the right one. What no header can hold is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) =
            (header::HeaderName::try_from(name), header::HeaderValue::try_from(value));
        if let (Some(response), Ok(name), Ok(value)) = (self.response.as_mut(), name, value) {
            response.headers_mut().append(name, value);
        }
        self
    }

    /// Delivers that answer so.
    pub fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Only so many times.
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    pub(crate) fn into_parts(self) -> (Option<Response<Vec<u8>>>, Delivery) {
        (self.response, self.delivery)
    }
}

/// All that is to go wrong, in order.
#[derive(Debug, Default)]
pub(crate) struct Misbehaviours(Vec<(String, Misbehaviour)>);

impl Misbehaviours {
    pub(crate) fn add(&mut self, path: &str, misbehaviour: Misbehaviour) {
        self.0.push((path.to_owned(), misbehaviour));
    }

    /// What goes wrong with this request, if anything.
    pub(crate) fn take(&mut self, path: &str) -> Option<Misbehaviour> {
        let due = |(place, misbehaviour): &&mut (String, Misbehaviour)| {
            same_place(path, place) && misbehaviour.left != Some(0)
        };
        let (_, misbehaviour) = self.0.iter_mut().find(due)?;
        if let Some(left) = misbehaviour.left.as_mut() {
            *left -= 1;
        }
        Some(misbehaviour.clone())
    }
}
