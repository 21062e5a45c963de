use std::fmt;
use std::time::Duration;

use crate::flow::now::Now;
use crate::flow::saved_state::FlowKind;
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::hosted_page::HostedPage;
use crate::plex_tv::pin::pin_url::PinUrl;
use failure::Failure;
use login_pin::LoginPin;
use machine::PinMachine;
use method::{PinKind, WithoutKey};
use polling::PollInterval;
use progress::{LinkedPin, PinLoginError, PinProgress};

pub(crate) mod failure;
pub(crate) mod login_pin;
pub(crate) mod machine;
pub(crate) mod method;
pub(crate) mod polling;
pub(crate) mod progress;
pub(crate) mod saved;

impl PlexTv {
    /// Creates a [login](PinLogin) with a 4-character code that the user enters at
    /// `https://plex.tv/link` on another device.
    pub fn link_code_login(&self) -> PinLogin {
        PinLogin::new(self.clone(), PinKind::Code)
    }

    /// Creates a [login](PinLogin) that uses Plex's hosted page in the user's browser.
    pub fn hosted_page_login(&self) -> PinLogin {
        PinLogin::new(self.clone(), PinKind::Page)
    }
}

/// A login without a password: it creates a PIN and polls it until the user has linked it and a
/// token arrives.
///
/// The user links the PIN to an account in one of two ways: by entering its code on another device
/// ([`PlexTv::link_code_login`]), or through a page that the program opens in a browser
/// ([`PlexTv::hosted_page_login`]).
///
/// Linking a PIN invalidates the token that the same account received earlier under the same client
/// identifier. Users report that even a PIN that is never linked can do so. Start a login only when
/// the user wants to sign in.
///
/// # Retries and polling
///
/// If creating the PIN fails, it is retried for 10 seconds
/// ([`create_timeout`](Self::create_timeout)), unless retrying cannot help. If the response with a
/// new PIN is lost, that PIN is never displayed and expires.
///
/// By default, the interval between polls is one second for the first minute, and then grows to 5
/// seconds ([`poll_interval`](Self::poll_interval)). Network errors, outages, rate limits and a
/// proxy's pages do not end the login: they slow down polling until twenty seconds before the PIN
/// expires. The login ends when no PIN can be created, when the PIN is linked, when Plex says that
/// it is gone, when it expires, or when the transport cannot start. The PIN is polled one last time
/// when it expires.
///
/// A server with many logins shares one request budget among them. With a budget of B requests per
/// second and N logins, give each an interval of N/B seconds: a linked PIN is noticed within that
/// time. When the browser returns to the server, call [`poll_now`](Self::poll_now) to notice it
/// sooner.
///
/// # Clocks
///
/// The PIN's lifetime is measured in elapsed time. If the PIN may have expired while the computer
/// was asleep, one more poll shows whether it is still valid. The lifetime returned when the PIN
/// was created is an upper bound: a later response can shorten it.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now, PinProgress};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let mut login = plex_tv.link_code_login();
/// let mut now = Now::without_wall_clock(Duration::ZERO);
/// // Simulated responses from plex.tv, in order.
/// let mut responses = [
///     r#"{"id":7,"code":"G7KX","expiresIn":900}"#,
///     r#"{"id":7,"authToken":null,"expiresIn":899}"#,
///     r#"{"id":7,"authToken":"xyz-Abc_0123456789ab"}"#,
/// ].into_iter();
/// let linked = loop {
///     match login.poll(now) {
///         Step::Do(id, _send) => {
///             let response = http::Response::new(responses.next().ok_or("no more")?.into());
///             login.complete(now, id, Completion::Response(response));
///         }
///         Step::Wait(time) => {
///             if let PinProgress::Waiting { pin, left, .. } = login.progress(now) {
///                 println!("{}: {} s left", pin.pin().code.expose(), left.as_secs());
///             }
///             now += time.ok_or("nothing to wait for")?;
///         }
///         Step::Done(outcome) => break outcome?,
///         Step::Finished => return Err("already finished".into()),
///     }
/// };
/// assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
/// assert_eq!(now.elapsed(), Duration::from_secs(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct PinLogin(PinMachine<WithoutKey>);

