use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::call::Call;
use crate::conversation::elapsed::Elapsed;
use crate::conversation::pace::Pace;
use crate::conversation::{Conversation, RequestId, Step};
use crate::no_answer::SendError;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::poll_pin::PinState;
use crate::plex_tv::short_pin::ShortPin;
use crate::plex_tv::strong_pin::StrongPin;
use crate::token::Token;

pub(crate) mod kept;

/// The pace of Plex's own clients, and how slow it gets while there is trouble.
const PACE: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(16));

/// How long the making of a PIN is tried again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a last poll is tried again that met with trouble, when the PIN's time is over.
const GRACE: Duration = Duration::from_secs(30);

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
/// `Retry-After` is kept) or a proxy's page ends nothing. It ends when somebody has linked the PIN, when
/// Plex says that it is gone, and when its own time is over by the clock, with one more poll at that moment.
/// A clock that jumps does no harm: how long the PIN still lives is taken anew from each answer.
///
/// What [`progress`](Conversation::progress) has to show is the PIN and the time that is left. Over, it can
/// be [renewed](Self::renew).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::{http, ClientIdentity, Conversation, PinProgress, PlexTv, Step};
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
///     match login.next(now) {
///         Step::Send(id, call) => {
///             let (_request, reply) = call.into_parts();
///             let answer = reply.read(http::Response::new(answers.next().unwrap()));
///             login.receive(now, id, answer.map_err(Into::into));
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
#[derive(Clone)]
pub struct PinLogin<P> {
    plex_tv: PlexTv,
    state: State<P>,
    elapsed: Elapsed,
    next_id: RequestId,
    under_way: Option<RequestId>,
    /// When the next call is due, in elapsed time.
    due: Duration,
    pace: Pace,
}

#[derive(Clone)]
enum State<P> {
    Creating {
        /// Until when that is tried again.
        patience: Option<Duration>,
    },
    Polling {
        pin: P,
        deadline: Duration,
        /// Whether the poll that is due or under way is the one at the deadline.
        last: bool,
        /// How many polls it may take, whatever clocks and answers say.
        polls_left: u32,
    },
    /// With what is not told yet.
    Over(Option<Result<LinkedPin, PinLoginError>>),
}

/// What a [`PinLogin`] brings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedPin {
    /// The token of whoever linked the PIN. Keep it at once: it is not known whether it can be had again.
    pub auth_token: Token,
    /// Whether the account was made on the way, for this PIN. Absent where Plex does not say.
    pub new_registration: Option<bool>,
}

/// Why a [`PinLogin`] brought no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinLoginError {
    /// Nobody has linked the PIN in time. [Renew](PinLogin::renew) the login to show another one.
    #[error("nobody has linked the PIN in time")]
    Expired,
    /// A call failed for good: the making of the PIN was refused, the transport could not start, or the last
    /// poll found nobody to ask.
    #[error(transparent)]
    Failed(#[from] SendError),
}

/// How far a [`PinLogin`] has come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PinProgress<P> {
    /// The PIN is being made.
    Creating,
    /// The PIN is there for somebody to link it.
    #[non_exhaustive]
    Waiting {
        /// The PIN: its code, and the page that it is linked at.
        pin: P,
        /// How long it can still be linked.
        left: Duration,
    },
    /// It is over.
    Over,
}

/// What the answers of a [`PinLogin`] are read as.
#[derive(Debug)]
pub struct PinAnswer<P>(Heard<P>);

#[derive(Debug)]
enum Heard<P> {
    Made(P),
    State(PinState),
}

/// The kinds of PINs that a [`PinLogin`] can be about: [`ShortPin`] and [`StrongPin`].
pub trait LoginPin:
    Clone + fmt::Debug + serde::de::DeserializeOwned + kind::Kind + 'static
{
}

pub(crate) mod kind {
    use super::{Call, Duration, Pin, PlexTv};

    pub trait Kind: Sized {
        fn create(plex_tv: &PlexTv) -> Call<Self>;
        fn pin(&self) -> &Pin;
        fn life(&self) -> Duration;
    }
}

impl LoginPin for ShortPin {}
impl LoginPin for StrongPin {}

