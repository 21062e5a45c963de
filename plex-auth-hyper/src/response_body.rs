use std::pin::pin;

use bytes::{Buf, BufMut};
use http_body::Body;
use http_body_util::BodyExt;
use plex_auth_proto::error::TransportErrorKind;
use zeroize::Zeroizing;

use crate::deadline::Deadline;
use crate::error_chain::{self, BoxError};

/// The initial capacity for a body of unknown length.
// Large enough for a response that contains an account.
const DEFAULT_CAPACITY: usize = 16 * 1024;

/// The maximum initial capacity, regardless of the declared length of the body.
const MAX_INITIAL_CAPACITY: usize = 1024 * 1024;

/// Reads a body until it ends, `limit` bytes have been read, or the deadline passes. If reading
/// fails or the deadline passes, the second value is the reason.
///
/// The bytes are zeroed on drop, because they can contain a token.
pub(crate) async fn read<B>(
    body: B,
    limit: usize,
    deadline: &mut Deadline,
) -> (plex_auth_proto::Body, Option<TransportErrorKind>)
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let declared = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let expected = declared.unwrap_or(DEFAULT_CAPACITY).min(MAX_INITIAL_CAPACITY);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(limit)));
    let error = fill(&mut bytes, body, limit, deadline).await.err();
    (std::mem::take(&mut *bytes).into(), error)
}

async fn fill<B>(
    bytes: &mut Zeroizing<Vec<u8>>,
    body: B,
    limit: usize,
    deadline: &mut Deadline,
) -> Result<(), TransportErrorKind>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    // If the head was available at once, the time limit has not started yet.
    deadline.start()?;
    while bytes.len() < limit {
        let Some(frame) = deadline.race(body.frame()).await? else { break };
        let frame = frame.map_err(|error| error_chain::body_failure(&error.into()))?;
        if let Ok(data) = frame.into_data() {
            let data = data.take(limit - bytes.len());
            reserve(bytes, data.remaining());
            bytes.put(data);
        }
    }
    Ok(())
}

/// Reserves space for more bytes. A buffer that is too small is zeroed before it is freed, because
/// it can contain a token.
fn reserve(bytes: &mut Zeroizing<Vec<u8>>, additional: usize) {
    let needed = bytes.len().saturating_add(additional);
    if needed > bytes.capacity() {
        let capacity = needed.max(bytes.capacity().saturating_mul(2));
        let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
}
