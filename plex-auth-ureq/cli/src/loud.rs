//! What `-v` says: each request and what came of it, without secrets.

use std::time::{Instant, SystemTime};

use plex_auth_ureq::http::Response;
use plex_auth_ureq::{Call, Conversation, Error, RequestId, Step};

use crate::output::note;

/// A conversation that says what it does. It also shows that a conversation can be wrapped like any other value.
pub(crate) struct Loud<'a, C> {
    inner: &'a mut C,
    under_way: Vec<(RequestId, Said)>,
}

/// What was said of a request, to say what came of it.
pub(crate) struct Said {
    what: String,
    since: Instant,
}

/// Says what is asked. A URL that holds a secret is shown without it.
pub(crate) fn ask<T>(call: &Call<T>) -> Said {
    let what = format!("{} {}", call.request().method(), call.masked_url());
    note(&format!("> {what}"));
    Said { what, since: Instant::now() }
}

impl Said {
    /// Says what came of it.
    pub(crate) fn heard<T>(self, answer: &Result<Response<T>, Error>) {
        let Self { what, since } = self;
        let took = since.elapsed();
        match answer {
            Ok(response) => note(&format!("< {} to {what} within {took:.1?}", response.status())),
            Err(error) => note(&format!("< {error} (within {took:.1?})")),
        }
    }
}

impl<'a, C> Loud<'a, C> {
    pub(crate) fn new(inner: &'a mut C) -> Self {
        Self { inner, under_way: Vec::new() }
    }
}

impl<C: Conversation> Conversation for Loud<'_, C> {
    type Answer = C::Answer;
    type Outcome = C::Outcome;
    type Progress = C::Progress;

    fn next(&mut self, now: SystemTime) -> Step<Self> {
        match self.inner.next(now) {
            Step::Send(id, call) => {
                self.under_way.push((id, ask(&call)));
                Step::Send(id, call)
            }
            Step::Wait(time) => Step::Wait(time),
            Step::Done(outcome) => Step::Done(outcome),
        }
    }

    fn receive(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<C::Answer>, Error>,
    ) {
        if let Some(place) = self.under_way.iter().position(|(under_way, _)| *under_way == id) {
            self.under_way.swap_remove(place).1.heard(&answer);
        }
        self.inner.receive(now, id, answer);
    }

    fn progress(&self, now: SystemTime) -> C::Progress {
        self.inner.progress(now)
    }
}
