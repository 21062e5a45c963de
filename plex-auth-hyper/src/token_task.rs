//! The task that runs a token source's refresher.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use plex_auth_proto::Secret;
use plex_auth_proto::flow::{Action, Completion, DriverEvent, RequestId, SaveError};
use plex_auth_proto::token_source::{Refresher, SharedRefresher, TokenSlot};

use crate::driver::Driver;

type SaveFuture = Pin<Box<dyn Future<Output = Result<(), SaveError>> + Send>>;
pub(crate) type SaveCallback = Box<dyn FnMut(Secret) -> SaveFuture + Send>;

#[expect(clippy::large_enum_variant, reason = "it is matched at once and never stored")]
enum Event {
    /// A caller rejected the token, found it expired, or shut down the token source. The next step
    /// takes this into account.
    Changed,
    Saved(RequestId, Result<(), SaveError>),
    Step(DriverEvent<()>),
}

/// Runs the refresher until it ends or the token source is shut down.
pub(crate) async fn run<R: Refresher>(
    mut driver: Driver<SharedRefresher<R>>,
    slot: TokenSlot,
    mut save: Option<SaveCallback>,
) {
    let mut saving: Option<(RequestId, SaveFuture)> = None;
    loop {
        let event = {
            let mut step = pin!(driver.step());
            poll_fn(|cx| {
                if slot.poll_driver(cx).is_ready() {
                    return Poll::Ready(Event::Changed);
                }
                if let Poll::Ready((id, result)) = poll_save(&slot, &mut saving, cx) {
                    return Poll::Ready(Event::Saved(id, result));
                }
                step.as_mut().poll(cx).map(Event::Step)
            })
            .await
        };
        match event {
            Event::Changed | Event::Step(DriverEvent::Progress) => {}
            Event::Saved(id, result) => driver.complete(id, Completion::Saved(result)),
            Event::Step(DriverEvent::Action(id, Action::Save(state))) => {
                let completion = match &mut save {
                    None => Completion::Unsupported,
                    // Only one save runs at a time. The flow will request this one again.
                    Some(_) if saving.is_some() => Completion::Cancelled,
                    Some(save) => match slot.in_save(|| save(state)) {
                        Ok(future) => {
                            saving = Some((id, future));
                            continue;
                        }
                        Err(panicked) => Completion::Saved(Err(panicked)),
                    },
                };
                driver.complete(id, completion);
            }
            Event::Step(DriverEvent::Action(id, _)) => {
                driver.complete(id, Completion::Unsupported);
            }
            Event::Step(DriverEvent::Done(()) | DriverEvent::Finished) => break,
        }
    }
    // This drops the requests. A running save still completes, so that no state is half written.
    drop(driver);
    if saving.is_some() {
        // The flow no longer exists, so nothing receives the result.
        let _ = poll_fn(|cx| poll_save(&slot, &mut saving, cx)).await;
    }
}

/// Polls the save in progress, if any, and returns its ID and result once it has completed.
fn poll_save(
    slot: &TokenSlot,
    saving: &mut Option<(RequestId, SaveFuture)>,
    cx: &mut Context<'_>,
) -> Poll<(RequestId, Result<(), SaveError>)> {
    let Some((id, future)) = saving else { return Poll::Pending };
    let result = match slot.in_save(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(result)) => result,
        Err(panicked) => Err(panicked),
    };
    let id = *id;
    // A future that has panicked can panic again when it is dropped.
    if let Some((_, future)) = saving.take() {
        let _ = slot.in_save(|| drop(future));
    }
    Poll::Ready((id, result))
}
