//! `cargo xtask postgres`: stores that processes share, on a Postgres server of its own.
//!
//! First what every store bears (the example `conformance`), then runs that share one, at once (`sharing.rs`),
//! on a database that cannot be used (`refusals.rs`), and while one of them, the server, or both are killed
//! (`kills.rs`).

mod kills;
mod pair;
mod refusals;
mod server;
mod sharing;

use anyhow::Result;

use self::server::Server;
use crate::binary;
use crate::cargo::{cargo, run as run_command};
use crate::kept_folder::in_folder;
use crate::kills::Kills;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many times something is killed
    #[arg(long, value_name = "N", default_value_t = 30)]
    kills: u64,

    /// How many documents a run has
    #[arg(long, value_name = "N", default_value_t = 200)]
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
            documents: 120,
            seed: 1,
        }
    }
}

/// Runs all of it.
pub(crate) fn run(args: &Args) -> Result<()> {
    binary::build_with("postgres")?;
    in_folder("postgres", |folder| all(args, folder))
}

fn all(args: &Args, folder: &std::path::Path) -> Result<()> {
    let server = Server::start(&folder.join("server"))?;
    let package = ["run", "--quiet", "--package", "patterns-postgres"];
    let example = ["--example", "conformance", "--"];
    let url = server.database("conformance")?;
    run_command(cargo(package).args(example).arg(url))?;
    let server = sharing::run(server, &folder.join("sharing"))?;
    let server = refusals::run(server, &folder.join("refusals"))?;
    let kills = Kills {
        kills: args.kills,
        documents: args.documents,
        seed: args.seed,
    };
    kills::run(kills, server, &folder.join("kills"))
}