macro_rules! kind {
    ($kind:ty, $create:ident) => {
        impl kind::Kind for $kind {
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
kind!(ShortPin, create_short_pin);
kind!(StrongPin, create_strong_pin);

impl<P: LoginPin> PinLogin<P> {
    fn new(plex_tv: PlexTv) -> Self {
        Self {
            plex_tv,
            state: State::Creating { patience: None },
            elapsed: Elapsed::default(),
            next_id: RequestId::FIRST,
            under_way: None,
            due: Duration::ZERO,
            pace: PACE,
        }
    }

    /// Starts once more with a new PIN, where it is over and has said so. Does nothing where it is not.
    ///
    /// Ask the user first: each PIN can take the place of a token that was kept.
    pub fn renew(&mut self) {
        if matches!(self.state, State::Over(None)) {
            self.state = State::Creating { patience: None };
            self.pace = PACE;
        }
    }

    fn polling(pin: P, now: Duration, life: Duration) -> State<P> {
        // Twice as many as fit: each answer may lengthen its life, but none for ever.
        let polls = u32::try_from(life.as_secs()).unwrap_or(u32::MAX).saturating_mul(2);
        let polls_left = polls.saturating_add(16);
        State::Polling { pin, deadline: now.saturating_add(life), last: false, polls_left }
    }

    fn end(&mut self, outcome: Result<LinkedPin, PinLoginError>) {
        self.state = State::Over(Some(outcome));
    }

    /// What came of the making of the PIN.
    fn created(
        &mut self,
        now: Duration,
        answer: Result<PinAnswer<P>, SendError>,
        wall: SystemTime,
    ) {
        match answer {
            Ok(PinAnswer(Heard::Made(pin))) => {
                let life = pin.life();
                self.due = now.saturating_add(self.pace.well());
                self.state = Self::polling(pin, now, life);
            }
            Ok(PinAnswer(Heard::State(_))) => {}
            Err(error) => {
                let State::Creating { patience } = &mut self.state else { return };
                let until = *patience.get_or_insert(now.saturating_add(PATIENCE));
                let retry_after = error.retry_after().map(|after| after.wait(wall));
                self.due = now.saturating_add(self.pace.trouble(retry_after));
                if !error.may_retry() || self.due > until {
                    self.end(Err(error.into()));
                }
            }
        }
    }

    /// What came of a poll.
    fn polled(&mut self, now: Duration, answer: Result<PinAnswer<P>, SendError>, wall: SystemTime) {
        let State::Polling { deadline, last, polls_left, .. } = &mut self.state else { return };
        *polls_left = polls_left.saturating_sub(1);
        let (was_last, exhausted) = (std::mem::take(last), *polls_left == 0);
        match answer {
            Ok(PinAnswer(Heard::State(PinState::Linked {
                auth_token, new_registration, ..
            }))) => {
                self.end(Ok(LinkedPin { auth_token, new_registration }));
            }
            Ok(PinAnswer(Heard::State(PinState::Waiting { expires_in, .. }))) => {
                if let Some(left) = expires_in {
                    *deadline = now.saturating_add(left);
                }
                let over = (was_last || expires_in.is_some()) && *deadline <= now;
                if over || exhausted {
                    return self.end(Err(PinLoginError::Expired));
                }
                self.due = now.saturating_add(self.pace.well());
            }
            Ok(PinAnswer(Heard::Made(_))) => {}
            Err(error) if error.is_pin_gone() => self.end(Err(PinLoginError::Expired)),
            Err(error) => {
                let hopeless = error.no_answer().is_some_and(|no_answer| {
                    matches!(no_answer.reason(), crate::NoAnswerReason::NotStarted(_))
                });
                let too_late = was_last && now > deadline.saturating_add(GRACE);
                if hopeless || too_late || exhausted {
                    return self.end(Err(error.into()));
                }
                let retry_after = error.retry_after().map(|after| after.wait(wall));
                let wait = self.pace.trouble(retry_after);
                self.due = now.saturating_add(wait);
                // The poll at the deadline comes at the deadline, unless Plex asked to be left alone.
                let least = now.saturating_add(PACE.steady());
                if retry_after.is_none() && now < *deadline {
                    self.due = self.due.min((*deadline).max(least));
                }
            }
        }
    }
}

impl<P: LoginPin> Conversation for PinLogin<P> {
    type Answer = PinAnswer<P>;
    type Outcome = Result<LinkedPin, PinLoginError>;
    type Progress = PinProgress<P>;

    fn next(&mut self, now: SystemTime) -> Step<Self> {
        let now = self.elapsed.at(now);
        if let State::Over(outcome) = &mut self.state {
            return outcome.take().map_or(Step::Wait(Duration::MAX), Step::Done);
        }
        if self.under_way.is_some() {
            return Step::Wait(PACE.steady());
        }
        if now < self.due {
            return Step::Wait(self.due.saturating_sub(now));
        }
        let id = self.next_id.take();
        self.under_way = Some(id);
        let call = match &mut self.state {
            State::Polling { pin, deadline, last, .. } => {
                *last = now >= *deadline;
                let poll = self.plex_tv.poll_pin(&pin.pin().id);
                poll.map(|state| PinAnswer(Heard::State(state)))
            }
            _ => P::create(&self.plex_tv).map(|pin| PinAnswer(Heard::Made(pin))),
        };
        Step::Send(id, call)
    }

    fn receive(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<PinAnswer<P>>, SendError>,
    ) {
        let elapsed = self.elapsed.at(now);
        if self.under_way != Some(id) {
            return;
        }
        self.under_way = None;
        let answer = answer.map(Response::into_body);
        match self.state {
            State::Creating { .. } => self.created(elapsed, answer, now),
            State::Polling { .. } => self.polled(elapsed, answer, now),
            State::Over(_) => {}
        }
    }

    fn progress(&self, now: SystemTime) -> PinProgress<P> {
        match &self.state {
            State::Creating { .. } => PinProgress::Creating,
            State::Polling { pin, deadline, .. } => {
                let left = deadline.saturating_sub(self.elapsed.peek(now));
                PinProgress::Waiting { pin: pin.clone(), left }
            }
            State::Over(_) => PinProgress::Over,
        }
    }
}

impl<P: fmt::Debug> fmt::Debug for PinLogin<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Creating { .. } => &"creating",
            State::Polling { pin, .. } => pin,
            State::Over(_) => &"over",
        };
        f.debug_struct("PinLogin").field("plex_tv", &self.plex_tv).field("state", state).finish()
    }
}
