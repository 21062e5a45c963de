//! The two ways to create and poll a login's PIN: with and without a device key.

use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::flow::clock::Moment;
use crate::flow::signing::{self, Signature, Signing, TOO_LATE};
use crate::flow::step::{Action, Completion, RequestId};
use crate::jwt::{DeviceClaims, DeviceJwt, DeviceKey, SignError};
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::device_pin::DevicePin;
use crate::plex_tv::pin::poll_pin::PinState;

use super::login_pin::LoginPin;

// A device's JWT is valid for 5 minutes. It is used for a shorter time, because the device's clock
// and Plex's can differ.
const SIGNATURE_LIFE: Duration = Duration::from_secs(3 * 60);

// A signature that is approved late is used until four minutes after it was requested, because its
// JWT expires after five.
const APPROVAL_MARGIN: Duration = Duration::from_secs(60);

/// The next action needed to poll a PIN.
pub(crate) enum Poll {
    Call(Call<PinState>),
    Sign(RequestId, Action),
    /// Wait for a signature, until this elapsed time.
    Wait(Duration),
}

/// A way to create and poll PINs.
pub(crate) trait PinMethod {
    fn create(&self, plex_tv: &PlexTv) -> Call<LoginPin>;

    fn poll(&mut self, plex_tv: &PlexTv, pin: &LoginPin, now: Moment) -> Result<Poll, SignError>;

    /// Returns whether this is the ID of the signature request in flight.
    fn awaits(&self, id: RequestId) -> bool;

    /// Handles the completion of the signature request in flight.
    fn signed(&mut self, now: Moment, completion: Completion) -> Result<(), SignError>;

    /// Handles a failed poll. With a device key, the next poll gets a new signature.
    fn poll_failed(&mut self);
}

/// The two ways to link a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinKind {
    Code,
    Page,
}

/// The [`PinMethod`] of a login without a device key.
#[derive(Debug)]
pub(super) struct WithoutKey(pub(super) PinKind);

impl PinMethod for WithoutKey {
    fn create(&self, plex_tv: &PlexTv) -> Call<LoginPin> {
        match self.0 {
            PinKind::Code => plex_tv.create_short_pin().map(LoginPin::Code),
            PinKind::Page => plex_tv.create_strong_pin().map(LoginPin::Page),
        }
    }

    fn poll(&mut self, plex_tv: &PlexTv, pin: &LoginPin, _: Moment) -> Result<Poll, SignError> {
        Ok(Poll::Call(plex_tv.poll_pin(&pin.pin().id)))
    }

    fn awaits(&self, _: RequestId) -> bool {
        false
    }

    fn signed(&mut self, _: Moment, _: Completion) -> Result<(), SignError> {
        Ok(())
    }

    fn poll_failed(&mut self) {}
}

/// The [`PinMethod`] of a login that registers a device key.
pub(crate) struct WithKey<K> {
    pub(crate) key: K,
    pub(crate) kind: PinKind,
    signature: PollSignature,
}

/// The signature for polls. Several polls share one, because signing may prompt the user each time.
enum PollSignature {
    None,
    Awaited(Signing),
    Valid(SignedPoll),
}

struct SignedPoll {
    jwt: DeviceJwt,
    /// The elapsed time at which to sign again.
    until: Duration,
    /// When to sign again, by the server's clock or the wall clock, whichever is ahead. Unlike
    /// elapsed time, the wall clock also advances while the computer sleeps.
    ends_at: Option<SystemTime>,
}

impl SignedPoll {
    fn new(jwt: DeviceJwt, until: Duration, now: Moment) -> Self {
        let left = until.saturating_sub(now.elapsed);
        Self { jwt, until, ends_at: now.latest().and_then(|now| now.checked_add(left)) }
    }

    fn is_valid(&self, now: Moment) -> bool {
        let is_over = now.latest().zip(self.ends_at).is_some_and(|(now, end)| now >= end);
        now.elapsed < self.until && !is_over
    }
}

impl<K: DeviceKey> WithKey<K> {
    pub(crate) fn new(key: K, kind: PinKind) -> Self {
        Self { key, kind, signature: PollSignature::None }
    }
}

impl<K: DeviceKey> PinMethod for WithKey<K> {
    fn create(&self, plex_tv: &PlexTv) -> Call<LoginPin> {
        let jwk = self.key.jwk();
        match self.kind {
            PinKind::Code => plex_tv.create_short_pin_with(jwk).map(LoginPin::Code),
            PinKind::Page => plex_tv.create_strong_pin_with(jwk).map(LoginPin::Page),
        }
    }

    fn poll(&mut self, plex_tv: &PlexTv, pin: &LoginPin, now: Moment) -> Result<Poll, SignError> {
        let until = now.elapsed.saturating_add(SIGNATURE_LIFE);
        match &self.signature {
            PollSignature::Valid(signed) if signed.is_valid(now) => {}
            PollSignature::Awaited(signing) if now.elapsed < signing.lost_at() => {
                return Ok(Poll::Wait(signing.lost_at()));
            }
            // This is reported as an error, so that the login checks whether the PIN has expired.
            PollSignature::Awaited(_) => {
                self.signature = PollSignature::None;
                return Err(SignError::new(TOO_LATE));
            }
            _ => {
                self.signature = PollSignature::None;
                let time = now.latest().unwrap_or(SystemTime::UNIX_EPOCH);
                let claims = DeviceClaims::for_poll(plex_tv.identity(), time);
                match signing::sign(&claims, &self.key, until)? {
                    Signature::Signed(jwt) => {
                        let signed = SignedPoll::new(jwt, until, now);
                        self.signature = PollSignature::Valid(signed);
                    }
                    Signature::Pending(signing, action) => {
                        let id = signing.id();
                        self.signature = PollSignature::Awaited(signing);
                        return Ok(Poll::Sign(id, action));
                    }
                }
            }
        }
        let PollSignature::Valid(SignedPoll { jwt, .. }) = &self.signature else {
            return Ok(Poll::Wait(until));
        };
        let pin = DevicePin::restored(pin.pin().id.clone());
        Ok(Poll::Call(plex_tv.poll_device_pin(&pin, jwt)))
    }

    fn awaits(&self, id: RequestId) -> bool {
        matches!(&self.signature, PollSignature::Awaited(signing) if signing.id() == id)
    }

    fn signed(&mut self, now: Moment, completion: Completion) -> Result<(), SignError> {
        if !completion.fits_signature() {
            return Ok(());
        }
        let signature = std::mem::replace(&mut self.signature, PollSignature::None);
        let PollSignature::Awaited(signing) = signature else {
            self.signature = signature;
            return Ok(());
        };
        let latest = signing.lost_at().saturating_add(APPROVAL_MARGIN);
        if let Some(jwt) = signing.finish(completion).transpose()? {
            if now.elapsed >= latest {
                return Err(SignError::new(TOO_LATE));
            }
            let until = now.elapsed.saturating_add(SIGNATURE_LIFE).min(latest);
            self.signature = PollSignature::Valid(SignedPoll::new(jwt, until, now));
        }
        Ok(())
    }

    fn poll_failed(&mut self) {
        if let PollSignature::Valid(..) = self.signature {
            self.signature = PollSignature::None;
        }
    }
}
