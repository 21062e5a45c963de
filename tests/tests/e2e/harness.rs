//! Runs scenarios: a fake Plex, a carrier to it, and a client identity.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use plex_auth_fake::{Authority, FakePlex, Server, Which, Who};
use plex_auth_proto::{
    Call, ClientIdentity, Credentials, Error, Flow, MediaServer, PlexTv, SignedIn, Source, Token,
};

use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{EveryOperation, IDENTIFIER, Inputs};
use plex_auth_tests::in_parallel;

/// Makes a carrier that trusts this root, or none beside its own.
type NewCarrier = fn(Option<Vec<u8>>) -> Carrier;

const CLIENTS: [NewCarrier; 3] = [Carrier::HandMade, Carrier::ureq, Carrier::hyper];

/// One carrier, one fake, nothing shared with any other test.
pub(crate) struct Harness {
    carrier: Carrier,
    url: String,
    fake: Arc<Mutex<FakePlex>>,
    server: Option<Server>,
}

/// Runs a scenario in memory and over every client, at the same time.
pub(crate) fn over_every_carrier(scenario: impl Fn(&Harness) + Sync) {
    let fake = Arc::new(Mutex::new(FakePlex::new()));
    let url = "http://plex.example:32400".to_owned();
    run(&scenario, Carrier::Value(Arc::clone(&fake)), url, fake, None);
    over_every_client(scenario);
}

/// Runs a scenario over every carrier that needs a socket, over HTTP and over HTTPS. They run at the same time, so
/// that their waits overlap.
pub(crate) fn over_every_client(scenario: impl Fn(&Harness) + Sync) {
    let clients = CLIENTS.into_iter().flat_map(|client| [(client, false), (client, true)]);
    in_parallel(clients, |(client, secure)| over(client, secure, &scenario));
}

fn over(client: NewCarrier, secure: bool, scenario: &impl Fn(&Harness)) {
    let (root, server) = if secure {
        let authority = Authority::new();
        (Some(authority.root_der()), Server::https(FakePlex::new(), authority.good()))
    } else {
        (None, Server::http(FakePlex::new()))
    };
    let (url, fake) = (server.url().to_owned(), server.fake());
    run(scenario, client(root), url, fake, Some(server));
}

/// Runs a scenario over clients that the caller built, with their default settings.
pub(crate) fn over_every_own_client(scenario: impl Fn(&Harness)) {
    for carrier in [Carrier::own_ureq(), Carrier::own_hyper()] {
        let server = Server::http(FakePlex::new());
        let (url, fake) = (server.url().to_owned(), server.fake());
        run(&scenario, carrier, url, fake, Some(server));
    }
}

fn run(
    scenario: &impl Fn(&Harness),
    carrier: Carrier,
    url: String,
    fake: Arc<Mutex<FakePlex>>,
    server: Option<Server>,
) {
    // Printed if the scenario fails.
    println!("over {} at {url}", carrier.name());
    scenario(&Harness { carrier, url, fake, server });
}

impl Harness {
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.carrier.send(call)
    }

    /// Drives a flow, as [`Carrier::drive`] does.
    pub(crate) fn drive<C>(
        &self,
        flow: &mut C,
        watch: impl FnMut(C::Progress) -> ControlFlow<()>,
    ) -> Option<C::Output>
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        self.carrier.drive(flow, watch)
    }

    /// Asks the fake with an operation of the list, as somebody that it does not know.
    pub(crate) fn ask(&self, every: &EveryOperation) -> Result<String, Error> {
        every.send(&Inputs::at(&self.url), &self.carrier)
    }

    /// Looks at the fake or changes it.
    pub(crate) fn fake<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        look(&mut self.fake.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many connections the fake has seen; nothing in memory.
    pub(crate) fn connections(&self) -> Option<usize> {
        self.server.as_ref().map(Server::connections)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn scheme(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }

    /// Whether the carrier makes a connection for each call.
    pub(crate) fn is_hand_made(&self) -> bool {
        matches!(self.carrier, Carrier::HandMade(_))
    }

    pub(crate) fn identity(&self) -> ClientIdentity {
        ClientIdentity::builder(IDENTIFIER).product("Scenario").build().expect("a right identity")
    }

    pub(crate) fn plex_tv(&self) -> PlexTv {
        let url = format!("{}/api/v2", self.url).parse().expect("a right URL");
        PlexTv::at(self.identity(), url)
    }

    /// The token that the fake has for an account.
    pub(crate) fn token(&self, who: Who) -> Token {
        Token::new(self.fake(|fake| fake.account(who).token().to_owned())).expect("a right token")
    }

    /// A media server, asked with the token of an account.
    pub(crate) fn media_server(&self, which: Which, who: Who) -> MediaServer {
        self.media_server_with(which, self.token(who))
    }

    pub(crate) fn media_server_with(&self, which: Which, token: Token) -> MediaServer {
        // The claimed one is at the root, too.
        let prefix = match which {
            Which::Claimed => "",
            which => self.fake(|fake| fake.server(which).prefix()),
        };
        let url = format!("{}{prefix}", self.url).parse().expect("a right URL");
        MediaServer::new(self.identity(), url, token)
    }

    /// A source that the claimed server knows.
    pub(crate) fn source(&self) -> Source {
        let uri = self.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
        uri.parse().expect("a right source")
    }

    pub(crate) fn credentials(&self, who: Who) -> Credentials {
        self.fake(|fake| {
            let account = fake.account(who);
            let (login, password) = (account.login(), account.password());
            Credentials::new(login.unwrap_or("none"), password.unwrap_or("none"))
        })
        .expect("right credentials")
    }

    pub(crate) fn sign_in(&self, credentials: &Credentials) -> Result<SignedIn, Error> {
        self.send(self.plex_tv().sign_in(credentials))
    }
}
