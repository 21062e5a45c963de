//! One interface for every way to send a call: straight to a fake in memory, with the bare client,
//! or through one of the transports.

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plex_auth_fake::FakePlex;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{Action, Completion, Now};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Body, Call, Error, Flow, Observer, Outgoing, Step, TransportError};
use tokio::runtime::Runtime;

use crate::bare_client;

/// hyper-util's client, built by the caller.
type OwnClient = Client<HttpConnector, plex_auth_hyper::RequestBody>;

/// Sends calls and drives flows.
#[derive(Debug)]
pub enum Carrier {
    /// Calls the fake as a function, without a socket.
    Value(Arc<Mutex<FakePlex>>),
    /// Sends requests with [`bare_client`], which trusts only this root certificate for HTTPS.
    HandMade(Option<Vec<u8>>),
    /// Uses `plex-auth-ureq`.
    Ureq(plex_auth_ureq::Transport),
    /// Uses `plex-auth-hyper` with a tokio runtime.
    Hyper(plex_auth_hyper::Transport, Runtime),
    /// Uses `plex-auth-hyper` with a client that the caller built.
    OwnHyper(plex_auth_hyper::Transport<OwnClient>, Runtime),
}

impl Carrier {
    /// Returns a `plex-auth-ureq` transport that trusts `root` in addition to the default roots.
    pub fn ureq(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_ureq::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        Self::Ureq(builder.build().expect("the root is a certificate"))
    }

    /// Returns a `plex-auth-hyper` transport that trusts `root` in addition to the default roots.
    pub fn hyper(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_hyper::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        let transport = builder.build().expect("the root is a certificate");
        Self::Hyper(transport, runtime())
    }

    /// Returns both transports.
    pub fn transports() -> [Self; 2] {
        [Self::ureq(None), Self::hyper(None)]
    }

    /// Returns a `plex-auth-ureq` transport that uses an agent with default settings. Without the
    /// transport, such an agent follows redirects and turns error statuses into errors.
    pub fn own_ureq() -> Self {
        Self::Ureq(
            plex_auth_ureq::Transport::over(plex_auth_ureq::ureq::Agent::new_with_defaults()),
        )
    }

    /// Returns a `plex-auth-hyper` transport that uses hyper-util's client with default settings.
    pub fn own_hyper() -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self::OwnHyper(plex_auth_hyper::Transport::over(client, TokioTimer::new()), runtime())
    }

    /// Sets the timeout of [`Ureq`](Self::Ureq) and [`Hyper`](Self::Hyper). Other carriers are
    /// returned unchanged.
    pub fn timeout(self, limit: Duration) -> Self {
        match self {
            Self::Ureq(transport) => Self::Ureq(transport.timeout(limit)),
            Self::Hyper(transport, runtime) => Self::Hyper(transport.timeout(limit), runtime),
            carrier => carrier,
        }
    }

    /// Sets the body size limit of [`Ureq`](Self::Ureq) and [`Hyper`](Self::Hyper). Other carriers
    /// are returned unchanged.
    pub fn max_body_size(self, bytes: usize) -> Self {
        match self {
            Self::Ureq(transport) => Self::Ureq(transport.max_body_size(bytes)),
            Self::Hyper(transport, runtime) => Self::Hyper(transport.max_body_size(bytes), runtime),
            carrier => carrier,
        }
    }

    /// Sets the observer, if this carrier supports one.
    pub fn observer(self, observer: impl Observer + 'static) -> Self {
        match self {
            Self::Ureq(transport) => Self::Ureq(transport.observer(observer)),
            Self::Hyper(transport, runtime) => Self::Hyper(transport.observer(observer), runtime),
            Self::OwnHyper(transport, runtime) => {
                Self::OwnHyper(transport.observer(observer), runtime)
            }
            carrier => carrier,
        }
    }

    /// Returns the name to print.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Value(_) => "in memory",
            Self::HandMade(_) => "by hand",
            Self::Ureq(_) => "ureq",
            Self::Hyper(..) => "hyper",
            Self::OwnHyper(..) => "own hyper client",
        }
    }

    /// Sends a call and returns its output.
    pub fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.exchange(call).map(Response::into_body)
    }

    /// Sends a call and returns its output with the status and the headers.
    fn exchange<T>(&self, call: Call<T>) -> Result<Response<T>, Error> {
        match self {
            Self::Value(_) | Self::HandMade(_) => {
                let (outgoing, reply) = call.into_outgoing();
                Ok(reply.read(self.fetch(outgoing)?)?)
            }
            Self::Ureq(transport) => transport.exchange(call),
            Self::Hyper(transport, runtime) => runtime.block_on(transport.exchange(call)),
            Self::OwnHyper(transport, runtime) => runtime.block_on(transport.exchange(call)),
        }
    }

    /// Sends a request and returns its response unparsed.
    fn fetch(&self, mut outgoing: Outgoing) -> Result<Response<Body>, TransportError> {
        match self {
            Self::Value(fake) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let mut fake = fake.lock().unwrap_or_else(PoisonError::into_inner);
                let request = outgoing.into_request().map(Vec::from);
                Ok(fake.answer(&request, now.as_secs()).map(Body::from))
            }
            Self::HandMade(root) => {
                match bare_client::exchange(&outgoing.take_request(), root.as_deref()) {
                    Ok(response) => Ok(response.map(Body::from)),
                    Err(_) => Err(outgoing.transport_error(TransportErrorKind::Other, true)),
                }
            }
            Self::Ureq(transport) => transport.fetch(outgoing),
            Self::Hyper(transport, runtime) => runtime.block_on(transport.fetch(outgoing)),
            Self::OwnHyper(transport, runtime) => runtime.block_on(transport.fetch(outgoing)),
        }
    }

    /// Returns the current time, to pass to the methods of a flow that this carrier drives.
    pub fn now(&self) -> Now {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::Value(_) | Self::HandMade(_) => Now::new(START.elapsed(), SystemTime::now()),
            Self::Ureq(transport) => transport.now(),
            Self::Hyper(transport, _) => transport.now(),
            Self::OwnHyper(transport, _) => transport.now(),
        }
    }

    /// Drives a flow to its end or until `watch` stops it. Returns `None` if `watch` stopped the
    /// flow or if the flow had already finished. [`Value`](Self::Value) and
    /// [`HandMade`](Self::HandMade) also return `None` if the flow waits indefinitely.
    pub fn drive<F: Flow>(
        &self,
        flow: &mut F,
        mut watch: impl FnMut(&F, Now) -> ControlFlow<()>,
    ) -> Option<F::Output> {
        match self {
            Self::Ureq(transport) => transport.drive_with(flow, watch),
            Self::Hyper(transport, runtime) => runtime.block_on(transport.drive_with(flow, watch)),
            Self::OwnHyper(transport, runtime) => {
                runtime.block_on(transport.drive_with(flow, watch))
            }
            Self::Value(_) | Self::HandMade(_) => loop {
                if watch(flow, self.now()).is_break() {
                    return None;
                }
                match flow.poll(self.now()) {
                    Step::Do(id, Action::Send(outgoing)) => {
                        let completion = self.fetch(outgoing).into();
                        flow.complete(self.now(), id, completion);
                    }
                    Step::Do(id, _) => flow.complete(self.now(), id, Completion::Unsupported),
                    Step::Wait(Some(time)) => std::thread::sleep(time),
                    Step::Wait(None) | Step::Finished => return None,
                    Step::Done(output) => return Some(output),
                }
            },
        }
    }
}

/// Returns a tokio runtime for one test.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
