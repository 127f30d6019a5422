//! OpenTelemetry's own schema of spans and its names: every span that the command sends has to keep both.
//!
//! A collector in Python reads each body with the messages that the project publishes, knows no field that
//! is not in them, and looks that ids hang together and that names are those of the semantic conventions.
//! Then the same spans are sent to Rotel, a collector that others wrote, in Rust: it hands on what it has
//! understood, in the binary form, to the one in Python, where both have to be the same.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::kept::kept;
use super::pip;
use super::ran::{on_a_bad_day, patterns_in};
use super::server::Server;
use crate::cargo::output;
use crate::restate::free_port;
use crate::wait::wait;

/// A collector as a program, out of a package of Python.
const ROTEL: &str = "rotel==0.0.1a15";

/// How long a collector may keep spans before it hands them on.
const HANDED_ON: Duration = Duration::from_secs(30);

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
    let provider = on_a_bad_day(folder, SCENARIO)?;
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
    let rotel = rotel(folder, &collector.url)?;
    for (number, words) in RUNS.iter().enumerate() {
        let model = ["-m", "compatible:m", "--base-url", &provider.url];
        // Some branches fail, and are to: the store has what came of them.
        patterns_in(folder, &[*words, &model[..]].concat()).output()?;
        let run = (number + 1).to_string();
        for to in [&collector, &rotel] {
            let mut spans = patterns_in(folder, &["spans", &run, "--content"]);
            spans.env("OTEL_EXPORTER_OTLP_ENDPOINT", &to.url);
            print!("{}", output(&mut spans)?);
        }
    }
    let found = handed_on(&collector)?;
    let (traces, problems) = (&found["traces"], &found["problems"]);
    ensure!(
        problems.as_array().is_some_and(Vec::is_empty),
        "OpenTelemetry's schema and names are not kept: {problems:#}"
    );
    ensure!(traces == RUNS.len(), "each run is a trace: {found:#}");
    println!(
        "{} spans in {traces} traces are as OpenTelemetry wants them, and Rotel hands them on as they were",
        found["spans"]
    );
    Ok(())
}

/// Starts Rotel, which hands on what it is sent.
fn rotel(folder: &Path, to: &str) -> Result<Server> {
    let package = kept("rotel-0.0.1a15", |folder| pip::install(folder, &[ROTEL]))?;
    let program = package.join("rotel/rotel-agent");
    let place = || free_port().map(|port| format!("127.0.0.1:{port}"));
    let places = [place()?, place()?];
    let mut command = Command::new(program);
    command
        .args([
            "start",
            "--exporter",
            "otlp",
            "--otlp-exporter-protocol",
            "http",
        ])
        .args(["--otlp-http-endpoint", &places[0]])
        .args(["--otlp-grpc-endpoint", &places[1]])
        .args(["--otlp-exporter-endpoint", to]);
    let url = format!("http://{}", places[0]);
    let url = |_: &str| Some(url.clone());
    Server::start(&mut command, &folder.join("rotel.log"), url, "")
        .context("Rotel is linked to libpython3.11: apt-get install libpython3.11")
}

/// Waits until all spans have been handed on, and returns what was found.
fn handed_on(collector: &Server) -> Result<Value> {
    let start = Instant::now();
    loop {
        let found = collector.get("/")?;
        if found["handed_on"] == found["spans"] {
            return Ok(found);
        }
        ensure!(
            start.elapsed() < HANDED_ON,
            "not all spans were handed on by Rotel: {found:#}"
        );
        wait(Duration::from_millis(50));
    }
}
