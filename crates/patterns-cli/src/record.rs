//! The record of a run in the store: what it is, what it has paid before, and how it ended.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blake3::Hasher;
use patterns_core::{EventSink, Layer, Model, Spend};
use patterns_llm::Prices;
use patterns_store::{RunRecord, Store, StoreError, StoreErrorKind, StoreLayer, StorePolicy};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::args::{DEFAULT_STORE, StoreArgs};
use crate::error::{Error, ErrorKind};
use crate::job::{Job, Work};
use crate::terminal::Terminal;

/// How often a run that waits for an equal one looks whether it has ended.
const LOOK: Duration = Duration::from_millis(100);

/// What was typed, and where: enough to do it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Typed {
    /// The arguments, without the name of the program.
    pub(crate) arguments: Vec<String>,
    /// The directory in which they were typed.
    pub(crate) directory: PathBuf,
}

/// A run with a place in a store.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) store: Store,
    pub(crate) run: RunRecord,
    policy: StorePolicy,
    /// Held as long as the run goes on, so that no equal one pays for the same at the same time.
    _lock: Option<File>,
}

impl Record {
    /// Opens the store and finds or makes the record of the run; `None` if none is wanted.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be used, or a signal came while waiting for it.
    pub(crate) async fn open(
        job: &Job,
        args: &StoreArgs,
        is_paid: bool,
        drain: &CancellationToken,
        terminal: Terminal,
    ) -> Result<Option<Self>, Error> {
        let path = match &args.store {
            _ if args.no_store => return Ok(None),
            Some(path) => path.clone(),
            None if is_paid || args.read_only => PathBuf::from(DEFAULT_STORE),
            None => return Ok(None),
        };
        let store = Store::open(path, args.durability.into()).map_err(refused)?;
        let identity = identity(job);
        let lock = lock(&store, &identity, drain, terminal).await?;
        let typed = serde_json::to_string(&typed()).unwrap_or_default();
        let run = store.begin_run(identity, typed).await.map_err(refused)?;
        Ok(Some(Self {
            store,
            run,
            policy: match (args.fresh, args.read_only) {
                (true, _) => StorePolicy::Fresh,
                (_, true) => StorePolicy::ReadOnly,
                _ => StorePolicy::Use,
            },
            _lock: lock,
        }))
    }

    /// Puts the store in front of a model.
    pub(crate) fn wrap(&self, model: Arc<dyn Model>, events: Arc<dyn EventSink>) -> Arc<dyn Model> {
        let layer = StoreLayer::new(self.store.clone());
        let layer = layer.policy(self.policy).run(self.run.id).events(events);
        Arc::new(layer.layer(model))
    }

    /// Returns what the run has spent in earlier sessions, as far as it is recorded. Of calls that
    /// were under way at a kill only their number is known.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub(crate) fn spent(&self, models: &[Arc<dyn Model>], prices: &Prices) -> Result<Spend, Error> {
        let paid = self.store.paid(self.run.id).map_err(refused)?;
        let spend = paid.into_iter().map(|(name, usage)| {
            let model = models.iter().find(|it| it.id().to_string() == name);
            let price = model.and_then(|it| prices.find(it.id()));
            Spend {
                calls: usage.attempts,
                tokens: usage.total_tokens(),
                cost: price.map(|price| price.of(usage)),
            }
        });
        let lost = Spend {
            calls: self.run.lost.unsigned_abs(),
            ..Spend::ZERO
        };
        Ok(spend.fold(lost, |sum, it| sum + it))
    }

    /// Records what the result of the run was made of.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub(crate) async fn keep_trace(&self, trace: String) -> Result<(), Error> {
        let kept = self.store.keep_trace(self.run.id, trace);
        kept.await.map_err(refused)
    }

    /// Records how the run ended; `is_done` if there is nothing left to go on with.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub(crate) async fn end(&self, is_done: bool, outcome: String) -> Result<(), Error> {
        let ended = self.store.end_run(self.run.id, is_done, outcome);
        ended.await.map_err(refused)
    }
}

/// Returns a digest of what a run is for. How it is carried out (how fast, with which budget) is no
/// part of it, so that a run can be gone on with in another way.
fn identity(job: &Job) -> [u8; 32] {
    fn add(hasher: &mut Hasher, part: &impl Serialize) {
        // A hasher takes everything, and plain data always has a written form.
        let _ = serde_json::to_writer(hasher, part);
    }
    let mut hasher = Hasher::new_derive_key("patterns 2026-11-23 run identity v1");
    let settings = &job.settings;
    add(
        &mut hasher,
        &(&job.models, settings.sampling, &settings.instructions),
    );
    match &job.work {
        Work::MapReduce(work) => {
            // Documents may come and go between sessions; what names them stays.
            let reduce_words = (&work.reduce_instructions, &work.inner_instructions);
            let words = (&work.map_instructions, reduce_words);
            let schemas = (&work.map_schema, &work.reduce_schema);
            let reduce = (work.reduce, work.topology, work.reduce_tokens, work.fan_in);
            add(
                &mut hasher,
                &((&work.inputs, &work.source), words, schemas, reduce),
            );
            if work.code.is_some() || work.statements.is_some() {
                add(&mut hasher, &(&work.code, work.statements));
            }
            if work.glean.is_some() {
                add(&mut hasher, &work.glean);
            }
        }
        Work::Vote(work) => {
            let mut work = work.clone();
            (work.spare, work.counts_arrivals) = (None, false);
            add(&mut hasher, &work);
        }
        Work::Section(work) => add(&mut hasher, work),
    }
    *hasher.finalize().as_bytes()
}

