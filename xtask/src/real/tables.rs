//! Other people's readers of tables: what the command writes has to say there what it says as JSON.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::kept::kept;
use super::pip;
use super::ran::run_plain;
use crate::cargo::output;

const PYARROW: &str = "26.0.1";

/// Documents whose names and words are hard on tables; the offline model quotes them.
const DOCUMENTS: [(&str, &str); 4] = [
    (
        "a, \"b\".txt",
        "He said: \"one, two; three\". It cost 5 €, more than the üsual price of a berth.",
    ),
    (
        "=1+1.txt",
        "=1+1 is what the cell said, and nobody opened the sheet again.",
    ),
    (
        "ünï.txt",
        "Ships\tcame in at -5 degrees; 'quoted', with @home on the hull.",
    ),
    (
        "007.txt",
        "-7 degrees were measured, 1e5 times, and NULL was written down.",
    ),
];

/// Writes a table in every form, and reads all with Python's csv, with SQLite and with Arrow.
pub(super) fn run(folder: &Path) -> Result<()> {
    let documents = folder.join("documents");
    fs::create_dir_all(&documents)?;
    for (name, text) in DOCUMENTS {
        fs::write(documents.join(name), text)?;
    }
    for form in ["jsonl", "csv", "parquet"] {
        let file = format!("rows.{form}");
        let to = ["--output", form, "--output-file", &file];
        let what = [
            "map-reduce",
            "documents",
            "--model",
            "offline",
            "--no-reduce",
        ];
        run_plain(folder, &[&what[..], &to].concat())?;
    }
    let arrow = kept(&format!("pyarrow-{PYARROW}"), |folder| {
        pip::install(folder, &[&format!("pyarrow=={PYARROW}")])
    })?;
    let script = folder.join("tables.py");
    fs::write(&script, include_str!("tables.py"))?;
    let said = output(pip::python(&arrow).arg(script).current_dir(folder))?;
    print!("{said}");
    Ok(())
}
