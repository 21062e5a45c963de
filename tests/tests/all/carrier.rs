//! The ways in which a call can be carried, behind one `send`: each scenario runs over all of them.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plex_auth_fake::FakePlex;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Body, Call, Error, Flow, Step};
use plex_auth_tests::bare_client;
use tokio::runtime::Runtime;

/// hyper-util's client as a caller makes it.
type OwnClient = Client<HttpConnector, plex_auth_hyper::RequestBody>;

/// How a call reaches the fake and its answer the reply.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// In memory: the core asks the fake's value, with no byte on any wire.
    Value(Arc<Mutex<FakePlex>>),
    /// By hand, over a socket; trusts this root for HTTPS.
    HandMade(Option<Vec<u8>>),
    /// `plex-auth-ureq`.
    Ureq(plex_auth_ureq::Transport),
    /// `plex-auth-hyper`, on a tokio runtime of its own.
    Hyper(plex_auth_hyper::Transport, Runtime),
    /// `plex-auth-hyper` over a client that a caller made.
    OwnHyper(plex_auth_hyper::Transport<OwnClient>, Runtime),
}

impl Carrier {
    /// ureq, which trusts `root` beside the roots that it has anyway.
    pub(crate) fn ureq(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_ureq::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        Self::Ureq(builder.build().expect("the root is a certificate"))
    }

    /// hyper, which trusts `root` beside the roots that it has anyway.
    pub(crate) fn hyper(root: Option<Vec<u8>>) -> Self {
        let builder = plex_auth_hyper::Transport::builder();
        let builder =
            root.into_iter().fold(builder, |builder, root| builder.root_certificate(root));
        let transport = builder.build().expect("the root is a certificate");
        Self::Hyper(transport, runtime())
    }

    /// A ureq agent as it comes, which follows redirects and takes a refusal for an error.
    pub(crate) fn own_ureq() -> Self {
        Self::Ureq(
            plex_auth_ureq::Transport::over(plex_auth_ureq::ureq::Agent::new_with_defaults()),
        )
    }

    /// hyper-util's client as it comes.
    pub(crate) fn own_hyper() -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self::OwnHyper(plex_auth_hyper::Transport::over(client, TokioTimer::new()), runtime())
    }

    /// With another timeout, where it has one.
    pub(crate) fn timeout(self, limit: Duration) -> Self {
        match self {
            Self::Ureq(transport) => Self::Ureq(transport.timeout(limit)),
            Self::Hyper(transport, runtime) => Self::Hyper(transport.timeout(limit), runtime),
            carrier => carrier,
        }
    }

    /// With another limit of size, where it has one.
    pub(crate) fn max_body_size(self, bytes: usize) -> Self {
        match self {
            Self::Ureq(transport) => Self::Ureq(transport.max_body_size(bytes)),
            Self::Hyper(transport, runtime) => Self::Hyper(transport.max_body_size(bytes), runtime),
            carrier => carrier,
        }
    }

    /// What it is called in print.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Value(_) => "the core alone",
            Self::HandMade(_) => "by hand",
            Self::Ureq(_) => "ureq",
            Self::Hyper(..) => "hyper",
            Self::OwnHyper(..) => "a hyper client of one's own",
        }
    }

    /// Sends a call and returns what came of it.
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.exchange(call).map(Response::into_body)
    }

    /// The same, with status and headers.
    fn exchange<T>(&self, call: Call<T>) -> Result<Response<T>, Error> {
        match self {
            Self::Value(fake) => {
                let (request, reply) = call.into_parts();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let mut fake = fake.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(reply.read(fake.answer(&owned(request), now.as_secs()))?)
            }
            Self::HandMade(root) => {
                let (request, reply) = call.into_parts();
                match bare_client::exchange(&request, root.as_deref()) {
                    Ok(response) => Ok(reply.read(response)?),
                    Err(_) => Err(reply.transport_error(TransportErrorKind::Other, true)),
                }
            }
            Self::Ureq(transport) => transport.exchange(call),
            Self::Hyper(transport, runtime) => runtime.block_on(transport.exchange(call)),
            Self::OwnHyper(transport, runtime) => runtime.block_on(transport.exchange(call)),
        }
    }

    /// Drives a flow to its end, or to where `watch` stops it: by the transport where there is one, and
    /// else by hand.
    pub(crate) fn drive<C>(
        &self,
        flow: &mut C,
        mut watch: impl FnMut(C::Progress) -> ControlFlow<()>,
    ) -> Option<C::Output>
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        match self {
            Self::Ureq(transport) => transport.drive_with(flow, watch),
            Self::Hyper(transport, runtime) => runtime.block_on(transport.drive_with(flow, watch)),
            Self::OwnHyper(transport, runtime) => {
                runtime.block_on(transport.drive_with(flow, watch))
            }
            Self::Value(_) | Self::HandMade(_) => loop {
                if watch(flow.progress(SystemTime::now())).is_break() {
                    return None;
                }
                match flow.poll(SystemTime::now()) {
                    Step::Send(id, call) => {
                        let answer = self.exchange(call);
                        flow.complete(SystemTime::now(), id, answer);
                    }
                    Step::Wait(time) => std::thread::sleep(time),
                    Step::Done(outcome) => return Some(outcome),
                }
            },
        }
    }
}

/// A tokio runtime for one test.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn owned(request: Request<Body>) -> Request<Vec<u8>> {
    request.map(Vec::from)
}
