//! A run of the command, and what it came to.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binary::patterns;
use crate::cargo::{output, show};
use crate::provider::Provider;

/// What a run came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    /// The outcome, as JSON; `null` if there was none.
    pub(super) outcome: Value,
    pub(super) stderr: String,
    shown: String,
}

/// Variables that a process needs to find programs and libraries.
const NEEDED: [&str; 4] = ["PATH", "SYSTEMROOT", "TEMP", "TMPDIR"];

/// The keys of all providers.
const KEYS: [&str; 5] = [
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
];

/// Runs the command, and reads its outcome.
pub(super) fn ran(folder: &Path, arguments: &[&str]) -> Result<Ran> {
    let mut command = command(folder, arguments);
    command.args(["--output", "json"]);
    let shown = show(&command);
    let output = command.output()?;
    let stdout = String::from_utf8(output.stdout).context("the outcome is UTF-8")?;
    let outcome = match stdout.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).with_context(|| format!("`{shown}`: {text:?}"))?,
    };
    Ok(Ran {
        code: output.status.code().unwrap_or(-1),
        outcome,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        shown,
    })
}

/// Runs the command to an end that has to be a good one.
pub(super) fn run_plain(folder: &Path, arguments: &[&str]) -> Result<()> {
    output(&mut command(folder, arguments)).map(|_| ())
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = patterns_in(folder, arguments);
    command.arg("--no-store");
    command
}

/// Returns the command in a folder that is its home, too: nothing that is set outside counts.
pub(super) fn patterns_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(patterns());
    command.args(arguments);
    command.current_dir(folder).env_clear();
    for name in NEEDED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", folder).env("XDG_CONFIG_HOME", folder);
    command.envs(KEYS.map(|name| (name, "test-key")));
    command
}

/// Writes thirty documents into a folder, and starts a provider there that has such a day.
pub(super) fn on_a_bad_day(folder: &Path, scenario: &str) -> Result<Provider> {
    fs::create_dir_all(folder.join("docs"))?;
    for n in 1..=30 {
        let text = format!("Glass {n} was made by the sea.");
        fs::write(folder.join(format!("docs/{n:02}.txt")), text)?;
    }
    fs::write(folder.join("bad.toml"), scenario)?;
    Provider::start(&patterns(), folder, &["--scenario", "bad.toml"])
}

impl Ran {
    /// Fails with everything that is known of the run, if something about it does not hold.
    pub(super) fn expect(&self, holds: bool, what: &str) -> Result<()> {
        let Self {
            code,
            outcome,
            stderr,
            shown,
        } = self;
        ensure!(
            holds,
            "`{shown}`: {what} does not hold\nexit code {code}\n{stderr}\n{outcome:#}"
        );
        Ok(())
    }

    /// Returns a number of the outcome.
    pub(super) fn count(&self, pointer: &str) -> Option<u64> {
        self.outcome.pointer(pointer).and_then(Value::as_u64)
    }

    /// Returns how a branch ended: `answered`, or the kind of its failure.
    pub(super) fn end(&self, label: &str) -> &str {
        let branches = self.outcome["branches"].as_array();
        let mut branches = branches.map_or(&[][..], Vec::as_slice).iter();
        let Some(branch) = branches.find(|it| it["label"] == label) else {
            return "absent";
        };
        let kind = branch["error"]["kind"].as_str();
        kind.or_else(|| branch["end"].as_str()).unwrap_or("unknown")
    }
}
