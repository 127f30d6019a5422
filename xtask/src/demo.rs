//! `cargo xtask demo`: runs the examples.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::cargo::{cargo, root, run as run_command};
use crate::example_list;

/// Which example to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only this one. PATTERNS_MODEL, say `openai:gpt-5-mini`, puts a real model behind it
    name: Option<String>,
}

/// Runs one example, or all in the order of their manifest until one fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let names = chosen(&all()?, args.name.as_deref())?;
    run_examples(&names, &[])
}

/// Returns the names of all examples.
pub(crate) fn all() -> Result<Vec<String>> {
    let path = root().join(example_list::MANIFEST);
    let manifest = fs::read_to_string(&path).context(example_list::MANIFEST)?;
    example_list::names(&manifest)
}

/// Runs examples, one after the other, without the environment variables in `hidden`.
pub(crate) fn run_examples(names: &[String], hidden: &[&str]) -> Result<()> {
    for name in names {
        println!("\n── {name} ──\n");
        let mut command = cargo(["run", "--quiet", "--package", "examples", "--example", name]);
        for variable in hidden {
            command.env_remove(variable);
        }
        run_command(&mut command)?;
    }
    Ok(())
}

/// Returns all names, or the wanted one.
pub(crate) fn chosen(names: &[String], wanted: Option<&str>) -> Result<Vec<String>> {
    let Some(wanted) = wanted else {
        return Ok(names.to_vec());
    };
    if names.iter().any(|name| name == wanted) {
        return Ok(vec![wanted.to_owned()]);
    }
    bail!(
        "there is no example `{wanted}`\n\nThe examples: {}",
        names.join(", ")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: Option<&str>, expected: Result<&[&str], &str>) {
        let names = ["fact_check", "log_triage"].map(str::to_owned);
        match (chosen(&names, wanted), expected) {
            (Ok(chosen), Ok(expected)) => assert_eq!(chosen, expected),
            (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
            (chosen, expected) => panic!("{wanted:?}: {chosen:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn examples_are_chosen_by_name() {
        check(None, Ok(&["fact_check", "log_triage"]));
        check(Some("log_triage"), Ok(&["log_triage"]));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        check(
            Some("zzz"),
            Err("there is no example `zzz`\n\nThe examples: fact_check, log_triage"),
        );
    }
}
