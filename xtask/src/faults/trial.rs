//! One run whose disk fails at one operation, and what must hold afterwards.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::shim::{Report, Shim};
use crate::binary::{patterns, recorded};
use crate::provider::Provider;
use crate::wait::wait;

/// Calls in flight.
const IN_FLIGHT: u64 = 2;

/// Where the result goes.
const RESULT: &str = "result.json";

/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The exit codes of an output that cannot be created, and of a write that failed.
const CANNOT_CREATE: i32 = 73;
const IO: i32 = 74;

/// What a failing disk says, and whether it goes on saying it.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) name: &'static str,
    pub(super) number: i32,
    pub(super) stays: bool,
}

/// What all trials have in common.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    shim: &'a Shim,
    provider: &'a Provider,
    folder: &'a Path,
    /// What an undisturbed run answers.
    answers: Value,
    /// How many calls it makes.
    pub(super) calls: u64,
    /// How many operations it needs.
    pub(super) operations: usize,
}

/// What came of the trials of one disk.
#[derive(Debug, Default)]
pub(super) struct Tally {
    trials: u64,
    unhurt: u64,
    cannot_create: u64,
    io: u64,
    absent: u64,
    repeated: u64,
}

/// How a run ended.
struct End {
    code: Option<i32>,
    said: String,
}

impl<'a> Trial<'a> {
    /// Does an undisturbed run.
    pub(super) fn new(shim: &'a Shim, provider: &'a Provider, folder: &'a Path) -> Result<Self> {
        let mut trial = Self {
            shim,
            provider,
            folder,
            answers: Value::Null,
            calls: 0,
            operations: 0,
        };
        let place = trial.place("undisturbed")?;
        let report = folder.join("undisturbed.report");
        let end = trial.run(&place, Some((0, None, &report)))?;
        ensure!(end.code == Some(0), "undisturbed: {}", end.said);
        trial.answers = answers(&place)?;
        trial.calls = provider.requests()?;
        trial.operations = Report::read(&report)?.operations;
        ensure!(trial.operations > 0, "the library saw no operation");
        Ok(trial)
    }

    /// Lets the disk fail at each operation. The number of operations differs a little from run to
    /// run, since what is committed together depends on the moment.
    pub(super) fn sweep(
        &self,
        disk: &Disk,
        every: usize,
        problems: &mut Vec<String>,
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        for at in (1..=self.operations).step_by(every) {
            let place = self.place("trial")?;
            let report = self.folder.join("trial.report");
            let _ = fs::remove_file(&report);
            tally.trials += 1;
            if let Err(error) = self.one(disk, at, &place, &report, &mut tally) {
                let failed = Report::read(&report).unwrap_or_default().failed;
                let failed = failed.unwrap_or_default();
                problems.push(format!("{} at {at} ({failed}): {error:#}", disk.name));
                let kept = self
                    .folder
                    .join(format!("{}-{at}", disk.name.replace(' ', "-")));
                fs::rename(&place, kept)?;
            }
        }
        Ok(tally)
    }

    fn one(
        &self,
        disk: &Disk,
        at: usize,
        place: &Path,
        report: &Path,
        tally: &mut Tally,
    ) -> Result<()> {
        let store = place.join("store/store.db");
        let before = self.provider.requests()?;
        let end = self.run(place, Some((at, Some(disk), report)))?;
        self.provider.wait_until_idle()?;
        let sent = self.provider.requests()? - before;
        let failed = Report::read(report)?.failed;
        self.look(&end, place, failed.is_some(), tally)?;
        let kept = recorded(&store)?;
        let lost = sent - kept.min(sent);
        ensure!(kept <= sent, "{kept} calls are recorded, {sent} were sent");
        let most = if end.code == Some(0) { 0 } else { IN_FLIGHT };
        ensure!(lost <= most, "{lost} of {sent} calls are not recorded");
        tally.repeated += lost;

        let again = self.run(place, None)?;
        ensure!(again.code == Some(0), "afterwards: {}", again.said);
        let resent = self.provider.requests()? - before - sent;
        ensure!(
            resent == self.calls - kept,
            "{kept} of {} calls were recorded, and {resent} were sent afterwards",
            self.calls
        );
        ensure!(
            answers(place)? == self.answers,
            "afterwards there are other answers"
        );
        ensure!(
            recorded(&store)? == self.calls,
            "afterwards not all is recorded"
        );
        Ok(())
    }

    /// Looks at how a run ended whose disk failed, and at what it wrote.
    fn look(&self, end: &End, place: &Path, has_failed: bool, tally: &mut Tally) -> Result<()> {
        let End { code, said } = end;
        ensure!(!said.contains("panicked"), "it panicked: {said}");
        let named = |code| said.contains(&format!("error[{code}]"));
        match code {
            Some(0) if has_failed => tally.unhurt += 1,
            Some(0) => tally.absent += 1,
            Some(CANNOT_CREATE) if has_failed && named("E-OUTPUT") => tally.cannot_create += 1,
            Some(IO) if has_failed && named("E-IO") => tally.io += 1,
            _ => bail!("exit code {code:?}: {said}"),
        }
        // A run that was stopped writes what it has, as a whole file or none.
        match answers(place) {
            Ok(answers) => ensure!(*code != Some(0) || answers == self.answers, "other answers"),
            Err(_) if *code != Some(0) && !place.join(RESULT).exists() => {}
            Err(error) => return Err(error.context("the result is not whole")),
        }
        Ok(())
    }

    /// Makes an empty folder.
    fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.folder.join(name);
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place)?;
        Ok(place)
    }

    /// Runs to the end.
    fn run(&self, place: &Path, fault: Option<(usize, Option<&Disk>, &Path)>) -> Result<End> {
        let errors = self.folder.join("stderr.txt");
        let mut command = Command::new(patterns());
        command
            .args([
                "map-reduce",
                "--model",
                "compatible:sim",
                "--output",
                "json",
            ])
            .arg(self.folder.join("rows.jsonl"))
            .args(["--base-url", &self.provider.url])
            .args(["--concurrency", &IN_FLIGHT.to_string()])
            .args(["--store", "store/store.db", "--output-file", RESULT])
            .args(["--events", "events.jsonl"])
            .current_dir(place)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&errors)?);
        if let Some((at, disk, report)) = fault {
            self.shim.load(&mut command, place, at, disk, report);
        }
        let mut child = command.spawn()?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("it hangs: {}", fs::read_to_string(&errors)?);
            }
            wait(Duration::from_millis(2));
        };
        Ok(End {
            code: status.code(),
            said: fs::read_to_string(&errors)?,
        })
    }
}

/// Returns the answers in a result, without what is said of their cost, which a store saves.
fn answers(place: &Path) -> Result<Value> {
    let text = fs::read_to_string(place.join(RESULT)).context("there is no result")?;
    let mut result: Value = serde_json::from_str(&text)?;
    let branches = result["branches"].take();
    let branches = branches.as_array().context("a result has branches")?.iter();
    let values = branches.map(|it| it["value"].clone());
    Ok(Value::Array(
        values.chain([result["value"].take()]).collect(),
    ))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>7} {:>7} {:>8} {:>8} {:>7} {:>9}",
            self.trials, self.unhurt, self.cannot_create, self.io, self.absent, self.repeated
        )
    }
}
