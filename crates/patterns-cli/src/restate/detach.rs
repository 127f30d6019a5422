//! Hands a whole job over to a worker (`--detach`), and waits for what comes of it (`patterns attach`).
//!
//! A job is not followed through the server, which knows only that it is under way, but where it is recorded:
//! `patterns watch`, `ctl`, `show` and `report` look into the store that it was typed with, which is the one
//! that is used where the worker has the same folder. Elsewhere the worker's own is used, and attaching says
//! which that was.
//!
//! What comes back is from whoever reaches the server. So no file is written that was not named here, and
//! one that it names is read only if it has the size that it says.

use patterns_core::system_reason;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patterns_job::StoreMode;
use patterns_restate::Durable;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::handed::{Ended, FORM, Handed, Kept, is_id};
use super::name;
use super::server::{seal, server, told};
use crate::args::AttachArgs;
use crate::config::{Loaded, RestateKeys};
use crate::error::{Error, ErrorKind};
use crate::escape::escape_line;
use crate::exit_code;
use crate::launch::Launch;
use crate::output::Output;
use crate::recorded_job::RecordedJob;
use crate::store::usual;
use crate::terminal::{Terminal, write_stdout};

/// How often it is asked what came of a job.
const LOOK: Duration = Duration::from_secs(1);

/// How long it is looked whether a job is refused.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);

/// Hands a job over and says under which id.
///
/// # Errors
///
/// Returns an error if it is not taken.
pub(crate) async fn hand_over(launch: &Launch) -> Result<(), Error> {
    let durable = connect(&launch.restate, launch.terminal)?;
    durable.check().await.map_err(told)?;
    let handed = handed(launch)?;
    let job = serde_json::to_value(&handed).unwrap_or_default();
    durable.hand_over(&handed.id, &job).await.map_err(told)?;
    let begun = Instant::now();
    while begun.elapsed() < REFUSED_WITHIN {
        // One that has ended by now is there to be attached to.
        if durable.came_of(&handed.id).await.map_err(told)?.is_some() {
            break;
        }
        sleep(LOOK / 4).await;
    }
    let (terminal, id) = (launch.terminal, &handed.id);
    let url = launch.restate.url.as_deref().unwrap_or_default();
    terminal.note(&format!(
        "the workers of {url} carry it out, whatever becomes of this command"
    ));
    let file = launch.job.output().file.as_ref();
    let into = file.map(|it| format!(" -o {}", it.display()));
    terminal.note(&format!(
        "`patterns attach {id} --on restate:{url}{}` waits for its result",
        into.unwrap_or_default()
    ));
    if let Some(store) = &handed.store {
        let store = store.display();
        terminal.note(&format!(
            "`patterns watch --store {store}` follows it, and ctl, show and report, where a worker has this folder"
        ));
    }
    write_stdout(format!("{id}\n").as_bytes())
}

/// Waits for what comes of a job that was handed over, and ends as its run has ended.
///
/// # Errors
///
/// Returns an error if there is no such job, or what its run ended with.
pub(crate) async fn attach(args: &AttachArgs, terminal: Terminal) -> Result<(), Error> {
    if !is_id(&args.id) {
        let message = format!("{} is no id of a job that was handed over", args.id);
        return Err(Error::new(ErrorKind::Usage, message).help("--detach prints one"));
    }
    let loaded = Loaded::load(&args.set())?;
    loaded.check_trust()?;
    let durable = connect(&loaded.restate(), terminal)?;
    let mut is_told = false;
    let ended = loop {
        match durable.came_of(&args.id).await.map_err(told)? {
            Some(ended) => break ended,
            None if !is_told => terminal.note("it is under way; waiting for it"),
            None => {}
        }
        is_told = true;
        sleep(LOOK).await;
    };
    let ended: Ended = serde_json::from_value(ended).map_err(|error| {
        let message = format!("what came of the job is in another form ({error})");
        Error::new(ErrorKind::BadData, message).help("give driver and worker one version")
    })?;
    for line in ended.said.lines() {
        terminal.note(&escape_line(line));
    }
    if let Some(store) = &ended.store {
        terminal.note(&format!(
            "recorded at the worker in {}",
            escape_line(&store.to_string_lossy())
        ));
    }
    put(&ended.result, args.output_file.as_deref())?;
    match exit_code::kind(ended.code) {
        None => Ok(()),
        Some(kind) => {
            let message = format!("the run ended with {}", ended.code);
            Err(Error::new(kind, message))
        }
    }
}

