//! The second attempt, with a custom service, after a response that belongs to another request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

const OTHER_ACCOUNT: &str = r#"{"id":2,"authToken":"another-token-000000"}"#;

/// A permit that is released when dropped.
struct Permit(Arc<AtomicBool>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A body that holds a permit until it is dropped.
struct Holding(Script, #[expect(dead_code, reason = "dropped with the body")] Permit);

impl Body for Holding {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

/// A service that returns a response belonging to another request, and counts its clones and
/// requests. It has one permit, which is taken when it becomes ready and released when the body is
/// dropped.
struct Limited {
    taken: Arc<AtomicBool>,
    permit: Option<Permit>,
    clones: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Limited {
    fn new() -> Self {
        let (clones, requests) = (Arc::default(), Arc::default());
        Self { taken: Arc::default(), permit: None, clones, requests }
    }
}

impl Clone for Limited {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        let (taken, clones) = (Arc::clone(&self.taken), Arc::clone(&self.clones));
        Self { taken, permit: None, clones, requests: Arc::clone(&self.requests) }
    }
}

impl Service<Request<RequestBody>> for Limited {
    type Response = Response<Holding>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Holding>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return Poll::Pending;
        }
        self.permit = Some(Permit(Arc::clone(&self.taken)));
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let permit = self.permit.take().expect("called before it was ready");
        ready(Ok(response(200, false, [OTHER_ACCOUNT]).map(|body| Holding(body, permit))))
    }
}

#[test]
fn the_second_attempt_needs_no_more_permits() {
    let service = Limited::new();
    let transport = Transport::over(service.clone(), SmolTimer::new());
    let transport = transport.timeout(Duration::from_secs(9));
    service.clones.store(0, Ordering::Relaxed);
    let account = smol::block_on(transport.send(call())).unwrap();
    assert_eq!(account.id, Some(2));
    assert_eq!(service.requests.load(Ordering::Relaxed), 2);
    assert_eq!(service.clones.load(Ordering::Relaxed), 1);
}
