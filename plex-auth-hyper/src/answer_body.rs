use std::pin::pin;

use bytes::{Buf, BufMut};
use http_body::Body;
use http_body_util::BodyExt;
use plex_auth_proto::NoAnswerReason;

use crate::clock::Clock;
use crate::fault::{self, BoxError};

/// What is set aside for a body before any of it has come, at most.
const FIRST_CAPACITY: usize = 16 * 1024;

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
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(limit);
        let mut bytes = Vec::with_capacity(expected.min(limit).min(FIRST_CAPACITY));
        let fault = fill(&mut bytes, body, limit, clock).await.err();
        Self {
            bytes: bytes.into(),
            fault,
        }
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
