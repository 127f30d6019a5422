//! `cargo xtask faults`: makes each file operation of a run fail in turn, and looks whether the run
//! says so and can be gone on with.

mod shim;
mod trial;

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::binary;
use crate::kept_folder::in_folder;
use crate::provider::Provider;
use shim::Shim;
use trial::{Disk, Trial};

/// Which operations fail.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leaves out all but every N-th operation
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,

    /// How many calls the run makes, about
    #[arg(long, value_name = "N", default_value_t = 6)]
    calls: u64,
}

impl Args {
    /// Returns what every change has to survive.
    pub(crate) fn short() -> Self {
        Self { every: 3, calls: 6 }
    }
}

/// What the disk does, each in a sweep of its own.
const DISKS: [Disk; 3] = [
    Disk {
        name: "EIO once",
        number: 5,
        stays: false,
    },
    Disk {
        name: "ENOSPC once",
        number: 28,
        stays: false,
    },
    Disk {
        name: "ENOSPC from then on",
        number: 28,
        stays: true,
    },
];

/// Lets the disk fail at every operation.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!(
            "file operations can be made to fail on Linux only (LD_PRELOAD); nothing was done"
        );
        return Ok(());
    }
    ensure!(args.every > 0, "--every begins with 1");
    binary::build()?;
    let shim = Shim::build()?;
    // What the shim sees of paths has no links in it.
    in_folder("faults", |folder| {
        sweep(args, &shim, &folder.canonicalize()?)
    })
}

fn sweep(args: &Args, shim: &Shim, folder: &Path) -> Result<()> {
    let rows = (0..args.calls).map(|n| format!(r#"{{"id": {n}, "text": "Ship {n} came in."}}"#));
    fs::write(
        folder.join("rows.jsonl"),
        rows.collect::<Vec<_>>().join("\n"),
    )?;
    let provider = Provider::start(&binary::patterns(), folder, &["--latency", "1ms"])?;
    let trial = Trial::new(shim, &provider, folder)?;
    println!(
        "{} calls, {} file operations, every {}. fails\n",
        trial.calls, trial.operations, args.every
    );
    println!(
        "{:<20} {:>7} {:>7} {:>8} {:>8} {:>7} {:>9}",
        "disk", "trials", "unhurt", "exit 73", "exit 74", "absent", "repeated"
    );
    let mut problems = Vec::new();
    for disk in &DISKS {
        let tally = trial.sweep(disk, args.every, &mut problems)?;
        println!("{:<20} {tally}", disk.name);
    }
    ensure!(
        problems.is_empty(),
        "{} trials went wrong:\n{}",
        problems.len(),
        problems.join("\n")
    );
    Ok(())
}
