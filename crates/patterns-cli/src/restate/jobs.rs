//! Carries out whole jobs that were handed over: each is this command again, in a process of its own, which
//! ends with its worker.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patterns_core::{ModelError, ModelErrorKind};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::handed::{Ended, FORM, Handed, Kept, MOST_BYTES, is_id};
use crate::config::{RestateKeys, TYPED_ELSEWHERE};
use crate::exit_code;
use crate::terminal::Terminal;

/// Carries out jobs.
pub(super) struct Jobs {
    /// The server that makes the calls of jobs: the one that handed them out.
    pub(super) restate: RestateKeys,
    /// This worker's own store.
    pub(super) store: PathBuf,
    pub(super) terminal: Terminal,
    pub(super) drain: CancellationToken,
}

impl Jobs {
    /// Carries out a job.
    ///
    /// # Errors
    ///
    /// Returns an error if it is to be handed out again.
    pub(super) async fn run(&self, job: Value) -> Result<Value, ModelError> {
        let handed = match serde_json::from_value::<Handed>(job) {
            Ok(it) if it.form == FORM && is_id(&it.id) => it,
            _ => {
                let said = "driver and worker write jobs in different forms: give both one version";
                return written(&ended_early(said));
            }
        };
        self.terminal.note(&format!("job {}: begun", handed.id));
        let ended = match self.carried_out(&handed).await {
            Ok(Some(ended)) => ended,
            Ok(None) => {
                let note = format!("job {}: broken off; it is handed out again", handed.id);
                self.terminal.note(&note);
                return Err(ModelError::new(ModelErrorKind::NotSent));
            }
            Err(error) => ended_early(&format!("the worker cannot run it: {error}")),
        };
        let note = format!("job {}: ended with {}", handed.id, ended.code);
        self.terminal.note(&note);
        written(&ended)
    }

    /// Runs the command; returns nothing if it was broken off.
    async fn carried_out(&self, handed: &Handed) -> std::io::Result<Option<Ended>> {
        let own = std::path::absolute(&self.store)?;
        let is_there = handed.folder.is_dir();
        let store = handed.store.as_ref().map(|theirs| match is_there {
            true => theirs.clone(),
            false => own.clone(),
        });
        let results = own.with_file_name("handed-over");
        std::fs::create_dir_all(&results)?;
        let file = results.join(&handed.id);
        let mut command = Command::new(std::env::current_exe()?);
        command.args(self.arguments(handed, store.as_deref(), &file));
        if is_there {
            command.current_dir(&handed.folder);
        }
        let piped = || Stdio::piped();
        command.stdin(piped()).stdout(Stdio::null()).stderr(piped());
        let typed = serde_json::to_string(&handed.arguments)?;
        command.env(TYPED_ELSEWHERE, typed);
        let mut child = command.kill_on_drop(true).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(handed.job.to_string().as_bytes()).await?;
        }
        let process = child.id();
        let output = child.wait_with_output();
        tokio::pin!(output);
        let output = tokio::select! {
            output = &mut output => output?,
            () = self.drain.cancelled() => {
                terminate(process);
                output.await?;
                return Ok(None);
            }
        };
        let Some(code) = output.status.code().and_then(|it| u8::try_from(it).ok()) else {
            return Ok(None);
        };
        Ok(Some(Ended {
            code,
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
            result: kept(&file)?,
            store,
        }))
    }

    fn arguments(&self, handed: &Handed, store: Option<&Path>, file: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut words: Vec<String> = ["run", "-", "--trust", "--progress", "none"]
            .map(str::to_owned)
            .into();
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        option("--color", "never".to_owned());
        option("--output", handed.output.clone());
        option("--output-file", text(file));
        if let Some(store) = store {
            option("--store", text(store));
        }
        for set in &handed.set {
            option("-c", set.clone());
        }
        for set in of_server(&self.restate) {
            option("-c", set);
        }
        words
    }
}

/// Returns what `-c` has to say so that a run uses the same server in the same way, in whatever folder.
fn of_server(keys: &RestateKeys) -> Vec<String> {
    let RestateKeys {
        url,
        admin,
        token_variable,
        lanes,
        private,
        key_variable,
        key_file,
        key_command,
    } = keys;
    let file = key_file.as_deref().map(|it| {
        let file = std::path::absolute(it).unwrap_or_else(|_| it.to_owned());
        file.to_string_lossy().into_owned()
    });
    let values = [
        ("url", url.clone()),
        ("admin", admin.clone()),
        ("token_variable", token_variable.clone()),
        ("lanes", lanes.map(|it| it.to_string())),
        ("private", private.map(|it| it.to_string())),
        ("key_variable", key_variable.clone()),
        ("key_file", file),
        ("key_command", key_command.clone()),
    ];
    let set = values
        .into_iter()
        .filter_map(|(key, value)| Some(format!("restate.{key}={}", value?)));
    set.collect()
}

/// Tells a process to end, so that it records how far it came.
#[cfg(unix)]
fn terminate(process: Option<u32>) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let process = process.and_then(|it| i32::try_from(it).ok());
    if let Some(process) = process {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
fn terminate(_: Option<u32>) {}

/// Takes the result from its file, or leaves it there if it is large.
fn kept(file: &Path) -> std::io::Result<Kept> {
    let bytes = match file.metadata() {
        Ok(metadata) => metadata.len(),
        Err(_) => return Ok(Kept::None),
    };
    let content = std::fs::read(file)?;
    if bytes > MOST_BYTES {
        return Ok(Kept::There {
            path: file.to_owned(),
            bytes,
            blake3: blake3::hash(&content).to_hex().to_string(),
        });
    }
    // It goes back whole; what stays here would stay for good.
    std::fs::remove_file(file)?;
    Ok(Kept::Here(STANDARD.encode(content)))
}

fn ended_early(said: &str) -> Ended {
    Ended {
        code: exit_code::CONFIG,
        said: format!("{said}\n"),
        result: Kept::None,
        store: None,
    }
}

fn written(ended: &Ended) -> Result<Value, ModelError> {
    serde_json::to_value(ended)
        .map_err(|error| ModelError::new(ModelErrorKind::Unreadable).with_cause(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_handed_over_is_private_in_the_same_way_as_its_worker() {
        let keys = RestateKeys {
            url: Some("http://h".to_owned()),
            private: Some(true),
            key_file: Some("key".into()),
            ..RestateKeys::default()
        };
        let file = std::path::absolute("key").unwrap();
        let expected = [
            "restate.url=http://h".to_owned(),
            "restate.private=true".to_owned(),
            format!("restate.key_file={}", file.display()),
        ];
        assert_eq!(of_server(&keys), expected);
    }

    #[test]
    fn only_a_large_result_stays_at_the_worker() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result");
        assert!(matches!(kept(&file).unwrap(), Kept::None));
        std::fs::write(&file, "small").unwrap();
        let Kept::Here(text) = kept(&file).unwrap() else {
            panic!("it comes back");
        };
        assert_eq!(STANDARD.decode(text).unwrap(), b"small");
        assert!(!file.exists());
        let large = vec![b'x'; usize::try_from(MOST_BYTES).unwrap() + 1];
        std::fs::write(&file, &large).unwrap();
        let Kept::There { path, bytes, .. } = kept(&file).unwrap() else {
            panic!("it stays");
        };
        assert_eq!((path, bytes), (file.clone(), MOST_BYTES + 1));
        assert!(file.exists());
    }
}
