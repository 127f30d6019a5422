//! A provider, a Restate server, two workers at one address, and the runs that use them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::link::Link;
use super::server::{Server, free_port};
use crate::binary::patterns;
use crate::job::Job;
use crate::provider::Provider;
use crate::wait::wait;

/// The calls that may be made at once over all workers, unless something else is measured.
pub(super) const LANE: u64 = 16;

/// Calls that a run waits for at once, unless something else is measured.
const AT_ONCE: u64 = 64;

/// How long a worker may take until it is registered.
const START: Duration = Duration::from_secs(60);

/// The variable with the key of private calls.
pub(super) const KEY_VARIABLE: &str = "FLEET_KEY";

/// How it is set up.
#[derive(Clone, Debug)]
pub(super) struct SetUp {
    /// The command.
    pub(super) patterns: PathBuf,
    /// What the provider is told.
    pub(super) provider: Vec<&'static str>,
    /// The calls that may be made at once over all workers.
    pub(super) lane: u64,
    /// The calls that a run waits for at once.
    pub(super) at_once: u64,
    /// The key of private calls, if they are private.
    pub(super) key: Option<&'static str>,
}

impl SetUp {
    /// Sets up what is disturbed, and not measured.
    pub(super) fn small(provider: &[&'static str]) -> Self {
        Self {
            patterns: patterns(),
            provider: provider.to_vec(),
            lane: LANE,
            at_once: AT_ONCE,
            key: None,
        }
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct Fleet {
    set_up: SetUp,
    pub(super) folder: PathBuf,
    pub(super) provider: Provider,
    pub(super) server: Server,
    workers: Vec<Option<Child>>,
    /// The ports at which they listen, and at which the server finds them.
    pub(super) ports: [(u16, u16); 2],
}

impl Fleet {
    /// Starts all of it.
    pub(super) fn start(folder: &Path, set_up: SetUp) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let mut fleet = Self {
            provider: Provider::start(&set_up.patterns, folder, &set_up.provider)?,
            server: Server::start(&folder.join("server"))?,
            folder: folder.to_owned(),
            workers: vec![None, None],
            ports: [(port, port); 2],
            set_up,
        };
        for number in 0..fleet.workers.len() {
            fleet.start_worker(number)?;
        }
        Ok(fleet)
    }

    /// Starts a worker, with its own store, and waits until the server knows it.
    pub(super) fn start_worker(&mut self, number: usize) -> Result<()> {
        let log = self.folder.join(format!("worker-{number}.log"));
        let file = File::create(&log)?;
        let mut command = self.command();
        command
            .args([
                "worker",
                "--on",
                &self.server.on(),
                "-c",
                &self.server.admin(),
            ])
            .args(["--listen", &format!("127.0.0.1:{}", self.ports[number].0)])
            .args([
                "--advertise",
                &format!("http://127.0.0.1:{}", self.ports[number].1),
            ])
            .args([
                "--jobs",
                "--limit",
                &format!("compatible={}", self.set_up.lane),
                "--store",
            ])
            .arg(self.folder.join(format!("worker-{number}.db")))
            .stdout(Stdio::null())
            .stderr(file);
        let mut child = command.spawn()?;
        let start = Instant::now();
        while !fs::read_to_string(&log)
            .unwrap_or_default()
            .contains("registered as")
        {
            if child.try_wait()?.is_some() || start.elapsed() > START {
                let _ = child.kill();
                let _ = child.wait();
                bail!(
                    "the worker is not registered: {}",
                    fs::read_to_string(&log)?.trim()
                );
            }
            wait(Duration::from_millis(20));
        }
        self.workers[number] = Some(child);
        Ok(())
    }

    /// Puts a link between the server and its workers, of which one is left, and returns the link and one to the
    /// server, whose connections break.
    pub(super) fn behind_links(&mut self) -> Result<(Link, Link)> {
        for number in 0..self.workers.len() {
            self.kill_worker(number)?;
        }
        let port = free_port()?;
        let to_workers = Link::start(port, false)?;
        self.ports[0] = (port, to_workers.port);
        self.start_worker(0)?;
        Ok((to_workers, Link::start(self.server.ingress(), true)?))
    }

    /// Kills a worker without a word.
    pub(super) fn kill_worker(&mut self, number: usize) -> Result<()> {
        if let Some(mut child) = self.workers[number].take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Returns a run whose calls the workers make.
    pub(super) fn driver(&self, job: &Job, store: &str) -> Command {
        let mut command = self.of(job, store);
        command
            .args(["--on", &self.server.on(), "-c", &self.server.admin()])
            .args(["--concurrency", &self.set_up.at_once.to_string()]);
        command
    }

    /// Returns a run whose calls get to the server through a link.
    pub(super) fn driver_behind(&self, link: &Link, job: &Job, store: &str) -> Command {
        let mut command = self.of(job, store);
        let on = format!("restate:http://127.0.0.1:{}", link.port);
        command.args(["--on", &on, "-c", &self.server.admin()]);
        command
    }

    /// Returns a command that hands a run over.
    pub(super) fn handing_over(&self, job: &Job, store: &str) -> Command {
        let mut command = self.of(job, store);
        command.args(["--on", &self.server.on(), "-c", &self.server.admin()]);
        command.arg("--detach");
        command
    }

    /// Returns a command that waits for the result of a run that was handed over.
    pub(super) fn attaching(&self, id: &str) -> Command {
        let mut command = self.command();
        command.args(["attach", id, "--on", &self.server.on()]);
        command.args(["-c", &self.server.admin()]);
        command
    }

    /// Returns a run that makes its calls itself, as many at once as the lane lets through.
    pub(super) fn local(&self, job: &Job, store: &str) -> Command {
        let mut command = self.of(job, store);
        command.args(["--concurrency", &self.set_up.lane.to_string()]);
        command
    }

    fn of(&self, job: &Job, store: &str) -> Command {
        let mut command = self.command();
        command
            .args(&job.arguments)
            .args(["--model", "compatible:sim", "--store", store]);
        command
    }

    /// Checks that there were never more calls at once than the lane lets through.
    pub(super) fn check_peak(&self) -> Result<u64> {
        let peak = self.provider.count("peak_in_flight")?;
        ensure!(
            peak <= self.set_up.lane,
            "{peak} calls were made at once, and the lane lets {} through",
            self.set_up.lane
        );
        Ok(peak)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.set_up.patterns);
        command
            .env("PATTERNS_BASE_URL", &self.provider.url)
            .envs(self.set_up.key.iter().flat_map(|key| {
                [
                    ("PATTERNS_RESTATE_PRIVATE", "true"),
                    ("PATTERNS_RESTATE_KEY_VARIABLE", KEY_VARIABLE),
                    (KEY_VARIABLE, key),
                ]
            }))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Waits until the server has nothing under way any more.
    pub(super) fn wait_until_idle(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            // One that has just come back says that it cannot say.
            match self.server.open() {
                Ok(0) => break,
                open if start.elapsed() > START => bail!("invocations do not end: {open:?}"),
                _ => wait(Duration::from_millis(50)),
            }
        }
        self.provider.wait_until_idle()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for number in 0..self.workers.len() {
            let _ = self.kill_worker(number);
        }
    }
}
