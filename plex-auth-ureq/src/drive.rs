use std::ops::ControlFlow;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::RequestId;
use plex_auth_proto::http::Response;
use plex_auth_proto::{Call, Error, Flow, Step};

use crate::transport::Transport;

/// Upper bound on one sleep: timers stop while a machine is suspended, and a program that shows a countdown
/// needs its progress every second.
const MAX_SLEEP: Duration = Duration::from_secs(1);

/// The result of a call, with the ID of its request.
type Completed<T> = (RequestId, Result<Response<T>, Error>);

impl Transport {
    /// Drives a flow to its end, on this thread; each of its calls is sent from a thread of its own, as
    /// several can be under way.
    ///
    /// It can take as long as the flow does, 15 minutes for a PIN, and for ever for a refresher or for one that
    /// has ended before: [`drive_with`](Self::drive_with) can be stopped.
    ///
    /// ```no_run
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};
    /// use plex_auth_ureq::flow::TokenState;
    ///
    /// # fn stored() -> String { String::new() }
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let mut check = PlexTv::new(me).token_check(&Token::new(stored())?);
    /// match Transport::new().drive(&mut check) {
    ///     TokenState::Valid(account) => println!("it is {}'s", account.title.unwrap_or_default()),
    ///     TokenState::Invalid(_) => println!("please sign in again"),
    ///     _ => println!("nobody can say just now"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drive<C>(&self, flow: &mut C) -> C::Output
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        loop {
            if let Some(outcome) = self.drive_with(flow, |_| ControlFlow::Continue(())) {
                return outcome;
            }
        }
    }

    /// Drives a flow like [`drive`](Self::drive), shows its progress after each step and at least once a
    /// second, and stops where `watch` says so: `None`. The flow can be driven on later, or saved.
    ///
    /// A call that is under way when it is stopped goes on to its end, and what comes of it is lost.
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Transport};
    /// use plex_auth_ureq::flow::PinProgress;
    ///
    /// # fn has_left() -> bool { false }
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let plex_tv = PlexTv::new(me);
    /// let mut login = plex_tv.short_pin_login();
    /// let outcome = Transport::new().drive_with(&mut login, |progress| {
    ///     if let PinProgress::Waiting { pin, left, .. } = progress {
    ///         let (code, page) = (pin.pin().code.expose(), pin.link_page(&plex_tv));
    ///         println!("type {code} at {page}: {} s left", left.as_secs());
    ///     }
    ///     if has_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// if let Some(linked) = outcome {
    ///     let token = linked?.auth_token; // to be kept at once
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drive_with<C>(
        &self,
        flow: &mut C,
        mut watch: impl FnMut(C::Progress) -> ControlFlow<()>,
    ) -> Option<C::Output>
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel();
        loop {
            if watch(flow.progress(SystemTime::now())).is_break() {
                return None;
            }
            match flow.poll(SystemTime::now()) {
                Step::Send(id, call) => self.spawn_send(id, call, sender.clone()),
                Step::Wait(time) => {
                    if let Ok((id, result)) = receiver.recv_timeout(time.min(MAX_SLEEP)) {
                        flow.complete(SystemTime::now(), id, result);
                    }
                }
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }

    /// Sends a call from a thread of its own.
    fn spawn_send<T: Send + 'static>(
        &self,
        id: RequestId,
        call: Call<T>,
        sender: Sender<Completed<T>>,
    ) {
        let not_started =
            call.reply().transport_error(TransportErrorKind::NotStarted(NO_THREAD), false);
        let (transport, thread_sender) = (self.clone(), sender.clone());
        // The receiver may be gone.
        let exchange = move || drop(thread_sender.send((id, transport.exchange(call))));
        if thread::Builder::new().spawn(exchange).is_err() {
            drop(sender.send((id, Err(not_started))));
        }
    }
}

const NO_THREAD: &str = "the system gave no thread to send from";
