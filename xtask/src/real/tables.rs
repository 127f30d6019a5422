//! Other people's readers of tables: what the command writes has to say there what it says as JSON.

use std::fs;
use std::path::Path;
use std::process::Command;

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

/// Columns of an input that are hard on tables, which are carried into the result.
const CELLS: &str = include_str!("cells.jsonl");
const KEPT: &str = "cell,whole,real,flag,list,long,mixed,error";

/// Writes tables in every form, and reads all with Python's csv, with its SQLite, and with Arrow if that is
/// wanted, which is fetched.
pub(super) fn run(folder: &Path, with_arrow: bool) -> Result<()> {
    let documents = folder.join("documents");
    fs::create_dir_all(&documents)?;
    for (name, text) in DOCUMENTS {
        fs::write(documents.join(name), text)?;
    }
    fs::write(folder.join("cells.jsonl"), CELLS)?;
    for ending in ["jsonl", "csv", "parquet", "db"] {
        let rows = format!("rows.{ending}");
        let kept = format!("kept.{ending}");
        let what = ["--no-reduce", "--model", "offline", "--output-file"];
        run_plain(
            folder,
            &[&["map-reduce", "documents"], &what[..], &[&rows]].concat(),
        )?;
        let keep = ["map-reduce", "cells.jsonl", "--keep", KEPT];
        run_plain(folder, &[&keep[..], &what, &[&kept]].concat())?;
    }
    let script = folder.join("tables.py");
    fs::write(&script, include_str!("tables.py"))?;
    let mut python = Command::new("python3");
    if with_arrow {
        let arrow = kept(&format!("pyarrow-{PYARROW}"), |folder| {
            pip::install(folder, &[&format!("pyarrow=={PYARROW}")])
        })?;
        python = pip::python(&arrow);
    }
    python.arg(script).current_dir(folder);
    python.args(with_arrow.then_some("--arrow"));
    print!("{}", output(&mut python)?);
    Ok(())
}
