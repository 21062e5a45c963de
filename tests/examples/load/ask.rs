//! The calls made in a run. No two are the same, so that the response to one call cannot be
//! mistaken for the response to another, and so that the server's record shows which calls arrived.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plex_auth_fake::{FakePlex, REQUEST_NUMBER, Which, Who};
use plex_auth_proto::http::Response;
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Call, ClientIdentity, Credentials, Error, MediaServer, PlexTv, Source, Token,
};

/// A transport, sync or async, called through a common `exchange` method. The sync transport's
/// future is ready immediately.
pub(crate) trait Client: Sync {
    fn exchange<T: Send + 'static>(
        &self,
        call: Call<T>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send;
}

impl Client for plex_auth_ureq::Transport {
    fn exchange<T: Send + 'static>(
        &self,
        call: Call<T>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send {
        ready(self.exchange(call))
    }
}

impl Client for plex_auth_hyper::Transport {
    fn exchange<T: Send + 'static>(
        &self,
        call: Call<T>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send {
        self.exchange(call)
    }
}

/// A call that the program makes once, and the expected response.
pub(crate) struct Ask {
    /// The client identifier, unique to this call.
    pub(crate) client: String,
    urls: Arc<Urls>,
    want: Want,
}

/// The base URLs of plex.tv and the media server.
pub(crate) struct Urls {
    pub(crate) plex_tv: String,
    pub(crate) server: String,
}

/// The operation, its inputs, and the values expected in the response.
enum Want {
    Details { token: Token, uuid: String },
    SignIn { credentials: Credentials, uuid: String },
    Transient { token: Token },
    Source { token: Token, source: Source, device: String },
}

/// The outcome of a call.
pub(crate) struct Outcome {
    pub(crate) client: String,
    pub(crate) idempotent: bool,
    pub(crate) result: Result<Answer, Error>,
    pub(crate) took: Duration,
}

/// The result of checking a response.
pub(crate) struct Answer {
    /// The request's index in the server's record, if the response contains it.
    pub(crate) request: Option<usize>,
    /// Whether the response contains the expected values.
    pub(crate) right: bool,
    /// The token that the server created for this response, if any.
    pub(crate) token: Option<String>,
}

impl Ask {
    /// Creates `count` calls to the fake. The calls cycle through the operations, and each has its
    /// own client identifier, which starts with `party`.
    pub(crate) fn many(
        count: usize,
        party: &str,
        urls: Urls,
        fake: &Mutex<FakePlex>,
    ) -> Vec<Arc<Self>> {
        let urls = Arc::new(urls);
        let mut fake = fake.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = |number| {
            let client = format!("{party}-{number}");
            let want = Want::of(number, &mut fake);
            Arc::new(Self { client, urls: Arc::clone(&urls), want })
        };
        (0..count).map(ask).collect()
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        !matches!(self.want, Want::SignIn { .. })
    }

    /// Sends the call and checks the response.
    pub(crate) async fn send<C: Client>(&self, client: &C) -> Outcome {
        let started = Instant::now();
        let result = match &self.want {
            Want::Details { token, uuid } => {
                let answer = client.exchange(self.plex_tv().token_details(token)).await;
                answer.map(|answer| {
                    let account = answer.body();
                    let own = account
                        .auth_token
                        .as_ref()
                        .is_some_and(|own| own.expose() == token.expose());
                    Answer::of(&answer, own && account.uuid.as_ref() == Some(uuid), None)
                })
            }
            Want::SignIn { credentials, uuid } => {
                let answer = client.exchange(self.plex_tv().sign_in(credentials)).await;
                answer.map(|answer| {
                    let signed_in = answer.body();
                    let new = Some(signed_in.auth_token.expose().to_owned());
                    Answer::of(&answer, signed_in.account.uuid.as_ref() == Some(uuid), new)
                })
            }
            Want::Transient { token } => {
                let call = self.server(token).transient_token(TokenType::Delegation, Scope::All);
                let answer = client.exchange(call).await;
                answer.map(|answer| {
                    let new = answer.body().token.expose().to_owned();
                    Answer::of(&answer, new.starts_with("transient-"), Some(new))
                })
            }
            Want::Source { token, source, device } => {
                let call = self.server(token).source_connection_information(source);
                let answer = client.exchange(call).await;
                answer.map(|answer| {
                    let found = answer.body().device();
                    let right = found.and_then(|found| found.client_identifier.as_ref());
                    let new = found.and_then(|found| found.access_token.as_ref());
                    let new = new.map(|token| token.expose().to_owned());
                    Answer::of(&answer, right == Some(device) && new.is_some(), new)
                })
            }
        };
        let (client, idempotent) = (self.client.clone(), self.is_idempotent());
        Outcome { client, idempotent, result, took: started.elapsed() }
    }

    fn plex_tv(&self) -> PlexTv {
        PlexTv::at(identity(&self.client), self.urls.plex_tv.parse().expect("a right URL"))
    }

    fn server(&self, token: &Token) -> MediaServer {
        let url = self.urls.server.parse().expect("a right URL");
        MediaServer::new(identity(&self.client), url, token.clone())
    }
}

fn identity(client: &str) -> ClientIdentity {
    ClientIdentity::builder(client).product("Load").build().expect("a right identity")
}

impl Want {
    fn of(number: usize, fake: &mut FakePlex) -> Self {
        const SIGN_IN: [Who; 3] = [Who::PlexPass, Who::Free, Who::TwoFactor];
        const ANY: [Who; 5] =
            [Who::PlexPass, Who::Free, Who::TwoFactor, Who::Managed, Who::EmailOnly];
        let pick = number / 4;
        let uuid = |fake: &FakePlex, who| {
            let uuid = fake.account(who).body().get("uuid").and_then(|uuid| uuid.as_str());
            uuid.expect("every account has one").to_owned()
        };
        let mut token =
            |who| Token::new(fake.issue_token(who)).expect("the fake makes right tokens");
        match number % 4 {
            0 => {
                let who = ANY[pick % ANY.len()];
                Self::Details { token: token(who), uuid: uuid(fake, who) }
            }
            1 => {
                let who = SIGN_IN[pick % SIGN_IN.len()];
                let account = fake.account(who);
                let (login, password) = (account.login(), account.password());
                let credentials =
                    Credentials::new(login.unwrap_or_default(), password.unwrap_or_default())
                        .expect("those who can sign in have both")
                        .verification_code(account.verification_code().unwrap_or_default());
                Self::SignIn { credentials, uuid: uuid(fake, who) }
            }
            2 => Self::Transient { token: token([Who::PlexPass, Who::Managed][pick % 2]) },
            _ => {
                let token = token(Who::PlexPass);
                let sources = fake.server(Which::Claimed).sources();
                let source = &sources[pick % sources.len()];
                let device = source.client_identifier.clone();
                Self::Source { token, source: source.uri.parse().expect("a right source"), device }
            }
        }
    }
}

impl Answer {
    fn of<T>(answer: &Response<T>, right: bool, token: Option<String>) -> Self {
        let number = answer.headers().get(REQUEST_NUMBER);
        let request = number.and_then(|number| number.to_str().ok()?.parse().ok());
        Self { request, right, token }
    }
}
