//! `cargo xtask restate`: runs past one process, on a Restate server that comes as a package of npm.
//!
//! First what always holds (`contract.rs`), then what is killed in the middle and gone on with (`kills.rs`):
//! worker, driver and server, in turn and in pairs.

pub(crate) mod bench;
mod contract;
mod fleet;
mod job;
mod kills;
mod server;

use std::fs;

use anyhow::{Context, Result};

pub(crate) use self::job::Job;
pub(crate) use self::server::free_port;
use crate::binary;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many times something is killed
    #[arg(long, value_name = "N", default_value_t = 60)]
    kills: u64,

    /// How many documents a run has
    #[arg(long, value_name = "N", default_value_t = 300)]
    documents: u64,

    /// Chooses the moments
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Args {
    /// Returns what every change has to survive.
    pub(crate) fn short() -> Self {
        Self {
            kills: 6,
            documents: 150,
            seed: 1,
        }
    }
}

/// Runs all of it.
pub(crate) fn run(args: &Args) -> Result<()> {
    binary::build_with("restate")?;
    let folder = std::env::temp_dir().join(format!("patterns-restate-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = contract::run(&folder.join("contract"))
        .and_then(|()| kills::run(args, &folder.join("kills")));
    result.with_context(|| format!("what is left is in {}", folder.display()))?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}
