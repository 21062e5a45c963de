//! The reports that an observer receives with a custom service.

use std::sync::Mutex;

use plex_auth_proto::observer::{Attempt, AttemptEnd};

use super::*;

/// An observer that records each report as text.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<String>>>);

impl Reports {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Reports {
    fn started(&self, attempt: &mut Attempt) {
        self.0.lock().unwrap().push(format!("{} started", attempt.number()));
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        let (number, outcome) = (attempt.number(), end.outcome());
        self.0.lock().unwrap().push(format!("{number} {outcome}: {} bytes", end.response_size()));
    }
}

/// A service that keeps each request and never responds.
#[derive(Clone, Default)]
struct Retaining(Arc<Mutex<Vec<Request<RequestBody>>>>);

impl Service<Request<RequestBody>> for Retaining {
    type Response = Response<Script>;
    type Error = Infallible;
    type Future = Pending<Result<Response<Script>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        self.0.lock().unwrap().push(request);
        pending()
    }
}

#[test]
fn dropped_future_is_reported_at_once() {
    let (service, reports) = (Retaining::default(), Reports::default());
    let transport = Transport::over(service.clone(), SmolTimer::new()).observer(reports.clone());
    let mut sent = Box::pin(transport.send(call()));
    let mut fetched = Box::pin(transport.fetch(call().into_outgoing().0));
    assert!(reports.take().is_empty(), "reported before the first poll");
    smol::block_on(async {
        assert!(smol::future::poll_once(&mut sent).await.is_none());
        assert!(smol::future::poll_once(&mut fetched).await.is_none());
    });
    assert_eq!(reports.take(), ["1 started", "1 started"]);
    drop(sent);
    assert_eq!(reports.take(), ["1 cancelled: 0 bytes"]);
    drop(fetched);
    assert_eq!(reports.take(), ["1 cancelled: 0 bytes"]);
    assert_eq!(service.0.lock().unwrap().len(), 2, "the service keeps the requests");
}

#[test]
fn future_that_was_never_polled_is_not_reported() {
    let reports = Reports::default();
    let transport = Transport::over(Retaining::default(), SmolTimer::new());
    drop(transport.observer(reports.clone()).send(call()));
    assert!(reports.take().is_empty());
}

#[test]
fn sizes_and_errors_are_reported() {
    for (status, frames, report) in [
        (200, &["{", "}"][..], "1 response received: 2 bytes"),
        (401, &["{", "!"], "1 response received: 1 bytes"),
        (200, &["{", "!"], "1 the connection closed before the response was complete: 1 bytes"),
    ] {
        let reports = Reports::default();
        let frames = frames.iter().copied();
        let transport = over(move || response(status, false, frames.clone()));
        let result = smol::block_on(transport.observer(reports.clone()).send(call()));
        assert!(result.is_err(), "no account");
        assert_eq!(reports.take(), ["1 started", report]);
    }
}

#[test]
fn request_after_a_mismatch_is_another_attempt() {
    let reports = Reports::default();
    let transport = over(|| response(200, false, [r#"{"authToken":"another-token-000000"}"#]));
    drop(smol::block_on(transport.observer(reports.clone()).send(call())));
    let expected = [
        "1 started",
        "1 response received: 36 bytes",
        "2 started",
        "2 response received: 36 bytes",
    ];
    assert_eq!(reports.take(), expected);
}
