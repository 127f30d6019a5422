//! The simulator, in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
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
        let ledger = get(address.split('/').next().unwrap_or_default(), "/ledger")?;
        ledger[name]
            .as_u64()
            .with_context(|| format!("the ledger has {name}"))
    }
}

/// Returns the JSON that a server of this machine has at a path.
pub(crate) fn get(address: &str, path: &str) -> Result<Value> {
    ask(address, &format!("GET {path}"), "")
}

/// Asks a server of this machine for JSON, in JSON.
pub(crate) fn ask(address: &str, path: &str, question: &str) -> Result<Value> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // The older protocol has no chunks.
    write!(
        stream,
        "{path} HTTP/1.0\r\nHost: {address}\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{question}",
        question.len()
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").context("a reply has a body")?;
    let line = head.lines().next().unwrap_or_default();
    ensure!(line.contains(" 200 "), "{path} was answered with {line:?}");
    serde_json::from_str(body).with_context(|| format!("{path} was answered with {body:?}"))
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
