//! `cargo xtask test`: the one command that runs all tests.

use std::process::Stdio;

use anyhow::Result;

use crate::cargo::{cargo, run as run_command};

/// What to test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo nextest run` (or to `cargo test`, without nextest), say a test's name;
    /// doc tests are left out then
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// What all test commands have in common; the features bring in the simulator and the mocks.
const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

/// Runs the tests, on nextest if it is installed.
pub(crate) fn run(args: &Args) -> Result<()> {
    for command in commands(has_nextest(), &args.args) {
        run_command(&mut cargo(command))?;
    }
    Ok(())
}

/// Returns the arguments of the cargo commands to run, in their order.
fn commands(has_nextest: bool, extra: &[String]) -> Vec<Vec<&str>> {
    let start: &[&str] = match has_nextest {
        true => &["nextest", "run"],
        // It runs the doc tests by itself.
        false => &["test"],
    };
    let extra_words: Vec<&str> = extra.iter().map(String::as_str).collect();
    let mut commands = vec![[start, &EVERYTHING, &extra_words].concat()];
    if has_nextest && extra.is_empty() {
        commands.push([&["test"][..], &EVERYTHING, &["--doc"]].concat());
    }
    commands
}

fn has_nextest() -> bool {
    let mut version = cargo(["nextest", "--version"]);
    let status = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(has_nextest: bool, extra: &[&str], expected: &[&str]) {
        let extra: Vec<String> = extra.iter().map(|&arg| arg.to_owned()).collect();
        let commands = commands(has_nextest, &extra);
        let shown: Vec<String> = commands.iter().map(|args| args.join(" ")).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn all_tests_run_with_or_without_nextest() {
        check(
            true,
            &[],
            &[
                "nextest run --workspace --all-features",
                "test --workspace --all-features --doc",
            ],
        );
        check(false, &[], &["test --workspace --all-features"]);
    }

    #[test]
    fn arguments_are_passed_on() {
        check(
            true,
            &["-E", "test(tidy)"],
            &["nextest run --workspace --all-features -E test(tidy)"],
        );
        check(false, &["tidy"], &["test --workspace --all-features tidy"]);
    }
}
