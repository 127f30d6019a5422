//! The jobs of `examples/jobs/`, run on a simulated provider.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::binary::{self, patterns};
use crate::cargo::{root, run as run_command};
use crate::provider::Provider;

/// Runs every job.
pub(crate) fn run() -> Result<()> {
    binary::build()?;
    let folder = root().join("examples").join("jobs");
    let provider = Provider::start(&patterns(), &folder, &[])?;
    let entries = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
    let mut jobs = entries.collect::<Result<Vec<PathBuf>>>()?;
    jobs.retain(|path| path.extension().is_some_and(|it| it == "toml"));
    jobs.sort();
    ensure!(jobs.len() >= 3, "there is a job for each pattern");
    for job in jobs {
        println!("\n── {} ──\n", job.display());
        let mut command = Command::new(patterns());
        command.arg("run").arg(job).arg("--no-store");
        run_command(command.args(["--model", "compatible:sim", "--base-url", &provider.url]))?;
    }
    Ok(())
}
