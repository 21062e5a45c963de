//! A fake Plex, the carriers that reach it, and helpers for steps that many tests share.

use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use plex_auth_fake::{Authority, FakePlex, Misbehavior, Seen, Server, Which, Who};
use plex_auth_proto::flow::Now;
use plex_auth_proto::pin::PinCode;
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, Error, Flow, MediaServer, PlexTv, SignedIn, Source,
    Token, TransportError,
};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{EveryOperation, IDENTIFIER, Inputs};
use plex_auth_tests::{Step, in_parallel};

/// A timeout that only a stalling server exceeds, even on a loaded machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);

/// A function that creates a carrier. The carrier trusts the root certificate, if there is one.
type NewCarrier = fn(Option<Vec<u8>>) -> Carrier;

const TRANSPORTS: [NewCarrier; 2] = [Carrier::ureq, Carrier::hyper];

/// One carrier and one fake, which are not shared with other tests.
pub(crate) struct Harness {
    carrier: Carrier,
    url: String,
    fake: Arc<Mutex<FakePlex>>,
    server: Option<Server>,
}

/// Runs a scenario in memory and with every client.
pub(crate) fn over_every_carrier(scenario: impl Fn(&Harness) + Sync) {
    let fake = Arc::new(Mutex::new(FakePlex::new()));
    let url = "http://plex.example:32400".to_owned();
    run(&scenario, Carrier::Value(Arc::clone(&fake)), url, fake, None);
    over_every_client(scenario);
}

/// Runs a scenario with the hand-written client and both transports, each over HTTP and HTTPS.
/// All of these run at the same time, so that their waits overlap.
pub(crate) fn over_every_client(scenario: impl Fn(&Harness) + Sync) {
    let clients = TRANSPORTS.into_iter().chain([Carrier::HandMade as NewCarrier]);
    let clients = clients.flat_map(|client| [(client, false), (client, true)]);
    in_parallel(clients, |(client, secure)| {
        if secure {
            let authority = Authority::new();
            let server = Server::https(FakePlex::new(), authority.good());
            run_with(&scenario, client(Some(authority.root_der())), server);
        } else {
            run_with(&scenario, client(None), Server::http(FakePlex::new()));
        }
    });
}

/// Runs a scenario with both transports at the same time, over HTTP.
pub(crate) fn over_both_transports(scenario: impl Fn(&Harness) + Sync) {
    in_parallel(TRANSPORTS, |transport| {
        run_with(&scenario, transport(None), Server::http(FakePlex::new()));
    });
}

/// Runs a scenario with both transports, each with a client that the caller built with default
/// settings.
pub(crate) fn over_every_own_client(scenario: impl Fn(&Harness)) {
    for carrier in [Carrier::own_ureq(), Carrier::own_hyper()] {
        run_with(&scenario, carrier, Server::http(FakePlex::new()));
    }
}

fn run_with(scenario: &impl Fn(&Harness), carrier: Carrier, server: Server) {
    let (url, fake) = (server.url().to_owned(), server.fake());
    run(scenario, carrier, url, fake, Some(server));
}

fn run(
    scenario: &impl Fn(&Harness),
    carrier: Carrier,
    url: String,
    fake: Arc<Mutex<FakePlex>>,
    server: Option<Server>,
) {
    // The output is shown only if the scenario fails.
    println!("over {} at {url}", carrier.name());
    scenario(&Harness { carrier, url, fake, server });
}

