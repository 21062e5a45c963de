use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::call::Call;
use crate::error::Error;
use crate::flow::saved_state::FlowKind;
use crate::flow::step::{Flow, RequestId, Step};
use crate::jwt::SignError;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::pin::poll_pin::PinState;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;
use failure::Failure;
use machine::{Next, PinMachine, PinMethod};
use progress::{LinkedPin, PinAnswer, PinLoginError, PinProgress};

pub(crate) mod failure;
pub(crate) mod machine;
pub(crate) mod progress;
pub(crate) mod saved;

impl PlexTv {
    /// Signs in by a code of 4 characters that somebody types at `https://plex.tv/link`: a whole
    /// [login](PinLogin) with a [`ShortPin`].
    pub fn short_pin_login(&self) -> PinLogin<ShortPin> {
        PinLogin::new(self.clone())
    }

    /// Signs in on Plex's hosted page in a browser: a whole [login](PinLogin) with a [`StrongPin`].
    pub fn strong_pin_login(&self) -> PinLogin<StrongPin> {
        PinLogin::new(self.clone())
    }
}

/// A login without a password, from the making of a PIN to the token that it brings.
///
/// It polls once a second, and more slowly while there is trouble: no answer, an outage, a rate limit (whose
/// `Retry-After` is kept until the PIN's last twenty seconds) or a proxy's page ends nothing, and a call of which
/// nothing has come for a minute is taken for one without an answer. It ends when somebody has linked the PIN,
/// when Plex says that it is gone, and when its own time is over by the clock, with one more poll at that moment.
/// A clock that jumps does no harm: how long the PIN still lives is taken anew from each answer, and a token is taken
/// also where it comes when nothing was waited for any more.
///
/// What [`progress`](Flow::progress) has to show is the PIN and the time that is left. Over, it can
/// be [renewed](Self::renew).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, http};
/// use plex_auth_proto::flow::PinProgress;
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let mut login = plex_tv.short_pin_login();
/// let mut now = SystemTime::UNIX_EPOCH;
/// // What a real plex.tv would answer, one after another.
/// let mut answers = [
///     r#"{"id":7,"code":"G7KX","expiresIn":900}"#,
///     r#"{"id":7,"authToken":null,"expiresIn":899}"#,
///     r#"{"id":7,"authToken":"xyz-Abc_0123456789ab"}"#,
/// ].into_iter();
/// let linked = loop {
///     match login.poll(now) {
///         Step::Send(id, call) => {
///             let (_request, reply) = call.into_parts();
///             let answer = reply.read(http::Response::new(answers.next().ok_or("no more")?));
///             login.complete(now, id, answer.map_err(Into::into));
///         }
///         Step::Wait(time) => {
///             if let PinProgress::Waiting { pin, left, .. } = login.progress(now) {
///                 println!("{}: {} s left", pin.pin().code.expose(), left.as_secs());
///             }
///             now += time;
///         }
///         Step::Done(outcome) => break outcome?,
///     }
/// };
/// assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
/// assert_eq!(now, SystemTime::UNIX_EPOCH + Duration::from_secs(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct PinLogin<P>(PinMachine<WithoutKey, P>);

/// The kinds of PINs that a [`PinLogin`] can be about: [`ShortPin`] and [`StrongPin`].
pub trait LoginPin:
    Clone + fmt::Debug + serde::de::DeserializeOwned + kind::Kind + 'static
{
}

pub(crate) mod kind {
    use super::{Call, Duration, FlowKind, Pin, PlexTv};

    pub trait Kind: Sized {
        const KIND: FlowKind;
        fn create(plex_tv: &PlexTv) -> Call<Self>;
        fn pin(&self) -> &Pin;
        fn life(&self) -> Duration;
    }
}

impl LoginPin for ShortPin {}
impl LoginPin for StrongPin {}

macro_rules! kind {
    ($kind:ty, $create:ident, $state:ident) => {
        impl kind::Kind for $kind {
            const KIND: FlowKind = FlowKind::$state;

            fn create(plex_tv: &PlexTv) -> Call<Self> {
                plex_tv.$create()
            }

            fn pin(&self) -> &Pin {
                self.pin()
            }

            fn life(&self) -> Duration {
                self.expires_in()
            }
        }
    };
}
kind!(ShortPin, create_short_pin, ShortPinLogin);
kind!(StrongPin, create_strong_pin, StrongPinLogin);

/// The way of PINs that bring no device's key along.
#[derive(Clone, Debug)]
struct WithoutKey;

impl<P: LoginPin> PinMethod<P> for WithoutKey {
    fn create(&self, plex_tv: &PlexTv) -> Call<P> {
        P::create(plex_tv)
    }

    fn life(&self, pin: &P) -> Duration {
        pin.life()
    }

    fn poll(&self, plex_tv: &PlexTv, pin: &P, _: SystemTime) -> Result<Call<PinState>, SignError> {
        Ok(plex_tv.poll_pin(&pin.pin().id))
    }
}

impl<P: LoginPin> PinLogin<P> {
    fn new(plex_tv: PlexTv) -> Self {
        Self(PinMachine::new(plex_tv, WithoutKey))
    }

    /// Starts once more with a new PIN, where it is over and has said so. Does nothing where it is not. Where Plex asked to
    /// be left alone, that is waited for first.
    ///
    /// Ask the user first: each PIN can take the place of a token that was kept.
    pub fn renew(&mut self) {
        self.0.renew();
    }
}

impl<P: LoginPin> Flow for PinLogin<P> {
    type Response = PinAnswer<P>;
    type Output = Result<LinkedPin, PinLoginError>;
    type Progress = PinProgress<P>;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        match self.0.poll(now) {
            Next::Send(id, call) => Step::Send(id, call),
            Next::Wait(time) => Step::Wait(time),
            Next::Done(outcome) => Step::Done(outcome.map_err(|failure| match failure {
                Failure::Request(error) => error.into(),
                // Without a key there is nothing to sign.
                Failure::Expired | Failure::CannotSign(_) => PinLoginError::Expired,
            })),
        }
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<PinAnswer<P>>, Error>,
    ) {
        self.0.complete(now, id, answer);
    }

    fn progress(&self, now: SystemTime) -> PinProgress<P> {
        self.0.progress(now)
    }
}

impl<P: fmt::Debug> fmt::Debug for PinLogin<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(machine) = self;
        f.debug_struct("PinLogin")
            .field("plex_tv", machine.plex_tv())
            .field("state", machine)
            .finish()
    }
}
