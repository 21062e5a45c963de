//! The thread that runs a token source's refresher.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use plex_auth_proto::Secret;
use plex_auth_proto::flow::{Action, Completion, DriverEvent, SaveError};
use plex_auth_proto::token_source::{Refresher, SharedRefresher, TokenSlot};

use crate::driver::DriverWaker;
use crate::transport::Transport;

pub(crate) type SaveCallback = Box<dyn FnMut(&Secret) -> Result<(), SaveError> + Send>;

/// Runs the refresher until it ends or the token source is shut down.
pub(crate) fn run<R: Refresher>(
    transport: &Transport,
    flow: SharedRefresher<R>,
    slot: &TokenSlot,
    mut save: Option<SaveCallback>,
) {
    let mut driver = transport.driver(flow);
    let waker = Waker::from(Arc::new(StepWaker(driver.waker())));
    let mut cx = Context::from_waker(&waker);
    loop {
        // The next step takes earlier changes into account; later changes end its wait.
        let _ = slot.poll_driver(&mut cx);
        match driver.step() {
            DriverEvent::Progress => {}
            DriverEvent::Action(id, Action::Save(state)) => {
                let completion = match &mut save {
                    Some(save) => {
                        let result = slot.in_save(|| save(&state));
                        Completion::Saved(result.and_then(|result| result))
                    }
                    None => Completion::Unsupported,
                };
                driver.complete(id, completion);
            }
            DriverEvent::Action(id, _) => driver.complete(id, Completion::Unsupported),
            DriverEvent::Done(()) | DriverEvent::Finished => return,
        }
    }
}

struct StepWaker(DriverWaker);

impl Wake for StepWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}
