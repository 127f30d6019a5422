//! A provider, a server, and the runs that share a store on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::server::{PASSWORD, Server};
use crate::binary::patterns;
use crate::job::Job;
use crate::provider::Provider;

/// Calls that a run makes at once.
pub(super) const AT_ONCE: u64 = 8;

/// All of it.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) provider: Provider,
    pub(super) server: Server,
    folder: PathBuf,
    /// The address of the shared store.
    pub(super) url: String,
}

impl Pair {
    /// Starts all of it.
    pub(super) fn start(
        server: Server,
        folder: &Path,
        name: &str,
        latency: &[&str],
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            provider: Provider::start(&patterns(), folder, latency)?,
            url: server.database(name)?,
            server,
            folder: folder.to_owned(),
        })
    }

    /// Returns a run that shares its answers, with a store of its own.
    pub(super) fn sharing(&self, job: &Job, store: &str) -> Command {
        let mut command = self.alone(job, store);
        command.args(["-c", &format!("store.shared={}", self.url)]);
        command
    }

    /// Returns a run with a store of its own alone.
    pub(super) fn alone(&self, job: &Job, store: &str) -> Command {
        let mut command = Command::new(patterns());
        command
            .args(&job.arguments)
            .args(["--model", "compatible:sim", "--store", store])
            .args(["--concurrency", &AT_ONCE.to_string()])
            .env("PATTERNS_BASE_URL", &self.provider.url)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Checks that what lets in is in no file that a run has written.
    pub(super) fn check_secret(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let bytes = fs::read(&path)?;
            let mut windows = bytes.windows(PASSWORD.len());
            let is_in = windows.any(|it| it == PASSWORD.as_bytes());
            ensure!(!is_in, "the password is in {}", path.display());
        }
        Ok(())
    }
}
