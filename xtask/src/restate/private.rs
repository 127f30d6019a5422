//! Checks that nothing of private calls, of their answers and of private jobs is in what the server has on its
//! disk and shows, and that whoever has another key, or none, is told so before anything is paid for.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Result, ensure};

use super::fleet::{Fleet, KEY_VARIABLE, SetUp};
use crate::cargo::output;
use crate::job::Job;

/// What driver and workers share, and what they do not.
const KEY: &str = "5f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b3645f0c1e9a77d2b364";
const ANOTHER: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

/// Documents of a run.
const DOCUMENTS: u64 = 12;

/// Words that are in every question of a run, and in the name of its file.
const SECRET: &str = "kittiwake7391";
const SECRET_TOO: &str = "guillemot7391";
const OPEN: &str = "razorbill7391";

/// Checks it.
pub(super) fn run(folder: &Path) -> Result<()> {
    let mut set_up = SetUp::small(&[]);
    set_up.key = Some(KEY);
    let fleet = Fleet::start(folder, set_up)?;
    let job = Job::map_reduce(folder, SECRET, DOCUMENTS)?;
    let local = output(&mut fleet.local(&job, "local.db"))?;
    let result = output(&mut fleet.driver(&job, "driver.db"))?;
    ensure!(
        result == local,
        "a private run has another result: {result}"
    );
    let id = output(&mut fleet.handing_over(&job, "handed-over.db"))?;
    let result = output(&mut fleet.attaching(id.trim()))?;
    ensure!(result == local, "attaching gives another result: {result}");
    another_key(&fleet, folder)?;

    // What is refused because it is open shows that what is open would be found.
    let job = Job::map_reduce(folder, OPEN, 1)?;
    let mut open = fleet.driver(&job, "open.db");
    open.env_remove("PATTERNS_RESTATE_PRIVATE")
        .env_remove("PATTERNS_RESTATE_KEY_VARIABLE");
    refused(&mut open, "it is not private")?;
    fleet.wait_until_idle()?;
    let answers = answers(&local);
    ensure!(!answers.is_empty(), "the result has no words: {local}");
    let secrets = [SECRET, SECRET_TOO].into_iter().chain(answers);
    for secret in secrets {
        let place = found(&fleet, folder, secret)?;
        ensure!(place.is_none(), "{secret:?} is in {place:?}");
    }
    let place = found(&fleet, folder, OPEN)?;
    ensure!(place.is_some(), "not even what is open is found");
    println!("private: nothing of questions, answers and jobs at the server, and the same result");
    Ok(())
}

/// Checks what a driver with another key is told, and that it goes on once it has the right one.
fn another_key(fleet: &Fleet, folder: &Path) -> Result<()> {
    let job = Job::map_reduce(folder, SECRET_TOO, DOCUMENTS)?;
    let before = fleet.provider.requests()?;
    let mut other = fleet.driver(&job, "other.db");
    refused(
        other.env(KEY_VARIABLE, ANOTHER),
        "it is sealed with the key",
    )?;
    let words = "the worker cannot take the job";
    let mut other = fleet.handing_over(&job, "other.db");
    let handed = other.env(KEY_VARIABLE, ANOTHER).output()?;
    match handed.status.success() {
        // On a slow machine it is refused after the driver has looked for that.
        true => {
            let id = String::from_utf8(handed.stdout)?;
            refused(fleet.attaching(id.trim()).env(KEY_VARIABLE, ANOTHER), words)?;
        }
        false => told(&handed, words)?,
    }
    let sent = fleet.provider.requests()? - before;
    ensure!(sent == 0, "with another key, {sent} calls were made");
    let result = output(&mut fleet.driver(&job, "other.db"))?;
    let local = output(&mut fleet.local(&job, "local.db"))?;
    ensure!(
        result == local,
        "after a wrong key the result is another one"
    );
    // Workers that know both go on with what one of them has sealed.
    let both = format!("{ANOTHER},{KEY}");
    let again = output(fleet.driver(&job, "third.db").env(KEY_VARIABLE, both))?;
    ensure!(
        again == local,
        "with a new key before the old one, it is {again}"
    );
    println!("private: another key is named, nothing is paid for, and the right one goes on");
    Ok(())
}

fn refused(command: &mut Command, words: &str) -> Result<()> {
    told(&command.output()?, words)
}

/// Checks that a command has failed, and said why.
fn told(ended: &Output, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&ended.stderr);
    let is_told = !ended.status.success() && said.contains(words);
    ensure!(is_told, "{} and not {words:?}: {said}", ended.status);
    Ok(())
}

/// Returns the lines of a result that a model has written: some words, and no number.
fn answers(result: &str) -> Vec<&str> {
    let is_word = |it: char| it.is_ascii_lowercase() || it == ' ';
    let lines = result.lines();
    lines
        .filter(|it| it.split(' ').count() > 2 && it.chars().all(is_word))
        .collect()
}

/// Returns where the server has a text: in what it says when asked, where bodies are in hexadecimal digits, or in a
/// file, where most of them are compressed.
fn found(fleet: &Fleet, folder: &Path, text: &str) -> Result<Option<String>> {
    let digits: String = text.bytes().map(|it| format!("{it:02x}")).collect();
    for table in [
        "sys_invocation",
        "sys_journal",
        "sys_journal_events",
        "sys_inbox",
    ] {
        let rows = fleet.server.query(&format!("SELECT * FROM {table}"))?;
        let rows = rows.to_string();
        if rows.contains(text) || rows.contains(&digits) {
            return Ok(Some(table.to_owned()));
        }
    }
    in_files(&folder.join("server"), text)
}

fn in_files(folder: &Path, text: &str) -> Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // It may be gone by now: the server tidies up.
        let found = match path.is_dir() {
            true => in_files(&path, text)?,
            false => {
                let bytes = fs::read(&path).unwrap_or_default();
                let is_in = bytes.windows(text.len()).any(|it| it == text.as_bytes());
                is_in.then(|| path.display().to_string())
            }
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
