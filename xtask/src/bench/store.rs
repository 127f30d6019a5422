//! What recording every call costs, and how fast a finished run is done again.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::StoreArgs;
use super::measure::children;
use crate::binary::build_for_release;
use crate::provider::Provider;
use crate::wait::watched;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    wall: Duration,
    cpu: Duration,
    memory: u64,
}

/// Runs the command without a store, with one, and again, and prints what each took.
pub(super) fn run(args: &StoreArgs) -> Result<()> {
    let patterns = build_for_release(&[])?;
    let folder = std::env::temp_dir().join(format!("patterns-store-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let rows =
        (0..args.calls).map(|n| format!("{{\"id\": {n}, \"text\": \"Ship {n} came in.\"}}\n"));
    fs::write(folder.join("rows.jsonl"), rows.collect::<String>())?;
    println!(
        "{} calls, 256 in flight, least of {} runs\n",
        args.calls, args.runs
    );
    println!(
        "{:>8}  {:<8} {:>10} {:>8} {:>8} {:>9}",
        "latency", "store", "CPU/call", "wall", "memory", "requests"
    );
    for latency in ["0ms", "100ms"] {
        compare(args, &patterns, latency, &folder)?;
    }
    Ok(fs::remove_dir_all(&folder)?)
}

fn compare(args: &StoreArgs, patterns: &Path, latency: &str, folder: &Path) -> Result<()> {
    let provider = Provider::start(patterns, folder, &["--latency", latency])?;
    let mut least = [Used {
        cpu: Duration::MAX,
        ..Used::default()
    }; 3];
    let mut requests = [0; 3];
    for _ in 0..args.runs {
        let _ = fs::remove_dir_all(folder.join(".patterns"));
        for (n, more) in [&["--no-store"][..], &[], &[]].into_iter().enumerate() {
            let before = provider.requests()?;
            let used = once(patterns, folder, &provider.url, more)?;
            requests[n] = provider.requests()? - before;
            if used.cpu < least[n].cpu {
                least[n] = used;
            }
        }
    }
    for (n, name) in ["none", "records", "replays"].into_iter().enumerate() {
        println!(
            "{latency:>8}  {name:<8} {:>7.1} µs {:>6.2} s {:>4} MiB {:>9}",
            least[n].cpu.as_secs_f64() * 1e6 / args.calls as f64,
            least[n].wall.as_secs_f64(),
            least[n].memory >> 20,
            requests[n],
        );
    }
    let ratio = least[1].cpu.as_secs_f64() / least[0].cpu.as_secs_f64();
    let is_met = if ratio <= 1.3 { "met" } else { "MISSED" };
    println!("{:>8}  {ratio:.2}x the CPU, goal 1.3x: {is_met}", "");
    ensure!(
        requests[2] == 0,
        "a replay has sent {} requests",
        requests[2]
    );
    Ok(())
}

fn once(patterns: &Path, folder: &Path, url: &str, more: &[&str]) -> Result<Used> {
    let before = children()?;
    let begun = Instant::now();
    let mut child = Command::new(patterns)
        .args([
            "map-reduce",
            "rows.jsonl",
            "--no-reduce",
            "--output",
            "jsonl",
            "-q",
        ])
        .args([
            "--concurrency",
            "256",
            "--model",
            "compatible:sim",
            "--base-url",
            url,
        ])
        .args(more)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let (status, memory) = watched(&mut child)?;
    ensure!(status.success(), "patterns ended with {status}");
    Ok(Used {
        memory,
        wall: begun.elapsed(),
        cpu: children()?.saturating_sub(before),
    })
}
