//! Measures what a piece of work costs the process that it runs in.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::wait::high_water_mark;

/// What a piece of work cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Measurement {
    /// How long it took.
    pub(super) wall: Duration,
    /// What the process computed meanwhile, in user code and in the kernel.
    pub(super) cpu: Duration,
    /// The most memory the process has had, in bytes.
    pub(super) peak_memory: u64,
}

/// Does the work and measures it.
pub(super) async fn measure(work: impl Future<Output = Result<()>>) -> Result<Measurement> {
    let (start, cpu) = (Instant::now(), cpu_time()?);
    work.await?;
    Ok(Measurement {
        wall: start.elapsed(),
        cpu: cpu_time()?.saturating_sub(cpu),
        peak_memory: peak_memory()?,
    })
}

fn cpu_time() -> Result<Duration> {
    cpu_time_of(UsageWho::RUSAGE_SELF)
}

/// Returns the CPU time of all processes that were waited for.
pub(super) fn children() -> Result<Duration> {
    cpu_time_of(UsageWho::RUSAGE_CHILDREN)
}

fn cpu_time_of(who: UsageWho) -> Result<Duration> {
    let usage = getrusage(who)?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

/// Returns the most memory that this process has had, in bytes.
pub(crate) fn peak_memory() -> Result<u64> {
    // What getrusage says may be that of the process which started us, so it comes second.
    if let Some(bytes) = high_water_mark("self") {
        return Ok(bytes);
    }
    let most = u64::try_from(getrusage(UsageWho::RUSAGE_SELF)?.max_rss())?;
    Ok(if cfg!(target_vendor = "apple") {
        most
    } else {
        most * 1024
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_measured() {
        let work = async {
            let start = cpu_time()?;
            while cpu_time()? < start + Duration::from_millis(20) {
                std::hint::black_box((0..1000).sum::<u64>());
            }
            Ok(())
        };
        let measurement = measure(work).await.unwrap();
        assert!(
            measurement.cpu >= Duration::from_millis(20),
            "{measurement:?}"
        );
        assert!(measurement.wall > Duration::ZERO, "{measurement:?}");
        assert!(measurement.peak_memory > 100_000, "{measurement:?}");
        assert!(measure(async { anyhow::bail!("broken") }).await.is_err());
    }
}
