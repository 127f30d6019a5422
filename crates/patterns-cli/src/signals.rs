//! Waits for the user, or the system, to end the command.

use crate::error::{Error, ErrorKind};

/// Waits for Ctrl-C or SIGTERM and returns the error that says so.
#[cfg(unix)]
pub(crate) async fn ended() -> Error {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        error = interrupted() => error,
        _ = terminate.recv() => Error::new(ErrorKind::Terminated, "terminated; calls in flight were dropped"),
    }
}

/// Waits for Ctrl-C and returns the error that says so.
#[cfg(not(unix))]
pub(crate) async fn ended() -> Error {
    interrupted().await
}

async fn interrupted() -> Error {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Error::new(
        ErrorKind::Interrupted,
        "interrupted; calls in flight were dropped",
    )
}
