//! OpenTelemetry's own schema of spans and its names: every span that the command sends has to keep both.
//!
//! A collector in Python reads each body with the messages that the project publishes, knows no field that
//! is not in them, and looks that ids hang together and that names are those of the semantic conventions.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::kept::kept;
use super::pip;
use super::ran::patterns_in;
use super::server::Server;
use crate::binary::patterns;
use crate::cargo::output;
use crate::provider::Provider;

const PACKAGES: [&str; 3] = [
    "opentelemetry-proto==1.45.2",
    "opentelemetry-semantic-conventions==0.66b2",
    "protobuf==7.36.2",
];

/// A day on which attempts and answers fail.
const SCENARIO: &str = "[faults]\nserver_error = 0.1\nwrong_schema = 0.1\nrefusal = 0.1\n";

/// What is run, and sent.
const RUNS: [&[&str]; 3] = [
    &["map-reduce", "docs"],
    &[
        "vote",
        "Is glass a liquid?",
        "--option",
        "yes",
        "--option",
        "no",
    ],
    &["section", "Glass", "-s", "History", "-s", "Making"],
];

/// Runs each pattern on a bad day, and sends its spans to the collector.
pub(super) fn run(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("docs"))?;
    fs::write(folder.join("bad.toml"), SCENARIO)?;
    for n in 1..=30 {
        let text = format!("Glass {n} was made by the sea.");
        fs::write(folder.join(format!("docs/{n:02}.txt")), text)?;
    }
    let packages = kept("opentelemetry-1.45.2", |folder| {
        pip::install(folder, &PACKAGES)
    })?;
    let script = folder.join("otlp.py");
    fs::write(&script, include_str!("otlp.py"))?;
    let url = |said: &str| {
        Some(said.lines().next()?.trim().to_owned())
            .filter(|it| said.contains('\n') && !it.is_empty())
    };
    let mut python = pip::python(&packages);
    let collector = Server::start(python.arg(&script), &folder.join("collector.log"), url, "/")?;
    let provider = Provider::start(&patterns(), folder, &["--scenario", "bad.toml"])?;
    for (number, words) in RUNS.iter().enumerate() {
        let model = ["-m", "compatible:m", "--base-url", &provider.url];
        // Some branches fail, and are to: the store has what came of them.
        patterns_in(folder, &[*words, &model[..]].concat()).output()?;
        let run = (number + 1).to_string();
        let mut spans = patterns_in(folder, &["spans", &run, "--content"]);
        spans.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
        print!("{}", output(&mut spans)?);
    }
    let found = collector.get("/")?;
    let (traces, problems) = (&found["traces"], &found["problems"]);
    ensure!(
        problems.as_array().is_some_and(Vec::is_empty),
        "OpenTelemetry's schema and names are not kept: {problems:#}"
    );
    ensure!(traces == RUNS.len(), "each run is a trace: {found:#}");
    println!(
        "{} spans in {traces} traces are as OpenTelemetry wants them",
        found["spans"]
    );
    Ok(())
}
