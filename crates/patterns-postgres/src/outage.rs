//! Waits for a database that is away, as a restart takes it away, and no longer than a bound.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::is_transient;

/// How long a database is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it takes until it is tried again, at first and at most.
const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(2);

/// What is known of whether the database is there.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    is_told: AtomicBool,
}

impl Outage {
    /// Does something until it succeeds, fails for good, or has failed for too long. Who is told is told once
    /// for each time that it is away.
    pub(crate) async fn waited_out<T, F>(
        &self,
        tell: impl Fn(&sqlx::Error),
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, sqlx::Error>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let begun = Instant::now();
        let mut pause = FIRST;
        loop {
            let error = match attempt().await {
                Ok(done) => {
                    self.is_told.store(false, Ordering::Relaxed);
                    return Ok(done);
                }
                Err(error) => error,
            };
            if !is_transient(&error) || begun.elapsed() >= PATIENCE {
                return Err(error);
            }
            if !self.is_told.swap(true, Ordering::Relaxed) {
                tell(&error);
            }
            sleep(pause).await;
            pause = (pause * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn away() -> sqlx::Error {
        sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into())
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_for_and_told_once() {
        let (outage, told, tried) = (Outage::default(), Cell::new(0), Cell::new(0));
        let tell = |_: &sqlx::Error| told.set(told.get() + 1);
        let done = outage.waited_out(tell, async || {
            tried.set(tried.get() + 1);
            match tried.get() {
                5 => Ok(7),
                _ => Err(away()),
            }
        });
        assert_eq!(done.await.unwrap(), 7);
        assert_eq!((told.get(), tried.get()), (1, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_not_waited_for_without_end() {
        let begun = Instant::now();
        let outage = Outage::default();
        let failed = outage.waited_out(|_| (), async || Err::<(), _>(away()));
        assert!(failed.await.is_err());
        let took = begun.elapsed();
        assert!(took >= PATIENCE && took < PATIENCE + MOST * 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_for_good_is_not_tried_again() {
        let tried = Cell::new(0);
        let outage = Outage::default();
        let failed = outage.waited_out(
            |_| (),
            async || {
                tried.set(tried.get() + 1);
                Err::<(), _>(sqlx::Error::RowNotFound)
            },
        );
        assert!(failed.await.is_err());
        assert_eq!(tried.get(), 1);
    }
}
