use std::pin::pin;

use bytes::{Buf, BufMut};
use http_body::Body;
use http_body_util::BodyExt;
use plex_auth_proto::NoAnswerReason;
use zeroize::Zeroizing;

use crate::client_error::BoxError;
use crate::clock::Clock;
use crate::fault;

/// What is set aside for a body that does not say how long it is. An account fits, so that its token is not
/// left behind in memory that the buffer has outgrown.
const USUAL_ANSWER: usize = 16 * 1024;

/// What is set aside before any of a body has come, at most, whatever it says.
const MOST_AT_FIRST: usize = 1024 * 1024;

/// What came of a body, and why it ended early if it did.
///
/// The bytes are of the kind that is zeroed when dropped, as they hold a token.
pub(crate) struct AnswerBody {
    pub(crate) bytes: plex_auth_proto::Body,
    pub(crate) fault: Option<NoAnswerReason>,
}

impl AnswerBody {
    /// Reads to the end, or as far as `limit` and the time allow.
    pub(crate) async fn read<B>(body: B, limit: usize, clock: &mut Clock) -> Self
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let declared = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
        let expected = declared.unwrap_or(USUAL_ANSWER).min(MOST_AT_FIRST);
        let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(limit)));
        let fault = fill(&mut bytes, body, limit, clock).await.err();
        Self { bytes: std::mem::take(&mut *bytes).into(), fault }
    }
}

async fn fill<B>(
    bytes: &mut Vec<u8>,
    body: B,
    limit: usize,
    clock: &mut Clock,
) -> Result<(), NoAnswerReason>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    // The head can have been there at once, and then nothing has been waited for yet.
    clock.start();
    while bytes.len() < limit {
        let Some(frame) = clock.race(body.frame()).await else {
            return Err(NoAnswerReason::TimedOut(clock.limit()));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| fault::of_body(&error.into()))?;
        if let Ok(data) = frame.into_data() {
            bytes.put(data.take(limit - bytes.len()));
        }
    }
    Ok(())
}
