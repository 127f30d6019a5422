//! The simulator, in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::wait::wait;

/// The simulator, which ends with this.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) url: String,
    child: Child,
}

impl Provider {
    /// Starts it on a free port.
    pub(crate) fn start(patterns: &Path, folder: &Path, more: &[&str]) -> Result<Self> {
        let mut child = Command::new(patterns)
            .args(["simulate", "--port", "0"])
            .args(more)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().context("it has an output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self {
            url: url.trim().to_owned(),
            child,
        })
    }

    /// Returns the CPU time that it has used so far; nothing, where the system does not tell.
    #[cfg(all(feature = "bench", unix))]
    pub(crate) fn cpu(&self) -> Duration {
        use std::fs;

        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let tasks = tasks.into_iter().flatten().flatten();
        let told = tasks.filter_map(|it| fs::read_to_string(it.path().join("schedstat")).ok());
        let nanos = told.filter_map(|it| it.split(' ').next()?.parse::<u64>().ok());
        Duration::from_nanos(nanos.sum())
    }

    /// Returns how many requests have arrived so far.
    pub(crate) fn requests(&self) -> Result<u64> {
        self.count("requests")
    }

    /// Waits until nothing is in flight any more.
    pub(crate) fn wait_until_idle(&self) -> Result<()> {
        while self.count("in_flight")? > 0 {
            wait(Duration::from_millis(5));
        }
        Ok(())
    }

    pub(crate) fn count(&self, name: &str) -> Result<u64> {
        let address = self.url.trim_start_matches("http://");
        let address = address.split('/').next().unwrap_or_default();
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "GET /ledger HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (_, body) = reply.split_once("\r\n\r\n").context("a reply has a body")?;
        let ledger: Value = serde_json::from_str(body)?;
        ledger[name]
            .as_u64()
            .with_context(|| format!("the ledger has {name}"))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
