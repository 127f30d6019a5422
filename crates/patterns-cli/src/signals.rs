//! How the user, the system, the clock or `patterns ctl` ends a run: once to drain it, twice to abort it, thrice to
//! exit.
//!
//! SIGHUP and SIGQUIT end a run like SIGTERM: a terminal that is closed costs no answers. Where
//! SIGHUP is ignored (by nohup), it stays so.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use patterns_core::Counts;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};
use crate::exit_code;
use crate::report::Observers;

/// How long calls in flight may take after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(30);

/// The same after SIGTERM, since containers are killed ten seconds after it.
const SHORT_DRAIN: Duration = Duration::from_secs(8);

/// The same, at most, before the time of a run is up.
const LAST_DRAIN: Duration = Duration::from_secs(30);

/// What asks the command to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "only Unix has all of these signals")
)]
enum Signal {
    Interrupt,
    Terminate,
    HangUp,
    Quit,
    /// `patterns ctl stop` in another terminal.
    Stop,
    /// The time of the run is nearly up; how much is left.
    TimeUp(Duration),
}

impl Signal {
    fn kind(self) -> ErrorKind {
        match self {
            Self::Interrupt | Self::Stop => ErrorKind::Interrupted,
            Self::Terminate | Self::HangUp | Self::Quit => ErrorKind::Terminated,
            Self::TimeUp(_) => ErrorKind::Budget,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "terminated",
            Self::HangUp => "the terminal was closed",
            Self::Quit => "quit",
            Self::Stop => "stopped by patterns ctl",
            Self::TimeUp(_) => "the time of the run is up",
        }
    }

    fn patience(self) -> Duration {
        match self {
            Self::Interrupt | Self::Stop => DRAIN,
            Self::Terminate | Self::HangUp | Self::Quit => SHORT_DRAIN,
            Self::TimeUp(left) => left,
        }
    }
}

/// What signals do to a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    /// Cancelled by the first signal.
    pub(crate) drain: CancellationToken,
    abort: CancellationToken,
    /// Cancelled by `patterns ctl stop`.
    stop: CancellationToken,
    first: Arc<OnceLock<Signal>>,
}

impl Signals {
    /// Begins to listen. The listener has a thread of its own, so that it is heard even while the run
    /// computes, or is stuck in writing its output. A run that may take so long is ended by the clock as well.
    /// The first signal cancels `drain`.
    ///
    /// It outlives the run, and so it must not keep what the run has: a store is put into one file when nobody
    /// has it open any more.
    pub(crate) fn listen(
        drain: CancellationToken,
        observers: Weak<Observers>,
        max_time: Option<Duration>,
    ) -> Self {
        let signals = Self {
            drain,
            ..Self::default()
        };
        let listener = signals.clone();
        let listen = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(listener.heed(observers, max_time));
            }
        };
        // Without it signals end the process, as they do everywhere.
        let _ = std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(listen);
        signals
    }

    async fn heed(self, observers: Weak<Observers>, max_time: Option<Duration>) {
        let Ok(mut incoming) = Incoming::new() else {
            return;
        };
        let first = tokio::select! {
            signal = incoming.next() => signal,
            signal = time_up(max_time) => signal,
            () = self.stop.cancelled() => Signal::Stop,
        };
        let _ = self.first.set(first);
        self.drain.cancel();
        let deadline = Instant::now() + first.patience();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let say = |left, is_first| {
            if let Some(observers) = observers.upgrade() {
                observers.draining(first.word(), left, is_first);
            }
        };
        say(first.patience(), true);
        loop {
            tokio::select! {
                _ = incoming.next() => break,
                () = tokio::time::sleep_until(deadline) => break,
                _ = tick.tick() => {
                    say(deadline.saturating_duration_since(Instant::now()), false);
                }
            }
        }
        self.abort.cancel();
        incoming.next().await;
        exit_now(first);
    }

    /// Ends the run as the first Ctrl-C does.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until the run must end at once, and returns the error that says so.
    pub(crate) async fn aborted(&self) -> Error {
        self.abort.cancelled().await;
        let first = self.first.get().copied().unwrap_or(Signal::Interrupt);
        let message = format!("{}; calls in flight were dropped", first.word());
        Error::new(first.kind(), message)
    }

    /// Returns the error of a run that has ended by being drained, and how its branches ended.
    pub(crate) fn drained(&self, counts: Counts) -> Option<Error> {
        let first = self.first.get()?;
        let in_flight = match counts.cancelled {
            0 => "calls in flight were finished".to_owned(),
            1 => "1 branch was cancelled".to_owned(),
            more => format!("{more} branches were cancelled"),
        };
        let message = format!(
            "{}; {in_flight} and what was answered is kept",
            first.word()
        );
        Some(Error::new(first.kind(), message))
    }
}

/// Waits until nothing new should be sent, or for ever if the run may take as long as it likes.
async fn time_up(max_time: Option<Duration>) -> Signal {
    let Some(max_time) = max_time else {
        return std::future::pending().await;
    };
    let left = LAST_DRAIN.min(max_time / 4);
    tokio::time::sleep(max_time - left).await;
    Signal::TimeUp(left)
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
    quit: tokio::signal::unix::Signal,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = (!is_hang_up_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            hang_up: hang_up.transpose()?,
        })
    }

    async fn next(&mut self) -> Signal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.quit.recv() => Signal::Quit,
            _ = hang_up => Signal::HangUp,
        }
    }
}

/// Returns whether whoever started the command wants SIGHUP ignored, or nobody can tell.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
    ignored.is_none_or(|it| it & 1 == 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cancelled_is_not_called_finished() {
        let signals = Signals::default();
        let counts = |cancelled| Counts {
            cancelled,
            ..Counts::default()
        };
        assert!(signals.drained(counts(1)).is_none(), "nobody asked for it");
        signals.first.set(Signal::Interrupt).unwrap();
        let words = [0, 1, 2].map(|it| signals.drained(counts(it)).unwrap().to_string());
        insta::assert_snapshot!(words.join("\n"), @r"
        interrupted; calls in flight were finished and what was answered is kept
        interrupted; 1 branch was cancelled and what was answered is kept
        interrupted; 2 branches were cancelled and what was answered is kept
        ");
    }
}
