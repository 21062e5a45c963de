use std::ops::ControlFlow;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{Call, Conversation, NoAnswerReason, RequestId, SendError, Step};

use crate::transport::Transport;

/// How long it sleeps at most before it looks at the clock again: a machine that is put to sleep does not
/// count that time, and whoever shows a countdown wants to hear of each second.
const LOOK: Duration = Duration::from_secs(1);

/// What came of a call, and of which one.
type Heard<T> = (RequestId, Result<Response<T>, SendError>);

impl Transport {
    /// Drives a conversation to its end, on this thread; each of its calls is sent from a thread of its own, as
    /// several can be under way.
    ///
    /// It can take as long as the conversation does, 15 minutes for a PIN:
    /// [`drive_with`](Self::drive_with) can be stopped.
    pub fn drive<C>(&self, conversation: &mut C) -> C::Outcome
    where
        C: Conversation,
        C::Answer: Send + 'static,
    {
        loop {
            if let Some(outcome) = self.drive_with(conversation, |_| ControlFlow::Continue(())) {
                return outcome;
            }
        }
    }

    /// Drives a conversation like [`drive`](Self::drive), shows its progress after each step and at least once a
    /// second, and stops where `watch` says so: `None`. The conversation can be driven on later, or kept.
    ///
    /// A call that is under way when it is stopped goes on to its end, and what comes of it is lost.
    pub fn drive_with<C>(
        &self,
        conversation: &mut C,
        mut watch: impl FnMut(C::Progress) -> ControlFlow<()>,
    ) -> Option<C::Outcome>
    where
        C: Conversation,
        C::Answer: Send + 'static,
    {
        let (tell, told) = mpsc::channel();
        loop {
            if watch(conversation.progress(SystemTime::now())).is_break() {
                return None;
            }
            match conversation.next(SystemTime::now()) {
                Step::Send(id, call) => self.send_aside(id, call, tell.clone()),
                Step::Wait(time) => {
                    if let Ok((id, answer)) = told.recv_timeout(time.min(LOOK)) {
                        conversation.receive(SystemTime::now(), id, answer);
                    }
                }
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }

    fn send_aside<T: Send + 'static>(&self, id: RequestId, call: Call<T>, tell: Sender<Heard<T>>) {
        let not_started = call.reply().no_answer(NoAnswerReason::NotStarted(NO_THREAD), false);
        let (transport, tell_from_there) = (self.clone(), tell.clone());
        // Whoever listened may be gone.
        let exchange = move || drop(tell_from_there.send((id, transport.exchange(call))));
        if thread::Builder::new().spawn(exchange).is_err() {
            drop(tell.send((id, Err(not_started))));
        }
    }
}

const NO_THREAD: &str = "the system gave no thread to send from";
