//! `cargo xtask record`: records the calls of the examples, for the tests that replay them.

use std::fs;

use anyhow::{Context, Result};

use crate::cargo::{cargo, output, root};
use crate::demo;

/// Which example to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record only this one. PATTERNS_MODEL, say `openai:gpt-5-mini`, has a real model recorded, at
    /// your expense; without it, that is what stands in for one
    name: Option<String>,
}

/// Examples that ask no model that could be recorded.
const WITHOUT: [&str; 1] = ["mock_agents"];

/// Writes `examples/cassettes/NAME.jsonl`, and beside it what the example then printed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = root().join("examples/cassettes");
    fs::create_dir_all(&folder)?;
    for name in demo::chosen(&demo::all()?, args.name.as_deref())? {
        if WITHOUT.contains(&name.as_str()) {
            continue;
        }
        let cassette = folder.join(&name).with_extension("jsonl");
        // What is there afterwards is new.
        let _ = fs::remove_file(&cassette);
        let mut command = cargo([
            "run",
            "--quiet",
            "--package",
            "examples",
            "--example",
            &name,
        ]);
        command.env("PATTERNS_RECORD", &cassette);
        command.env_remove("PATTERNS_REPLAY");
        let shown = output(&mut command)?;
        fs::write(cassette.with_extension("txt"), shown)?;
        let text = fs::read_to_string(&cassette).context("nothing was recorded")?;
        // The first line is the head.
        println!("{name}: {} calls", text.lines().count() - 1);
    }
    println!("\nNow read `git diff examples/cassettes`: it is what is sent, and what came back.");
    Ok(())
}
