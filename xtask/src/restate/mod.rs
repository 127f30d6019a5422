//! `cargo xtask restate`: runs past one process, on a Restate server that comes as a package of npm.
//!
//! First what always holds (`contract.rs`), also over a link that is slow and breaks (`link.rs`), then what the
//! server sees of private calls (`private.rs`). `cargo xtask crash --on restate` kills worker, driver and server
//! in the middle of runs, in turn and in pairs, and goes on with them (`kills.rs`).

pub(crate) mod bench;
mod contract;
mod fleet;
mod kills;
mod link;
mod private;
mod server;

use std::time::Duration;

use anyhow::Result;

pub(crate) use self::server::free_port;
use crate::binary;
use crate::kept_folder::in_folder;
use crate::kills::Kills;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For how many seconds nothing gets through between driver, server and worker
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    silence: u64,
}

impl Args {
    /// Returns what every change has to survive.
    pub(crate) fn short() -> Self {
        Self { silence: 5 }
    }
}

/// Runs all of it.
pub(crate) fn run(args: &Args) -> Result<()> {
    binary::build_with("restate")?;
    in_folder("restate", |folder| {
        contract::run(&folder.join("contract"), Duration::from_secs(args.silence))?;
        private::run(&folder.join("private"))
    })
}

/// Kills worker, driver and server.
pub(crate) fn kill(kills: Kills) -> Result<()> {
    binary::build_with("restate")?;
    in_folder("kills", |folder| kills::run(kills, folder))
}
