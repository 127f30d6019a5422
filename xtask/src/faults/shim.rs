//! The library that makes file operations fail, and how a process gets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::trial::Disk;
use crate::cargo::{run as run_command, target};

/// The library, built.
#[derive(Debug)]
pub(super) struct Shim(PathBuf);

/// What happened to a process with the library.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many operations there were.
    pub(super) operations: usize,
    /// The one that failed, and the file.
    pub(super) failed: Option<String>,
}

impl Shim {
    /// Builds it with the C compiler that SQLite needs too.
    pub(super) fn build() -> Result<Self> {
        let folder = target().join("faults");
        fs::create_dir_all(&folder)?;
        let source = folder.join("shim.c");
        fs::write(&source, include_str!("shim.c"))?;
        let library = folder.join("shim.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]);
        run_command(compiler.args([&library, &source]).arg("-ldl"))?;
        Ok(Self(library))
    }

    /// Lets a process fail at an operation on files in `folder`; at none if that is 0.
    pub(super) fn load(
        &self,
        command: &mut Command,
        folder: &Path,
        at: usize,
        disk: Option<&Disk>,
        report: &Path,
    ) {
        command
            .env("LD_PRELOAD", &self.0)
            .env("FAULT_FOLDER", folder)
            .env("FAULT_REPORT", report)
            .env("FAULT_AT", at.to_string());
        if let Some(disk) = disk {
            command.env("FAULT_ERRNO", disk.number.to_string());
            if disk.stays {
                command.env("FAULT_STAYS", "1");
            }
        }
    }
}

impl Report {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).context("the library did not report")?;
        let mut report = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("count", number)) => report.operations = number.parse()?,
                Some(("failed", what)) => report.failed = Some(what.to_owned()),
                _ => {}
            }
        }
        Ok(report)
    }
}
