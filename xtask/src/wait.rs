//! The one place that waits for real time: for processes that no clock of ours can pause.

use std::fs;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use anyhow::Result;

/// Waits.
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until a process ends; returns how, and the most memory that it has had, in bytes: 0 where nobody
/// tells.
pub(crate) fn watched(child: &mut Child) -> Result<(ExitStatus, u64)> {
    let mut memory = 0;
    loop {
        memory = high_water_mark(&child.id().to_string())
            .unwrap_or_default()
            .max(memory);
        if let Some(status) = child.try_wait()? {
            return Ok((status, memory));
        }
        wait(LOOK);
    }
}

/// Returns the most memory that a process of this system has had, in bytes, where that is told.
pub(crate) fn high_water_mark(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
