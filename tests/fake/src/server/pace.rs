//! A stream that delivers a response as its [`Delivery`] specifies. It can pause between small
//! pieces, cut off the response, or close the connection after it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::plan::ConnectionPlan;
use crate::fake::Delivery;

/// A handle that sets how a [`Paced`] stream delivers the next response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pacer(Arc<Mutex<Progress>>);

/// The progress of a response.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    delivery: Delivery,
    /// The number of bytes matched so far in the `\r\n\r\n` that ends the head.
    blank_line: usize,
    head_written: usize,
    body_written: usize,
    body_length: usize,
}

impl Pacer {
    /// Sets the delivery and the body length of the next response.
    pub(crate) fn next_answer(&self, delivery: Delivery, body_length: usize) {
        *self.lock() = Progress { delivery, body_length, ..Progress::default() };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that writes responses as specified by a [`Pacer`], and that ends before a request is
/// processed if its [`ConnectionPlan`] says so.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    stream: S,
    pacer: Pacer,
    plan: Arc<dyn ConnectionPlan>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pacer: Pacer, plan: Arc<dyn ConnectionPlan>) -> Self {
        Self { stream, pacer, plan, pause: None }
    }
}

impl Progress {
    fn in_head(&self) -> bool {
        self.blank_line < 4
    }

    /// Returns how many of these bytes may be written now, or `None` if the connection must end
    /// here.
    fn allowance(&self, bytes: &[u8]) -> Option<usize> {
        let head = || {
            let mut ahead = *self;
            bytes.iter().take_while(|&&byte| ahead.in_head() && ahead.step(byte)).count()
        };
        match self.delivery {
            Delivery::SlowHead { bytes: piece, .. } if self.in_head() => {
                Some(head().min(piece.max(1)))
            }
            Delivery::SlowBody { .. } | Delivery::CutOff { .. } if self.in_head() => Some(head()),
            Delivery::CutOffInHead { after } if self.in_head() => {
                let left = after.saturating_sub(self.head_written);
                (left > 0).then(|| head().min(left))
            }
            Delivery::SlowBody { bytes: piece, .. } => Some(bytes.len().min(piece.max(1))),
            Delivery::CutOff { after } => {
                let left = after.saturating_sub(self.body_written);
                (left > 0).then_some(bytes.len().min(left))
            }
            _ => Some(bytes.len()),
        }
    }

    /// Returns how long to pause after the bytes that were just written, if at all.
    fn pause(&self, was_in_head: bool) -> Option<std::time::Duration> {
        match self.delivery {
            Delivery::SlowHead { pause, .. } if was_in_head => Some(pause),
            Delivery::SlowBody { pause, .. } if !was_in_head => Some(pause),
            _ => None,
        }
    }

    /// Returns whether the response is complete and the connection must now close without
    /// notice.
    fn is_over(&self) -> bool {
        let whole = !self.in_head() && self.body_written >= self.body_length;
        self.delivery == Delivery::ThenClose && whole
    }

    fn advance(&mut self, written: &[u8]) {
        for &byte in written {
            if self.in_head() {
                self.head_written += 1;
                self.step(byte);
            } else {
                self.body_written += 1;
            }
        }
    }

    /// Updates the end-of-head detection with one byte. Always returns true, so that it can be used
    /// in a condition.
    fn step(&mut self, byte: u8) -> bool {
        self.blank_line = match (self.blank_line, byte) {
            (0 | 2, b'\r') | (1 | 3, b'\n') => self.blank_line + 1,
            (_, b'\r') => 1,
            _ => 0,
        };
        true
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let came = buffer.filled().get(before..).unwrap_or_default();
        if !came.is_empty() && self.plan.ends_unread(came) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(pause) = this.pause.as_mut() {
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let before = *this.pacer.lock();
        let Some(allowed) = before.allowance(bytes) else {
            // The allowed bytes must arrive before the connection ends.
            ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let piece = bytes.get(..allowed).unwrap_or(bytes);
        let count = ready!(Pin::new(&mut this.stream).poll_write(cx, piece))?;
        this.pacer.lock().advance(piece.get(..count).unwrap_or(piece));
        this.pause = before
            .pause(before.in_head())
            .map(|pause| Box::pin(sleep_until(Instant::now() + pause)));
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        match self.pacer.lock().is_over() {
            true => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\na: b\r\n\r\n0123456789";
    const HEAD: usize = 25;

    fn pieces(delivery: Delivery) -> (Vec<usize>, bool) {
        let mut progress = Progress { delivery, ..Progress::default() };
        let (mut pieces, mut rest) = (Vec::new(), ANSWER);
        while !rest.is_empty() {
            let Some(allowed) = progress.allowance(rest) else {
                return (pieces, true);
            };
            progress.advance(&rest[..allowed]);
            rest = &rest[allowed..];
            pieces.push(allowed);
        }
        (pieces, false)
    }

    #[test]
    fn a_prompt_response_is_written_at_once() {
        assert_eq!(pieces(Delivery::Prompt), (vec![ANSWER.len()], false));
    }

    #[test]
    fn only_the_head_is_slow() {
        let delivery = Delivery::SlowHead { bytes: 10, pause: Duration::ZERO };
        assert_eq!(pieces(delivery), (vec![10, 10, HEAD - 20, 10], false));
    }

    #[test]
    fn only_the_body_is_slow() {
        let delivery = Delivery::SlowBody { bytes: 4, pause: Duration::ZERO };
        assert_eq!(pieces(delivery), (vec![HEAD, 4, 4, 2], false));
    }

    #[test]
    fn the_head_is_cut_off_at_the_limit() {
        assert_eq!(pieces(Delivery::CutOffInHead { after: 7 }), (vec![7], true));
        assert_eq!(pieces(Delivery::CutOffInHead { after: HEAD }), (vec![HEAD, 10], false));
    }

    #[test]
    fn an_unannounced_close_follows_the_body() {
        let delivery = Delivery::ThenClose;
        let mut progress = Progress { delivery, body_length: 10, ..Progress::default() };
        progress.advance(&ANSWER[..ANSWER.len() - 1]);
        assert!(!progress.is_over());
        progress.advance(b"9");
        assert!(progress.is_over());
    }

    #[test]
    fn the_body_is_cut_off_at_the_limit() {
        assert_eq!(pieces(Delivery::CutOff { after: 3 }), (vec![HEAD, 3], true));
        assert_eq!(pieces(Delivery::CutOff { after: 0 }), (vec![HEAD], true));
        assert_eq!(pieces(Delivery::CutOff { after: 10 }), (vec![HEAD, 10], false));
    }
}
