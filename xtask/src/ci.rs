//! `cargo xtask ci`: every check that a change must pass, step by step.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::cargo::{cargo, root, run as run_command};
use crate::{
    api, browser, crash, demo, example_jobs, faults, postgres, real, restate, schema, tidy,
};

/// Which checks to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only this step; may be given several times
    #[arg(long = "step", value_name = "NAME")]
    steps: Vec<Step>,
}

/// The steps, those first that are quick to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The format of the code
    Fmt,
    /// The rules of the tree that no compiler knows
    Tidy,
    /// Clippy, where a warning is an error
    Clippy,
    /// All tests
    Test,
    /// The reference, where a warning is an error
    Doc,
    /// The public names, as they are committed
    Api,
    /// The schemas of what users write, as they are committed
    Schema,
    /// All examples, without a provider
    Demo,
    /// All jobs among the examples, on a simulated provider
    Jobs,
    /// The first command of the README
    Readme,
    /// Reports, in a real browser
    Browser,
    /// Runs that are killed and gone on with
    Crash,
    /// Runs whose disk fails
    Faults,
    /// Runs against a server that other people wrote
    Real,
    /// Runs past one process: workers, a Restate server, and kills of all of them
    Restate,
    /// Runs that share a store, on a Postgres server, and kills of all of them
    Postgres,
}

/// Would let an example or the README's command spend somebody's money.
const PROVIDER_VARIABLES: [&str; 3] = ["OPENAI_API_KEY", "PATTERNS_MODEL", "PATTERNS_BASE_URL"];

/// Runs the steps until one fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let wanted = |step: &&Step| args.steps.is_empty() || args.steps.contains(step);
    let steps: Vec<Step> = Step::value_variants()
        .iter()
        .filter(wanted)
        .copied()
        .collect();
    let mut done: Vec<(Step, Duration)> = Vec::new();
    for &step in &steps {
        println!("\n━━ {} ━━", name(step));
        let start = Instant::now();
        let result = step.run();
        done.push((step, start.elapsed()));
        if result.is_err() {
            println!("\n{}", summary(&steps, &done, false));
            return result.with_context(|| format!("step `{}`", name(step)));
        }
        println!("━━ {}: {:.1} s", name(step), start.elapsed().as_secs_f64());
    }
    println!("\n{}", summary(&steps, &done, true));
    Ok(())
}

impl Step {
    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => run_command(&mut cargo(["fmt", "--all", "--check"])),
            Self::Tidy => tidy::run(),
            Self::Clippy => run_command(&mut cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "--deny=warnings",
            ])),
            // What the README tells people to type, word for word. Snapshots that differ are
            // shown, never written, and every failure is shown, not only the first.
            Self::Test => run_command(
                cargo(["xtask", "test"])
                    .env("INSTA_UPDATE", "no")
                    .env("NEXTEST_PROFILE", "ci"),
            ),
            Self::Doc => run_command(
                cargo(["doc", "--workspace", "--all-features", "--no-deps"])
                    .env("RUSTDOCFLAGS", "--deny=warnings"),
            ),
            Self::Api => api::run(&api::Args { check: true }),
            Self::Schema => schema::run(&schema::Args { check: true }),
            Self::Demo => demo::run_examples(&demo::all()?, &PROVIDER_VARIABLES),
            Self::Jobs => example_jobs::run(),
            Self::Readme => readme(),
            Self::Browser => browser::run(&browser::Args::default()),
            Self::Crash => crash::run(&crash::Args::short(crash::On::Here)),
            Self::Faults => faults::run(&faults::Args::short()),
            Self::Real => real::run(&real::Args::short()),
            Self::Restate => restate::run(&restate::Args::short())
                .and_then(|()| crash::run(&crash::Args::short(crash::On::Restate))),
            Self::Postgres => postgres::run(&postgres::Args::short()),
        }
    }
}

fn readme() -> Result<()> {
    let readme = fs::read_to_string(root().join("README.md")).context("README.md")?;
    let words =
        first_command(&readme).context("README.md has no command that starts with cargo")?;
    println!("{}", words.join(" "));
    let mut command = cargo(&words[1..]);
    for variable in PROVIDER_VARIABLES {
        command.env_remove(variable);
    }
    run_command(&mut command)
}

/// Returns the words of the first command in a text, if it is one of cargo's.
fn first_command(readme: &str) -> Option<Vec<&str>> {
    let mut lines = readme.lines().skip_while(|line| *line != "```sh");
    let words: Vec<&str> = lines.nth(1)?.split_whitespace().collect();
    (words.first() == Some(&"cargo")).then_some(words)
}

fn name(step: Step) -> String {
    let value = step.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Returns a line for each step: how long it took, or that it was not reached.
fn summary(steps: &[Step], done: &[(Step, Duration)], is_whole: bool) -> String {
    let lines = steps
        .iter()
        .enumerate()
        .map(|(number, &step)| match done.get(number) {
            Some((_, time)) => {
                let failed = !is_whole && number + 1 == done.len();
                let word = if failed { "FAILED" } else { "ok" };
                format!("{:8} {word:8} {:6.1} s", name(step), time.as_secs_f64())
            }
            None => format!("{:8} not run", name(step)),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_of_a_text_is_found() {
        let readme = "# x\n\n```rust\nlet a = 1;\n```\n\n```sh\ncargo run -- a b\ncargo no\n```\n";
        assert_eq!(
            first_command(readme).unwrap(),
            ["cargo", "run", "--", "a", "b"]
        );
        assert_eq!(first_command("```sh\nrm everything\n```"), None);
        assert_eq!(first_command("cargo run"), None);
    }

    #[test]
    fn the_summary_tells_failed_from_not_reached() {
        let second = Duration::from_secs(1);
        let steps = [Step::Fmt, Step::Clippy, Step::Test];
        let done = [(Step::Fmt, second), (Step::Clippy, second)];
        let expected = "fmt      ok          1.0 s\n\
                        clippy   FAILED      1.0 s\n\
                        test     not run";
        assert_eq!(summary(&steps, &done, false), expected);
        assert_eq!(
            summary(&steps[..1], &done[..1], true),
            "fmt      ok          1.0 s"
        );
    }
}
