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
        memory = peak_memory(child.id()).max(memory);
        if let Some(status) = child.try_wait()? {
            return Ok((status, memory));
        }
        wait(LOOK);
    }
}

fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
