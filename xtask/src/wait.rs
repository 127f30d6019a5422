//! The one place that waits for real time: for processes that no clock of ours can pause.

use std::time::Duration;

/// Waits.
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}
