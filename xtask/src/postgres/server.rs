//! A Postgres server in a process of its own, which can be killed and started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cargo::output;
use crate::restate::free_port;
use crate::wait::wait;

/// How long it may take until it lets somebody in: after a kill it first reads what it has logged.
const START: Duration = Duration::from_secs(60);

/// What lets in, and may be found nowhere but in the server.
pub(super) const PASSWORD: &str = "canary-7391";

/// A server with its data.
#[derive(Debug)]
pub(super) struct Server {
    folder: PathBuf,
    port: u16,
    owner: Option<(u32, u32)>,
    child: Child,
}

impl Server {
    /// Starts one on a free port.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            give_to(folder, user, group)?;
        }
        let password = folder.join("password");
        fs::write(&password, PASSWORD)?;
        let mut command = program("initdb", owner)?;
        command.args(["--username", "me", "--auth", "scram-sha-256", "--no-sync"]);
        command
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(folder.join("data"));
        output(&mut command)?;
        fs::remove_file(&password)?;
        let port = free_port()?;
        let mut server = Self {
            child: child(folder, port, owner)?,
            folder: folder.to_owned(),
            port,
            owner,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Makes a database, and returns its address.
    pub(super) fn database(&self, name: &str) -> Result<String> {
        let mut command = program("createdb", None)?;
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        command
            .args(["--username", "me", name])
            .env("PGPASSWORD", PASSWORD);
        output(&mut command)?;
        Ok(format!(
            "postgres://me:{PASSWORD}@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// Has something done in a database.
    pub(super) fn sql(&self, database: &str, sql: &str) -> Result<()> {
        let mut command = program("psql", None)?;
        command.args(["--quiet", "--host", "127.0.0.1", "--username", "me"]);
        command.args(["--port", &self.port.to_string(), "--dbname", database]);
        output(command.args(["--command", sql]).env("PGPASSWORD", PASSWORD))?;
        Ok(())
    }

    /// Gives it a certificate for `localhost`, and returns that of the authority which has signed it.
    pub(super) fn with_certificate(&self) -> Result<PathBuf> {
        let at = |name: &str| self.folder.join("data").join(name);
        let openssl = |words: &str| {
            let mut command = Command::new("openssl");
            command.args(words.split(' ')).current_dir(at(""));
            output(&mut command).context("certificates are made by openssl: install it")
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        openssl(&format!(
            "req -x509 {key} -days 9 -subj /CN=authority -keyout ca.key -out ca.pem"
        ))?;
        openssl(&format!(
            "req {key} -subj /CN=localhost -keyout server.key -out server.csr"
        ))?;
        fs::write(at("names"), "subjectAltName = DNS:localhost")?;
        openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile names -out server.crt",
        )?;
        if let Some((user, group)) = self.owner {
            give_to(&at("server.key"), user, group)?;
            give_to(&at("server.crt"), user, group)?;
        }
        self.sql("postgres", "ALTER SYSTEM SET ssl = on")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        Ok(at("ca.pem"))
    }

    /// Kills it without a word; what serves its connections ends with it.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, with its data.
    pub(super) fn start_again(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            // Until the last of its connections is gone, it is not let at its memory.
            self.child = child(&self.folder, self.port, self.owner)?;
            if self.wait_until_ready().is_ok() {
                return Ok(());
            }
        }
        bail!(
            "the server does not start again: see {}",
            self.folder.display()
        )
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            let mut asking = program("pg_isready", None)?;
            asking.args([
                "--quiet",
                "--host",
                "127.0.0.1",
                "--port",
                &self.port.to_string(),
            ]);
            if asking.status()?.success() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the Postgres server ended ({status}): see {}",
                    self.folder.display()
                );
            }
            wait(Duration::from_millis(50));
        }
        bail!(
            "the Postgres server does not answer: see {}",
            self.folder.display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn child(folder: &Path, port: u16, owner: Option<(u32, u32)>) -> Result<Child> {
    let log = folder.join("server.log");
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = program("postgres", owner)?;
    command
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command.spawn()?)
}

/// Returns a program of Postgres. Debian keeps them in a folder for each version.
fn program(name: &str, owner: Option<(u32, u32)>) -> Result<Command> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<PathBuf> = versions.flatten().map(|it| it.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let found = folders
        .into_iter()
        .map(|it| it.join(name))
        .find(|it| it.is_file());
    let found =
        found.with_context(|| format!("there is no {name}; install Postgres (postgresql)"))?;
    let mut command = Command::new(found);
    if let Some((user, group)) = owner {
        run_as(&mut command, user, group);
    }
    Ok(command)
}

#[cfg(unix)]
fn give_to(folder: &Path, user: u32, group: u32) -> Result<()> {
    Ok(std::os::unix::fs::chown(folder, Some(user), Some(group))?)
}

#[cfg(not(unix))]
fn give_to(_: &Path, _: u32, _: u32) -> Result<()> {
    Ok(())
}

#[cfg(unix)]
fn run_as(command: &mut Command, user: u32, group: u32) {
    use std::os::unix::process::CommandExt;
    command.uid(user).gid(group).current_dir("/");
}

#[cfg(not(unix))]
fn run_as(_: &mut Command, _: u32, _: u32) {}

/// Returns who is to own the server: it does not run as root.
fn owner() -> Result<Option<(u32, u32)>> {
    if cfg!(not(unix)) {
        return Ok(None);
    }
    let ask = |words: &[&str]| -> Result<u32> {
        Ok(output(Command::new("id").args(words))?.trim().parse()?)
    };
    match ask(&["-u"])? {
        0 => Ok(Some((ask(&["-u", "postgres"])?, ask(&["-g", "postgres"])?))),
        _ => Ok(None),
    }
}
