//! Signing with a device key, either directly or through the driver.

use std::time::Duration;

use super::sign_request::SignRequest;
use super::step::{Action, Completion, RequestId};
use crate::jwt::{DeviceClaims, DeviceJwt, DeviceKey, SignError, UnsignedDeviceJwt};

pub(crate) const TOO_LATE: &str = "the driver did not return a signature in time";

/// A signature requested from the driver.
#[derive(Debug)]
pub(crate) struct Signing {
    id: RequestId,
    unsigned: UnsignedDeviceJwt,
    /// The elapsed time at which the request is considered lost.
    lost_at: Duration,
}

/// A signed JWT, or the request for its signature.
#[expect(clippy::large_enum_variant, reason = "it is matched at once and never stored")]
pub(crate) enum Signature {
    Signed(DeviceJwt),
    Pending(Signing, Action),
}

/// Signs the claims. A request for a signature is considered lost at `lost_at`.
pub(crate) fn sign(
    claims: &DeviceClaims,
    key: &(impl DeviceKey + ?Sized),
    lost_at: Duration,
) -> Result<Signature, SignError> {
    let unsigned = claims.unsigned(key.jwk());
    if !key.signs_through_driver() {
        let signature = key.sign(unsigned.message())?;
        return Ok(Signature::Signed(unsigned.signed(&signature)));
    }
    let request = SignRequest::new(unsigned.message(), key.jwk());
    let signing = Signing { id: RequestId::unique(), unsigned, lost_at };
    Ok(Signature::Pending(signing, Action::Sign(request)))
}

impl Signing {
    pub(crate) fn id(&self) -> RequestId {
        self.id
    }

    pub(crate) fn lost_at(&self) -> Duration {
        self.lost_at
    }

    /// Returns the signed JWT or the key's error, or `None` if the driver stopped waiting.
    pub(crate) fn finish(self, completion: Completion) -> Option<Result<DeviceJwt, SignError>> {
        match completion {
            Completion::Signed(Ok(signature)) => Some(Ok(self.unsigned.signed(&signature))),
            Completion::Signed(Err(error)) => Some(Err(error)),
            Completion::Unsupported => {
                Some(Err(SignError::new("the driver does not support signing")))
            }
            _ => None,
        }
    }
}
