//! Futures that are dropped before they complete.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Polls a future up to this many times, but at least once, and then drops it, as canceling its
/// task would. Returns the output if the future completed.
pub async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_is_dropped_after_its_polls() {
        for (polls, output) in [(1, None), (3, None), (4, Some(3)), (9, Some(3))] {
            let mut waited = 0;
            let three_times = poll_fn(|context| {
                if waited == 3 {
                    return Poll::Ready(waited);
                }
                waited += 1;
                context.waker().wake_by_ref();
                Poll::Pending
            });
            assert_eq!(dropped_after(polls, three_times).await, output, "{polls}");
        }
    }
}
