//! The output of `-v`: each request and its result, without secrets.

use std::time::{Instant, SystemTime};

use plex_auth_ureq::flow::RequestId;
use plex_auth_ureq::http::Response;
use plex_auth_ureq::{Call, Error, Flow, Step};

use crate::output::note;

/// A flow that reports each of its requests. It also shows that a flow can be wrapped like any other value.
pub(crate) struct Verbose<'a, C> {
    inner: &'a mut C,
    in_flight: Vec<(RequestId, Request)>,
}

/// A request that was reported, so that its result can be.
pub(crate) struct Request {
    what: String,
    since: Instant,
}

/// Reports a request. A URL that contains a secret is masked.
pub(crate) fn sent<T>(call: &Call<T>) -> Request {
    let what = format!("{} {}", call.request().method(), call.masked_url());
    note(&format!("> {what}"));
    Request { what, since: Instant::now() }
}

impl Request {
    /// Reports its result.
    pub(crate) fn completed<T>(self, answer: &Result<Response<T>, Error>) {
        let Self { what, since } = self;
        let took = since.elapsed();
        match answer {
            Ok(response) => note(&format!("< {} to {what} within {took:.1?}", response.status())),
            Err(error) => note(&format!("< {error} (within {took:.1?})")),
        }
    }
}

impl<'a, C> Verbose<'a, C> {
    pub(crate) fn new(inner: &'a mut C) -> Self {
        Self { inner, in_flight: Vec::new() }
    }
}

impl<C: Flow> Flow for Verbose<'_, C> {
    type Response = C::Response;
    type Output = C::Output;
    type Progress = C::Progress;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        match self.inner.poll(now) {
            Step::Send(id, call) => {
                self.in_flight.push((id, sent(&call)));
                Step::Send(id, call)
            }
            Step::Wait(time) => Step::Wait(time),
            Step::Done(outcome) => Step::Done(outcome),
        }
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<C::Response>, Error>,
    ) {
        if let Some(place) = self.in_flight.iter().position(|(in_flight, _)| *in_flight == id) {
            self.in_flight.swap_remove(place).1.completed(&answer);
        }
        self.inner.complete(now, id, answer);
    }

    fn progress(&self, now: SystemTime) -> C::Progress {
        self.inner.progress(now)
    }
}
