//! Signs users in on Plex's page, and admits those who have access to a particular media server.
//!
//! Use this for a website. The browser is redirected to Plex's page and back. The redirect back
//! does not prove that the user has signed in, so the program polls the PIN. The saved login, which
//! is needed to get the token, stays on the server, in the session.
//!
//! Linking a PIN invalidates the token that the same account received earlier under the same client
//! identifier. So save tokens by account, not by session. If the site only needs the user's name,
//! do not save the token: call `sign_out`, which invalidates it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plex_auth_hyper::flow::{Access, DriverEvent, PinLogin, PinLoginError};
use plex_auth_hyper::http::{Method, Request, Response, StatusCode, header};
use plex_auth_hyper::pin::ForwardUrl;
use plex_auth_hyper::{PlexTv, Secret, Token, Transport};

/// The maximum time to wait for the token, and for the access check, after the browser has
/// returned. The user has usually signed in or refused by the time the browser returns.
const TIMEOUT: Duration = Duration::from_secs(5);

struct BackEnd {
    http: Transport,
    plex_tv: PlexTv,
    /// The identifier of the server that users must have access to, from its `/identity` endpoint.
    machine_identifier: String,
    /// The URL to which Plex redirects the browser: the site's `/back` page.
    forward: ForwardUrl,
    /// The sessions, by the value of the session cookie, which cannot be guessed. A real program
    /// would let sessions expire.
    sessions: Mutex<HashMap<String, Session>>,
    new_session: fn() -> std::io::Result<String>,
}

#[derive(Clone)]
enum Session {
    /// The user is on Plex's page. The saved login never leaves the server, because anyone who has
    /// it can get the token.
    SigningIn(Secret),
    /// Signed in, but not admitted: access to the server has not been checked or was not granted.
    SignedIn(Token),
    /// Admitted, with the user's name.
    Admitted(String),
}

/// A response to a browser.
type Page = Response<String>;

impl BackEnd {
    async fn respond(&self, request: &Request<impl Sized>) -> Page {
        let session = cookie(request).and_then(|id| Some((id, self.sessions().get(id)?.clone())));
        match (request.method(), request.uri().path(), session) {
            (&Method::GET, "/sign-in", _) => match self.start().await {
                Ok(page) => page,
                Err(_) => plain(StatusCode::BAD_GATEWAY, "Signing in failed. Try again later."),
            },
            (&Method::GET, "/back", Some((id, session))) => self.finish(id, session).await,
            (&Method::GET, "/", Some((_, Session::Admitted(name)))) => {
                plain(StatusCode::OK, &format!("Welcome, {name}."))
            }
            (&Method::GET, ..) => redirect("/sign-in"),
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET is allowed."),
        }
    }

    /// Creates a PIN, saves the login in a new session, and redirects the browser to Plex's page.
    async fn start(&self) -> Result<Page, PinLoginError> {
        let mut driver = self.http.driver(self.plex_tv.hosted_page_login());
        loop {
            if let DriverEvent::Done(outcome) = driver.step().await {
                outcome?;
                return Ok(redirect("/sign-in"));
            }
            let login = driver.flow();
            if let (Some(page), Some(saved)) = (login.hosted_page(), login.save(driver.now())) {
                let page = page.forward_to(&self.forward).to_string();
                return Ok(self.with_session(redirect(&page), Session::SigningIn(saved)));
            }
        }
    }