/// The methods that logins with and without a device key share. `$machine` is the field that
/// contains the `PinMachine`.
macro_rules! pin_login_methods {
    ($machine:tt $(, $($bound:tt)*)?) => {
        /// Sets the time limit for creating the PIN, including retries. The default is 10 seconds.
        /// The last request may exceed the limit by up to 5 seconds. If Plex asks the client to
        /// wait beyond the limit (`Retry-After`), the login ends immediately with the error. If a
        /// user waits for the PIN on a web page, choose a limit that is reached before the user
        /// gives up.
        pub fn create_timeout(mut self, timeout: Duration) -> Self {
            self.$machine.set_create_timeout(timeout);
            self
        }

        /// Sets the first and the longest interval between polls. The defaults are 1 and 5
        /// seconds, and the minimum is one second. The interval grows by one second every minute.
        pub fn poll_interval(mut self, first: Duration, longest: Duration) -> Self {
            self.$machine.set_poll_interval(PollInterval::new(first, longest));
            self
        }

        /// Polls as soon as a second has passed since the last poll and its response has arrived,
        /// unless Plex asked for a longer wait. Call this, for example, when the user returns from
        /// the hosted page. Does nothing if there is no PIN.
        pub fn poll_now(&mut self) {
            self.$machine.poll_now();
        }

        /// Returns the PIN that the user can link now, if there is one.
        pub fn pin(&self) -> Option<&LoginPin> {
            self.$machine.pin()
        }

        /// Returns the page on which the user enters the code, or `None` if there is no PIN or the
        /// hosted page must be opened instead.
        pub fn link_page(&self) -> Option<PinUrl> {
            self.pin()?.link_page(self.$machine.plex_tv())
        }

        /// Returns the [link page](Self::link_page) with the code filled in, to show as a QR code,
        /// or `None` if there is no link page.
        pub fn filled_link_page(&self) -> Option<PinUrl> {
            self.pin()?.filled_link_page(self.$machine.plex_tv())
        }

        /// Returns the page to open in the user's browser, or `None` if there is no PIN or the user
        /// enters a code instead.
        pub fn hosted_page(&self) -> Option<HostedPage> {
            self.pin()?.hosted_page(self.$machine.plex_tv())
        }
    };
}
pub(crate) use pin_login_methods;

impl PinLogin {
    fn new(plex_tv: PlexTv, kind: PinKind) -> Self {
        Self(PinMachine::new(plex_tv, WithoutKey(kind)))
    }

    pin_login_methods!(0);

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> PinProgress {
        self.0.progress(now)
    }

    /// Starts again with a new PIN after the login has finished. Does nothing if the login has not
    /// returned its outcome yet. If Plex asked the client to wait, the login waits first.
    ///
    /// Ask the user first: linking a new PIN invalidates the account's [earlier token](PinLogin).
    /// [Save](Self::save) the new PIN in place of the old one.
    pub fn renew(&mut self) {
        self.0.renew();
    }
}

impl PinKind {
    const fn flow_kind(self) -> FlowKind {
        match self {
            Self::Code => FlowKind::LinkCodeLogin,
            Self::Page => FlowKind::HostedPageLogin,
        }
    }
}

impl Flow for PinLogin {
    type Output = Result<LinkedPin, PinLoginError>;

    fn poll(&mut self, now: Now) -> Step<Self::Output> {
        let step = self.0.poll(now);
        if matches!(step, Step::Done(_)) {
            self.0.close();
        }
        step.map(|outcome| {
            outcome.map_err(|failure| match failure {
                Failure::Request(error) => error.into(),
                // Without a key there is nothing to sign.
                Failure::Expired | Failure::CannotSign(_) => PinLoginError::Expired,
            })
        })
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        self.0.complete(now, id, completion);
    }
}

impl fmt::Debug for PinLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(machine) = self;
        f.debug_struct("PinLogin")
            .field("plex_tv", machine.plex_tv())
            .field("state", machine)
            .finish()
    }
}