fn connect(keys: &RestateKeys, terminal: Terminal) -> Result<Durable, Error> {
    let Some(server) = server(keys)? else {
        let message = "a job is handed over to the workers of a Restate server, and none is named";
        return Err(Error::new(ErrorKind::Usage, message).help("name it with --on restate:URL"));
    };
    let driver = patterns_restate::Driver::named(name()).private(seal(keys, terminal)?);
    Durable::connect(server, driver).map_err(told)
}

/// Makes of a job what is sent.
fn handed(launch: &Launch) -> Result<Handed, Error> {
    let folder = std::env::current_dir().map_err(|error| {
        let message = format!(
            "the working directory is not there: {}",
            system_reason(&error)
        );
        Error::new(ErrorKind::NoInput, message)
    })?;
    if launch.job.inputs().iter().any(|it| it.as_os_str() == "-") {
        let message = "a job that is handed over reads files, and this one reads standard input";
        return Err(
            Error::new(ErrorKind::Usage, message).help("write it into a file that workers have")
        );
    }
    if launch.job.store().mode == StoreMode::Fresh {
        let message = "a job that is handed over goes on where it was when a worker is killed, and a fresh one pays for all again";
        return Err(Error::new(ErrorKind::Usage, message).help("leave out --fresh, or --detach"));
    }
    let job = launch.job.clone().relative_to(&folder);
    let is_recorded = job.store().mode != StoreMode::None;
    let store = job.store().file.clone();
    let store = is_recorded.then(|| store.unwrap_or_else(|| absolute(&usual())));
    let output = job.output().form();
    let mut job = Value::from(&job);
    if let Some(output) = job.get_mut("output").and_then(Value::as_object_mut) {
        output.remove("file");
    }
    let of_server = |it: &&String| it.trim_start().starts_with("restate.");
    Ok(Handed {
        form: FORM,
        id: name(),
        job,
        set: launch
            .set
            .iter()
            .filter(|it| !of_server(it))
            .cloned()
            .collect(),
        folder,
        store,
        output: output.name().to_owned(),
        arguments: RecordedJob::now(&launch.job, &launch.set).shown_arguments(),
    })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Puts a result where it belongs.
fn put(result: &Kept, file: Option<&Path>) -> Result<(), Error> {
    let content = match result {
        Kept::None => return Ok(()),
        Kept::Here(text) => STANDARD.decode(text).map_err(|error| {
            Error::new(
                ErrorKind::BadData,
                format!("the result cannot be read: {error}"),
            )
        })?,
        Kept::There {
            path,
            bytes,
            blake3,
        } => fetched(path, *bytes, blake3)?,
    };
    let mut output = Output::open(file)?;
    output.write(content)?;
    output.finish()
}

/// Reads a result that a worker has left in a file, if that is a file here, too.
fn fetched(path: &Path, bytes: u64, digest: &str) -> Result<Vec<u8>, Error> {
    let is_it = path
        .metadata()
        .is_ok_and(|it| it.is_file() && it.len() == bytes);
    let found = is_it.then(|| std::fs::read(path).ok()).flatten();
    let found = found.filter(|it| blake3::hash(it).to_hex().as_str() == digest);
    found.ok_or_else(|| {
        let message = format!(
            "the result has {bytes} bytes, which is too much for the server to carry: it is at the worker, in {}",
            escape_line(&path.to_string_lossy())
        );
        Error::new(ErrorKind::NoInput, message)
            .help("fetch it from there, or run the same here with --on: nothing is paid for twice")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes back is from whoever reaches the server.
    #[test]
    fn only_the_file_that_was_made_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("5f0c1e9a77d2b364");
        std::fs::write(&file, "the tide").unwrap();
        let digest = blake3::hash(b"the tide").to_hex();
        assert_eq!(fetched(&file, 8, &digest).unwrap(), b"the tide");
        for (path, bytes, digest) in [
            (file.as_path(), 7, &*digest),
            (&file, 8, "00"),
            (folder.path(), 8, &*digest),
            (Path::new("/dev/zero"), 0, &*digest),
        ] {
            let error = fetched(path, bytes, digest).unwrap_err().to_string();
            assert!(error.contains("it is at the worker"), "{error}");
        }
    }
}
