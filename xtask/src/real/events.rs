//! Event files and their published schema, read by a validator that others wrote, in Python.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::kept::kept;
use super::pip;
use super::ran::{on_a_bad_day, patterns_in};
use crate::cargo::output;

const PACKAGE: &str = "jsonschema==4.26.0";

/// A day on which attempts and answers fail, and the server asks to wait.
const SCENARIO: &str = "[limits]\nrequests_per_minute = 3000\nheaders = true\nretry_after = true\n\
    [faults]\nrate_limited = 0.05\nserver_error = 0.1\nwrong_schema = 0.15\nrefusal = 0.1\n";

/// A section that is a vote, beside one that is not.
const NESTED: &str = "pattern = \"section\"\ntopic = \"Glass\"\nsynthesis = \"stitch\"\n\
    [[sections]]\ntitle = \"Use\"\n[sections.job]\npattern = \"vote\"\nvotes = 5\n\
    [[sections]]\ntitle = \"Making\"\n";

const RUNS: [&[&str]; 5] = [
    &["map-reduce", "docs"],
    &[
        "vote",
        "Is glass a liquid?",
        "-n",
        "9",
        "--option",
        "yes",
        "--option",
        "no",
    ],
    &[
        "vote",
        "--batch",
        "questions.jsonl",
        "-n",
        "3",
        "--escalate",
        "compatible:other",
        "--tie",
        "no-consensus",
    ],
    &["section", "Glass", "-s", "History", "-s", "Making"],
    &["run", "nested.toml"],
];

/// Runs each pattern on a bad day, twice, so that the store has answers too, and has its events validated.
pub(super) fn run(folder: &Path) -> Result<()> {
    let provider = on_a_bad_day(folder, SCENARIO)?;
    fs::write(folder.join("nested.toml"), NESTED)?;
    let questions = (1..=12)
        .map(|n| format!("{{\"id\": \"q{n}\", \"question\": \"Is glass {n} a liquid?\"}}\n"));
    fs::write(
        folder.join("questions.jsonl"),
        questions.collect::<String>(),
    )?;
    fs::write(
        folder.join("event.json"),
        include_str!("../../../schema/event.json"),
    )?;
    let mut files = Vec::new();
    for (number, words) in RUNS.iter().cycle().take(2 * RUNS.len()).enumerate() {
        let file = format!("events-{number}.jsonl");
        let more = [
            "-m",
            "compatible:m",
            "--base-url",
            &provider.url,
            "--events",
            &file,
        ];
        // Some branches fail, and are to.
        patterns_in(folder, &[*words, &more[..]].concat()).output()?;
        files.push(file);
    }
    let script = folder.join("events.py");
    fs::write(&script, include_str!("events.py"))?;
    let packages = kept("jsonschema-4.26.0", |folder| {
        pip::install(folder, &[PACKAGE])
    })?;
    let mut python = pip::python(&packages);
    python
        .arg(script)
        .arg("event.json")
        .args(files)
        .current_dir(folder);
    print!("{}", output(&mut python)?);
    Ok(())
}
