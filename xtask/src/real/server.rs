//! A server in a process of its own, which ends with its handle.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo::show;
use crate::provider::get;
use crate::wait::wait;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(60);

/// A server that listens.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    child: Child,
}

impl Server {
    /// Starts it, and waits until `url` finds in what it has printed where it listens, and `path` is
    /// answered there; without a path, until somebody listens.
    pub(super) fn start(
        command: &mut Command,
        log: &Path,
        url: impl Fn(&str) -> Option<String>,
        path: &str,
    ) -> Result<Self> {
        let shown = show(command);
        let file = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn();
        let mut server = Self {
            url: String::new(),
            child: child.with_context(|| format!("cannot run `{shown}`"))?,
        };
        let start = Instant::now();
        while start.elapsed() < START {
            let printed = std::fs::read_to_string(log).unwrap_or_default();
            if let Some(url) = url(&printed) {
                server.url = url;
                let is_there = match path {
                    "" => TcpStream::connect(server.address()).is_ok(),
                    path => server.get(path).is_ok(),
                };
                if is_there {
                    return Ok(server);
                }
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("`{shown}` ended ({status}): {printed}");
            }
            wait(Duration::from_millis(20));
        }
        bail!("`{shown}` does not answer; it printed {}", log.display())
    }

    /// Returns the JSON of a path.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        get(self.address(), path)
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