    /// Handles the browser's return from Plex's page.
    async fn finish(&self, id: &str, session: Session) -> Page {
        let token = match session {
            Session::Admitted(_) => return redirect("/"),
            Session::SignedIn(token) => token,
            Session::SigningIn(saved) => match self.token(&saved).await {
                Ok(Some(token)) => {
                    // Save it at once: Plex may return it only once.
                    self.sessions().insert(id.to_owned(), Session::SignedIn(token.clone()));
                    token
                }
                // The session still has the login, so the user can reload the page.
                Ok(None) => return plain(StatusCode::ACCEPTED, "Plex has not signed you in yet."),
                Err(_) => return redirect("/sign-in"),
            },
        };
        match self.access(&token).await {
            Some(Access::Granted(_)) => {
                let name = self.http.send(self.plex_tv.token_details(&token)).await;
                let name = name.ok().and_then(|account| account.title).unwrap_or_default();
                // Create a new session ID, because an attacker may have chosen the old one (session
                // fixation).
                self.sessions().remove(id);
                self.with_session(redirect("/"), Session::Admitted(name))
            }
            Some(Access::Denied) => {
                plain(StatusCode::FORBIDDEN, "This server is not shared with you.")
            }
            Some(Access::Unknown { .. }) => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "Your access could not be checked. Reload this page in a minute.",
            ),
            // The token is no longer valid, or the outcome is one that this program does not know.
            _ => redirect("/sign-in"),
        }
    }

    /// Returns the user's token, or `None` if the user has not signed in within [`TIMEOUT`].
    async fn token(&self, saved: &Secret) -> Result<Option<Token>, Box<dyn std::error::Error>> {
        let (plex_tv, now) = (self.plex_tv.clone(), self.http.now());
        let mut login = PinLogin::restore(plex_tv, saved.expose(), now)?;
        login.poll_now();
        match tokio::time::timeout(TIMEOUT, self.http.drive(&mut login)).await {
            Ok(Some(outcome)) => Ok(Some(outcome?.auth_token)),
            Ok(None) | Err(_) => Ok(None),
        }
    }

    /// Checks whether the user has access to the server. The check requires the user's own token.
    async fn access(&self, token: &Token) -> Option<Access> {
        let check = self.plex_tv.server_access(token, &self.machine_identifier);
        self.http.drive(&mut check.timeout(TIMEOUT)).await
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_session(&self, mut page: Page, session: Session) -> Page {
        let Ok(id) = (self.new_session)() else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "Cannot create a session.");
        };
        // `Lax`, because the browser returns from another site. Add `Secure` if the site uses
        // HTTPS.
        let cookie = format!("session={id}; Path=/; HttpOnly; SameSite=Lax");
        self.sessions().insert(id, session);
        if let Ok(cookie) = cookie.parse() {
            page.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        page
    }
}

fn cookie<B>(request: &Request<B>) -> Option<&str> {
    let cookies = request.headers().get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))
}

fn plain(status: StatusCode, text: &str) -> Page {
    let mut page = Response::new(text.to_owned());
    *page.status_mut() = status;
    page
}

fn redirect(to: &str) -> Page {
    let mut page = plain(StatusCode::SEE_OTHER, "");
    match to.parse() {
        Ok(location) => drop(page.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *page.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    page
}

// The rest of this file runs the recipe against a fake Plex.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use plex_auth_fake::{Which, Who};
use plex_auth_tests::bare_client;
use tokio::net::TcpListener;

use crate::harness::{Harness, Outcome, random};

fn new_session() -> std::io::Result<String> {
    let bytes: [u8; 16] = random()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn serve(listener: TcpListener, back_end: Arc<BackEnd>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let back_end = Arc::clone(&back_end);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let back_end = Arc::clone(&back_end);
                async move { Ok::<_, Infallible>(back_end.respond(&request).await) }
            });
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

/// A minimal browser, which stores the site's URL and the session cookie.
struct Browser {
    site: String,
    cookie: String,
}

impl Browser {
    /// Requests a page, and returns the status, the `Location` header and the body.
    fn get(&mut self, path: &str) -> Outcome<(u16, String, String)> {
        let request = Request::get(format!("{}{path}", self.site))
            .header(header::COOKIE, &self.cookie)
            .body(Vec::new())?;
        let response = bare_client::exchange(&request, None)?;
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        }
        let location =
            response.headers().get(header::LOCATION).map(|to| to.to_str()).transpose()?;
        let location = location.unwrap_or_default().to_owned();
        Ok((response.status().as_u16(), location, String::from_utf8(response.into_body())?))
    }
}

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let site = format!("http://{}", listener.local_addr()?);
    let identifier =
        harness.server.with(|fake| fake.server(Which::Claimed).machine_identifier().to_owned());
    runtime.spawn(serve(
        listener,
        Arc::new(BackEnd {
            http: Transport::new(),
            plex_tv: harness.plex_tv()?,
            machine_identifier: identifier,
            forward: format!("{site}/back").parse()?,
            sessions: Mutex::default(),
            new_session,
        }),
    ));

    // Rosa owns the server; Yaw has no access to it.
    for (who, status) in [(Who::PlexPass, 303), (Who::EmailOnly, 403)] {
        let mut browser = Browser { site: site.clone(), cookie: String::new() };
        assert_eq!(browser.get("/")?.1, "/sign-in");
        let (_, page, _) = browser.get("/sign-in")?;
        let first_cookie = browser.cookie.clone();
        assert!(page.contains("/auth#?clientID="), "{page}");
        // The user signs in on that page.
        let code = harness.server.with(|fake| fake.pins().last().map(|pin| pin.code().to_owned()));
        harness.link(&code.ok_or("no PIN was created")?, who);
        let (found, to, text) = browser.get("/back")?;
        println!("back from Plex: {found} {to}{text}");
        assert_eq!(found, status);
        if status == 303 {
            assert_ne!(browser.cookie, first_cookie);
            assert_eq!(browser.get("/")?.2, "Welcome, rosa.");
        }
    }
    Ok(())
}