impl Harness {
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.carrier.send(call)
    }

    /// Drives a flow, as [`Carrier::drive`] does.
    pub(crate) fn drive<F: Flow>(
        &self,
        flow: &mut F,
        watch: impl FnMut(&F, Now) -> ControlFlow<()>,
    ) -> Option<F::Output> {
        self.carrier.drive(flow, watch)
    }

    /// Drives a flow to its end.
    pub(crate) fn finish<F: Flow>(&self, mut flow: F) -> F::Output {
        self.drive(&mut flow, |_, _| ControlFlow::Continue(())).expect("the flow was not stopped")
    }

    /// Returns the current time, to pass to a flow's methods.
    pub(crate) fn now(&self) -> Now {
        self.carrier.now()
    }

    /// Sends an operation with a token and credentials that the fake does not know.
    pub(crate) fn send_operation(&self, every: &EveryOperation) -> Result<String, Error> {
        every.send(&Inputs::at(&self.url), &self.carrier)
    }

    /// Reads or changes the state of the fake.
    pub(crate) fn fake<R>(&self, access: impl FnOnce(&mut FakePlex) -> R) -> R {
        access(&mut self.fake.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the fake return this response to the next request for a path.
    pub(crate) fn respond_once(&self, path: &str, response: Misbehavior) {
        self.fake(|fake| fake.misbehave(path, response.times(1)));
    }

    /// Returns the last request that the fake received.
    pub(crate) fn last_request(&self) -> Seen {
        self.fake(|fake| fake.requests().last().cloned()).expect("a request")
    }

    /// Returns the number of connections that the fake accepted, or `None` if the fake runs in
    /// memory.
    pub(crate) fn connections(&self) -> Option<usize> {
        self.server.as_ref().map(Server::connections)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn scheme(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }

    /// Returns whether the carrier opens a connection for each call.
    pub(crate) fn is_hand_made(&self) -> bool {
        matches!(self.carrier, Carrier::HandMade(_))
    }

    pub(crate) fn plex_tv(&self) -> PlexTv {
        plex_tv_at(&format!("{}/api/v2", self.url))
    }

    /// Returns the fake's token for an account.
    pub(crate) fn token(&self, who: Who) -> Token {
        Token::new(self.fake(|fake| fake.account(who).token().to_owned())).expect("a valid token")
    }

    pub(crate) fn token_details(&self, token: &Token) -> Result<Account, Error> {
        self.send(self.plex_tv().token_details(token))
    }

    /// Returns a media server with an account's token.
    pub(crate) fn media_server(&self, which: Which, who: Who) -> MediaServer {
        self.media_server_with(which, self.token(who))
    }

    pub(crate) fn media_server_with(&self, which: Which, token: Token) -> MediaServer {
        // The claimed server is also at the root.
        let prefix = match which {
            Which::Claimed => "",
            which => self.fake(|fake| fake.server(which).prefix()),
        };
        let url = format!("{}{prefix}", self.url).parse().expect("a valid URL");
        MediaServer::new(identity(), url, token)
    }

    /// Returns the claimed server's machine identifier.
    pub(crate) fn machine_identifier(&self) -> String {
        self.fake(|fake| fake.server(Which::Claimed).machine_identifier().to_owned())
    }

    /// Returns a source that the claimed server knows.
    pub(crate) fn source(&self) -> Source {
        let uri = self.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
        uri.parse().expect("a valid source")
    }

    pub(crate) fn credentials(&self, who: Who) -> Credentials {
        self.fake(|fake| {
            let account = fake.account(who);
            let (login, password) = (account.login(), account.password());
            Credentials::new(login.unwrap_or("none"), password.unwrap_or("none"))
        })
        .expect("valid credentials")
    }

    pub(crate) fn sign_in(&self, credentials: &Credentials) -> Result<SignedIn, Error> {
        self.send(self.plex_tv().sign_in(credentials))
    }

    /// Links a PIN to an account, as the account's owner does on another device.
    pub(crate) fn link_pin(&self, code: &PinCode, who: Who) {
        // If the PIN is already linked, this has no effect.
        let _ = self.fake(|fake| fake.link_pin(code.expose(), who, unix_now()));
    }
}

pub(crate) fn identity() -> ClientIdentity {
    ClientIdentity::builder(IDENTIFIER).product("Scenario").build().expect("a valid identity")
}

pub(crate) fn plex_tv_at(url: &str) -> PlexTv {
    PlexTv::at(identity(), url.parse().expect("a valid URL"))
}

pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a set clock").as_secs()
}

/// Returns the name of the error's `ResponseError` variant.
pub(crate) fn variant(error: &Error) -> String {
    let response = error.as_response().unwrap_or_else(|| panic!("{error}"));
    let debug = format!("{response:?}");
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

pub(crate) fn transport_error(error: &Error) -> &TransportError {
    error.as_transport().unwrap_or_else(|| panic!("{error}"))
}

/// Returns a successful response with this JSON body.
pub(crate) fn json(body: &str) -> Misbehavior {
    Misbehavior::answer(200, "application/json", body)
}

/// Returns a captive portal's page.
pub(crate) fn portal_page() -> Misbehavior {
    Misbehavior::answer(200, "text/html", "<html>Sign in to the network</html>")
}

pub(crate) fn bad_gateway() -> Misbehavior {
    Misbehavior::answer(502, "text/html", "<html>Bad Gateway</html>")
}

pub(crate) fn write(text: &str) -> Step {
    Step::Write(text.as_bytes().to_vec())
}

/// Returns a step that writes a response with this status, these headers and this body, and adds
/// the `content-length` header.
pub(crate) fn write_response(head: &str, body: &str) -> Step {
    let length = body.len();
    write(&format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}"))
}

/// Returns a URL at which nothing is listening.
pub(crate) fn unused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
