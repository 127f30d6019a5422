//! Reads ahead of those who work on what is read, in a thread of its own.
//!
//! The thread is let go on for a portion at a time. If it were for each item that is taken, it would be woken
//! and stopped once a call, which costs as much as a quarter of all else of one.

use std::io;
use std::sync::mpsc::{self as credit, Receiver as Credits, Sender as Credit};
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How much is read ahead at most.
pub(super) const AHEAD: usize = 2 * PORTION;

/// So much is read before anybody is asked whether to go on.
const PORTION: usize = 8;

/// What is read ahead of those who take it. The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Ahead<T> {
    items: UnboundedReceiver<T>,
    taken: usize,
    more: Credit<()>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if there can be no such thread.
    pub(super) fn start(read: impl Iterator<Item = T> + Send + 'static) -> io::Result<Self> {
        let (ahead, items, credits) = Self::new();
        let thread = std::thread::Builder::new().name("reader".to_owned());
        thread.spawn(move || read_all(read, &items, &credits))?;
        Ok(ahead)
    }

    fn new() -> (Self, UnboundedSender<T>, Credits<()>) {
        let (sender, items) = unbounded_channel();
        let (more, credits) = credit::channel();
        // The reader begins with one portion, and with this has two.
        let _ = more.send(());
        let ahead = Self {
            items,
            taken: 0,
            more,
        };
        (ahead, sender, credits)
    }

    /// Takes the next item; `None` if there is no more.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let item = ready!(self.items.poll_recv(context));
        self.taken += 1;
        if self.taken.is_multiple_of(PORTION) {
            // If the thread has ended, nobody has to be told.
            let _ = self.more.send(());
        }
        Poll::Ready(item)
    }
}

fn read_all<T>(
    mut read: impl Iterator<Item = T>,
    items: &UnboundedSender<T>,
    credits: &Credits<()>,
) {
    loop {
        for _ in 0..PORTION {
            let Some(item) = read.next() else { return };
            // Nobody is left to take it.
            if items.send(item).is_err() {
                return;
            }
        }
        if credits.recv().is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn next<T: Send + 'static>(ahead: &mut Ahead<T>) -> Option<T> {
        poll_fn(|context| ahead.poll_next(context)).await
    }

    #[tokio::test]
    async fn everything_comes_in_order_and_little_is_read_ahead() {
        let asked = Arc::new(AtomicUsize::new(0));
        let known = Arc::clone(&asked);
        let read = (0..1_000).inspect(move |n| {
            let most = known.load(Ordering::SeqCst) + AHEAD;
            assert!(*n <= most, "{n} is read, and {most} may be");
        });
        let mut ahead = Ahead::start(read).unwrap();
        for n in 0..1_000 {
            asked.store(n + 1, Ordering::SeqCst);
            assert_eq!(next(&mut ahead).await, Some(n));
        }
        assert_eq!(next(&mut ahead).await, None);
    }

    #[tokio::test]
    async fn the_thread_is_woken_for_a_portion_and_not_for_each_item() {
        let (mut ahead, items, credits) = Ahead::new();
        assert!(credits.try_recv().is_ok(), "the second portion");
        let mut woken = 0;
        for n in 1..=10 * PORTION {
            items.send(n).unwrap();
            assert_eq!(next(&mut ahead).await, Some(n));
            woken += credits.try_iter().count();
            assert_eq!(woken, n / PORTION);
        }
    }

    #[tokio::test]
    async fn the_thread_ends_when_nobody_takes_any_more() {
        let (is_alive, has_ended) = credit::channel::<()>();
        let read = std::iter::repeat_with(move || is_alive.clone());
        drop(Ahead::start(read).unwrap());
        while has_ended.try_recv() != Err(credit::TryRecvError::Disconnected) {
            std::thread::yield_now();
        }
    }
}