/// Waits until no equal run is under way on this store.
async fn lock(
    store: &Store,
    identity: &[u8; 32],
    drain: &CancellationToken,
    terminal: Terminal,
) -> Result<Option<File>, Error> {
    let Some(folder) = store.path().and_then(Path::parent) else {
        return Ok(None);
    };
    let name = blake3::Hash::from_bytes(*identity).to_hex();
    let path = folder.join(format!("run-{}.lock", &name[..16]));
    let failed = |error: std::io::Error| {
        let message = format!("cannot lock {}: {error}", path.display());
        Error::new(ErrorKind::Io, message)
    };
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
            Err(std::fs::TryLockError::WouldBlock) if !is_told => {
                terminal.note(
                    "an equal run is under way; waiting for its answers, which need not be paid \
                     for twice",
                );
                is_told = true;
            }
            Err(std::fs::TryLockError::WouldBlock) => {}
        }
        tokio::select! {
            () = drain.cancelled() => {
                let message = "interrupted while waiting for an equal run";
                return Err(Error::new(ErrorKind::Interrupted, message));
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Returns what was typed. Arguments that are no Unicode cannot be typed again.
fn typed() -> Typed {
    let arguments = std::env::args_os().skip(1);
    Typed {
        arguments: arguments
            .map(|it| it.to_string_lossy().into_owned())
            .collect(),
        directory: std::env::current_dir().unwrap_or_default(),
    }
}

/// Says what is wrong with a store.
pub(crate) fn refused(error: StoreError) -> Error {
    let path = error.path().map(|path| path.display().to_string());
    let path = path.unwrap_or_else(|| "the store".to_owned());
    let (kind, help) = match error.kind() {
        StoreErrorKind::NotAStore => (
            ErrorKind::BadData,
            "name another file with --store, or go without one: --no-store",
        ),
        StoreErrorKind::Damaged => (
            ErrorKind::BadData,
            "`patterns store verify` says what is damaged; move the file away to begin anew",
        ),
        StoreErrorKind::InvalidRecord => (ErrorKind::BadData, "mend or remove that line"),
        StoreErrorKind::Busy => (
            ErrorKind::TryLater,
            "try again when the other process is done",
        ),
        StoreErrorKind::Full => (ErrorKind::Io, "make room; what was recorded is kept"),
        _ => (
            ErrorKind::Io,
            "check the path and its permissions, or go without a store: --no-store",
        ),
    };
    Error::new(kind, format!("{path}: {error}"))
        .help(help)
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};
    use crate::plan;

    /// Returns the identity of a map-reduce with these arguments more.
    fn identity_with(more: &[&str]) -> [u8; 32] {
        let place = tempfile::tempdir().unwrap();
        let schema = serde_json::json!({
            "type": "object",
            "properties": {"names": {"type": "array", "items": {"type": "string"}}},
            "required": ["names"],
        });
        let path = place.path().join("schema.json");
        std::fs::write(&path, schema.to_string()).unwrap();
        let path = path.display().to_string();
        let typed = ["patterns", "map-reduce", "Cargo.toml", "--format", "text"];
        let models = ["--model", "ollama:m", "--map-schema", &path];
        let typed = [&typed[..], &models, more].concat();
        let Command::MapReduce(args) = Cli::try_parse_from(typed).unwrap().command else {
            unreachable!("it is a map-reduce");
        };
        identity(&plan::map_reduce(&args).unwrap().0)
    }

    #[test]
    fn a_run_is_known_by_what_it_is_for() {
        let plain = identity_with(&[]);
        for how in [
            &["--allow-gaps"][..],
            &["--max-calls", "9"],
            &["--max-failures", "fail-fast"],
        ] {
            assert_eq!(identity_with(how), plain, "{how:?}");
        }
        let judge = ["--glean", "2", "--glean-judge", "ollama:small"];
        let others = [
            plain,
            identity_with(&["--glean", "2"]),
            identity_with(&["--glean", "3"]),
            identity_with(&judge),
            identity_with(&["--chunk-tokens", "99"]),
        ];
        let kinds: std::collections::HashSet<_> = others.iter().collect();
        assert_eq!(kinds.len(), others.len());
    }
}
