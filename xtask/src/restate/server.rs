//! A Restate server in a process of its own, which can be killed and started again.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::provider::ask;
use crate::real::kept::{install_this, kept};
use crate::wait::wait;

const PACKAGE: &str = "@restatedev/restate-server";
const VERSION: &str = "1.7.12";

/// The digest of the package, as npm checks it.
const INTEGRITY: &str = "sha512-/De/rLpv1Vg6k7eT/zMIMfb0FobmAE4jKztP7Ds4FHRm3FJhxt6ejjlByj9xmutt1YOqhlrg+cbttOD0h8Qz1g==";

/// How long it may take until it listens.
const START: Duration = Duration::from_secs(90);

/// A server with its data.
#[derive(Debug)]
pub(super) struct Server {
    folder: PathBuf,
    ports: [u16; 3],
    child: Child,
}

impl Server {
    /// Starts one on free ports.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let ports = free_ports()?;
        let mut server = Self {
            folder: folder.to_owned(),
            ports,
            child: child(folder, ports)?,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Returns where calls go in, as `--on` takes it.
    pub(super) fn on(&self) -> String {
        format!("restate:http://127.0.0.1:{}", self.ports[0])
    }

    /// Returns where it is looked after, as `-c` takes it.
    pub(super) fn admin(&self) -> String {
        format!("restate.admin=http://127.0.0.1:{}", self.ports[1])
    }

    /// Returns the port at which calls go in.
    pub(super) fn ingress(&self) -> u16 {
        self.ports[0]
    }

    /// Kills it without a word.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, with its data.
    pub(super) fn start_again(&mut self) -> Result<()> {
        self.child = child(&self.folder, self.ports)?;
        self.wait_until_ready()
    }

    /// Counts the invocations that have not ended.
    pub(super) fn open(&self) -> Result<u64> {
        let question = "SELECT count(*) AS n FROM sys_invocation WHERE status <> 'completed'";
        let answer = self.query(question)?;
        answer["rows"][0]["n"]
            .as_u64()
            .with_context(|| format!("it counts: {answer}"))
    }

    /// Asks it in SQL.
    pub(super) fn query(&self, sql: &str) -> Result<Value> {
        let question = serde_json::json!({"query": sql}).to_string();
        self.ask(self.ports[1], "POST /query", &question)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START {
            let is_ready = self.ask(self.ports[0], "GET /restate/health", "").is_ok()
                && self.ask(self.ports[1], "GET /deployments", "").is_ok();
            if is_ready {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the Restate server ended ({status}): see {}",
                    self.folder.display()
                );
            }
            wait(Duration::from_millis(50));
        }
        bail!(
            "the Restate server does not answer: see {}",
            self.folder.display()
        )
    }

    fn ask(&self, port: u16, path: &str, question: &str) -> Result<Value> {
        ask(&format!("127.0.0.1:{port}"), path, question)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Starts the process, set as `examples/restate` sets it.
fn child(folder: &Path, [ingress, admin, node]: [u16; 3]) -> Result<Child> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("server.log"))?;
    let program = program()?;
    let mut command = Command::new(&program);
    command
        .arg("--base-dir")
        .arg(folder.join("data"))
        .envs([
            ("RESTATE_BIND_IP", "127.0.0.1"),
            ("RESTATE_ADVERTISED_HOST", "127.0.0.1"),
            ("RESTATE_LISTEN_MODE", "tcp"),
            ("RESTATE_DISABLE_TELEMETRY", "true"),
            ("RESTATE_EXPERIMENTAL_ENABLE_VQUEUES", "true"),
            ("RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7", "true"),
            (
                "RESTATE_BIFROST__REPLICATED_LOGLET__READAHEAD_RECORDS",
                "1000",
            ),
            (
                "RESTATE_BIFROST__REPLICATED_LOGLET__READ_BATCH_SIZE",
                "1MiB",
            ),
            ("RESTATE_BIFROST__REPLICATED_LOGLET__RPC_TIMEOUT", "2s..1m"),
        ])
        .env("RESTATE_INGRESS__BIND_PORT", ingress.to_string())
        .env("RESTATE_ADMIN__BIND_PORT", admin.to_string())
        .env("RESTATE_BIND_PORT", node.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    command
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))
}

/// Returns the program, which npm fetches for this platform as a package of its own.
fn program() -> Result<PathBuf> {
    let folder = kept(&format!("restate-server-{VERSION}"), |folder| {
        install_this(folder, PACKAGE, VERSION, INTEGRITY)
    })?;
    let packages = fs::read_dir(folder.join("node_modules/@restatedev"))?;
    let programs = packages.filter_map(|it| Some(it.ok()?.path().join("bin/restate-server")));
    let mut programs = programs.filter(|it| it.is_file());
    programs
        .next()
        .with_context(|| format!("{PACKAGE} {VERSION} has no program for this platform"))
}

fn free_ports() -> Result<[u16; 3]> {
    let listeners: Vec<TcpListener> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// Returns a port at which nothing listens.
pub(crate) fn free_port() -> Result<u16> {
    free_ports().map(|it| it[0])
}
