//! Makes the pages: of runs of the built command on a bad provider, and of invented ones.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::binary::{self, patterns};
use crate::cargo::{cargo, run as run_command, target};
use crate::provider::Provider;

/// Calls of the large page.
const CALLS: &str = "100000";

/// A bad day: attempts fail, and some answers stay of no use.
const SCENARIO: &str = "[limits]\nrequests_per_minute = 3000\nheaders = true\nretry_after = true\n\
    [faults]\nrate_limited = 0.03\nserver_error = 0.06\nwrong_schema = 0.05\nrefusal = 0.08\n";

/// The runs of the command: the name of the page, and what is typed.
const RUNS: [(&str, &[&str]); 4] = [
    (
        "vote",
        &[
            "vote",
            "Is glass a liquid?",
            "--votes",
            "15",
            "--policy",
            "fixed",
            "--option",
            "yes",
            "--option",
            "no",
        ],
    ),
    (
        "batch",
        &[
            "vote",
            "--batch",
            "questions.jsonl",
            "--votes",
            "3",
            "--option",
            "yes",
            "--option",
            "no",
        ],
    ),
    // Named sections: a refused outline would leave a page of one row.
    (
        "section",
        &[
            "section", "Glass", "-s", "History", "-s", "Making", "-s", "Uses",
        ],
    ),
    ("map-reduce", &["map-reduce", "docs", "--statements"]),
];

/// Documents of the map-reduce.
const DOCUMENTS: usize = 150;

/// A name that a file may have, and that wants more than that.
const HOSTILE_NAME: &str = "<img src=x onerror=alert(1)>\u{202e}.txt";

/// Makes all pages in a folder.
pub(super) fn make(folder: &Path) -> Result<()> {
    binary::build()?;
    let example = [
        "build",
        "--quiet",
        "--package",
        "patterns-report",
        "--example",
        "synthetic",
    ];
    run_command(&mut cargo(example))?;
    synthetic(folder, "hostile", &["hostile"])?;
    synthetic(folder, "elections", &["elections", "300"])?;
    synthetic(folder, "large", &["large", CALLS])?;
    let work = folder.join("work");
    prepare(&work)?;
    let latency = ["--latency", "40ms", "--latency-sigma", "0.6"];
    let more = [&latency[..], &["--scenario", "bad-day.toml"]].concat();
    let provider = Provider::start(&patterns(), &work, &more)?;
    for (name, words) in RUNS {
        recorded(folder, &provider, name, words)?;
    }
    Ok(())
}

/// Writes what the runs work on.
fn prepare(work: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(work);
    let docs = work.join("docs");
    fs::create_dir_all(&docs)?;
    for n in 0..DOCUMENTS {
        let text = format!(
            "Ship {n} came in at {} o'clock with {} crates of apples.\n",
            n % 24,
            3 * n
        );
        fs::write(docs.join(format!("ship-{n:03}.txt")), text)?;
    }
    fs::write(
        docs.join(HOSTILE_NAME),
        "</script><script>alert(1)</script>\n",
    )?;
    fs::write(work.join("questions.jsonl"), questions())?;
    Ok(fs::write(work.join("bad-day.toml"), SCENARIO)?)
}

fn questions() -> String {
    (0..40)
        .map(|n| format!("{{\"id\": \"q{n}\", \"question\": \"Did ship {n} come in?\"}}\n"))
        .collect()
}

fn synthetic(folder: &Path, name: &str, words: &[&str]) -> Result<()> {
    let file = File::create(folder.join(name).with_extension("html"))?;
    let program = target().join("debug").join("examples").join("synthetic");
    run_command(Command::new(program).args(words).stdout(Stdio::from(file)))
}

/// Runs the command, some of whose calls may fail, and makes the page of the run.
fn recorded(folder: &Path, provider: &Provider, name: &str, words: &[&str]) -> Result<()> {
    let work = folder.join("work");
    let program = std::path::absolute(patterns())?;
    let status = Command::new(&program)
        .args(words)
        .args([
            "--model",
            "compatible:sim",
            "--base-url",
            &provider.url,
            "--quiet",
        ])
        .current_dir(&work)
        .stdout(Stdio::null())
        .status()?;
    ensure!(
        matches!(status.code(), Some(0 | 3)),
        "`patterns {}` ended with {status}",
        words.join(" ")
    );
    let page = folder.join(name).with_extension("html");
    let mut report = Command::new(&program);
    run_command(report.args(["report", "-o"]).arg(page).current_dir(&work))
}
