//! How the user, or the system, ends a run: once to drain it, twice to abort it, thrice to exit.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};
use crate::exit_code;
use crate::report::Observers;

/// How long calls in flight may take after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(30);

/// The same after SIGTERM, since containers are killed ten seconds after it.
const SHORT_DRAIN: Duration = Duration::from_secs(8);

/// A signal that asks the command to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    fn kind(self) -> ErrorKind {
        match self {
            Self::Interrupt => ErrorKind::Interrupted,
            Self::Terminate => ErrorKind::Terminated,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "terminated",
        }
    }

    fn patience(self) -> Duration {
        match self {
            Self::Interrupt => DRAIN,
            Self::Terminate => SHORT_DRAIN,
        }
    }
}

/// What signals do to a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    /// Cancelled by the first signal.
    pub(crate) drain: CancellationToken,
    abort: CancellationToken,
    first: Arc<OnceLock<Signal>>,
}

impl Signals {
    /// Begins to listen. The listener is a task of its own, so that it is heard even while the run
    /// is stuck in writing its output.
    pub(crate) fn listen(observers: Arc<Observers>) -> Self {
        let signals = Self::default();
        tokio::spawn(signals.clone().heed(observers));
        signals
    }

    async fn heed(self, observers: Arc<Observers>) {
        let Ok(mut incoming) = Incoming::new() else {
            return;
        };
        let first = incoming.next().await;
        let _ = self.first.set(first);
        self.drain.cancel();
        let deadline = Instant::now() + first.patience();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        observers.draining(first.word(), first.patience(), true);
        loop {
            tokio::select! {
                _ = incoming.next() => break,
                () = tokio::time::sleep_until(deadline) => break,
                _ = tick.tick() => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    observers.draining(first.word(), left, false);
                }
            }
        }
        self.abort.cancel();
        incoming.next().await;
        exit_now(first);
    }

    /// Waits until the run must end at once, and returns the error that says so.
    pub(crate) async fn aborted(&self) -> Error {
        self.abort.cancelled().await;
        let first = self.first.get().copied().unwrap_or(Signal::Interrupt);
        let message = format!("{}; calls in flight were dropped", first.word());
        Error::new(first.kind(), message)
    }

    /// Returns the error of a run that has ended by being drained.
    pub(crate) fn drained(&self) -> Option<Error> {
        let first = self.first.get()?;
        let message = format!(
            "{}; calls in flight were finished and what was answered is kept",
            first.word()
        );
        Some(Error::new(first.kind(), message))
    }
}

#[expect(
    clippy::exit,
    reason = "nothing else ends a process that is stuck in a write"
)]
fn exit_now(signal: Signal) {
    std::process::exit(exit_code::of(signal.kind()).into());
}

/// Waits for Ctrl-C or SIGTERM and returns the error that says so.
pub(crate) async fn ended() -> Error {
    let signal = match Incoming::new() {
        Ok(mut incoming) => incoming.next().await,
        Err(_) => std::future::pending().await,
    };
    Error::new(signal.kind(), signal.word())
}

/// The signals that come in.
#[cfg(unix)]
struct Incoming {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// The signals that come in.
#[cfg(not(unix))]
struct Incoming;

#[cfg(not(unix))]
impl Incoming {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
