//! `cargo xtask schema`: the JSON Schemas of what users write and other programs read, committed in `schema/`, so that editors
//! and other programs find them, and a change of theirs is a decision.

use std::fs;

use anyhow::{Result, bail};

use crate::cargo::{cargo, output, root};

/// The schemas: the file below `schema/`, and the crate and the example of it that prints it.
const SCHEMAS: [(&str, &str, &str); 2] = [
    ("job.json", "patterns-job", "schema"),
    ("event.json", "patterns-core", "event_schema"),
];

/// Whether to write or to compare.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Fail if a schema differs from what is committed, and write nothing
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes the schemas, or compares them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = root().join("schema");
    for (name, package, example) in SCHEMAS {
        let example = ["run", "--quiet", "--package", package, "--example", example];
        let schema = output(&mut cargo(example))?;
        let path = folder.join(name);
        if !args.check {
            fs::create_dir_all(&folder)?;
            fs::write(&path, schema)?;
        } else if fs::read_to_string(&path).unwrap_or_default() != schema {
            bail!(
                "schema/{name} is not the schema of {package}\nif this is meant, run `cargo xtask schema`"
            );
        }
    }
    Ok(())
}
