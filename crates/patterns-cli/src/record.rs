//! The record of a run in the store: what it is, what it has paid before, and how it ended.
//!
//! A finished run that is typed again is the same run for votes and sections, whose work is all in what was
//! typed (a budget that buys as many ballots as it can must not buy them twice), and a new one for documents,
//! which come and go. Two equal runs at once queue for a lock, and the second finds all answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use patterns_core::{Spend, Spent, Usage, system_reason};
use patterns_job::{Job, Models, StoreMode};
use patterns_llm::{Price, Prices};
use patterns_store::{Again, LockFile, Recorder, RunRecord, Store};
use tokio_util::sync::CancellationToken;

use crate::connect::Connected;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::recorded_job::RecordedJob;
use crate::recorded_models::recorded_models;
use crate::report::money_plots;
use crate::store::refused;
use crate::terminal::{Terminal, stderr_width};
use crate::trust;

/// How often a run that waits for an equal one looks whether it has ended.
const LOOK: Duration = Duration::from_millis(100);

/// A run with a store.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) store: Store,
    /// Its place in the store; `None` if nothing is recorded.
    pub(crate) run: Option<RunRecord>,
    /// Who writes down how it goes.
    recorder: Option<Arc<Recorder>>,
    pub(crate) identity: [u8; 32],
    mode: StoreMode,
    is_ended: AtomicBool,
    /// Held as long as the run goes on, so that no equal one pays for the same at the same time.
    _lock: Option<LockFile>,
}

impl Drop for Record {
    /// Whatever kept the run from its end, it must not look like one that goes on.
    fn drop(&mut self) {
        if let Some(run) = self.run.as_ref().filter(|_| !self.is_ended.load(Relaxed)) {
            self.store.give_up(run.id);
        }
    }
}

impl Record {
    /// Finds or makes the record of the run.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be used, or a signal came while waiting for it.
    pub(crate) async fn begin(
        store: Store,
        launch: &Launch,
        identity: [u8; 32],
        drain: &CancellationToken,
    ) -> Result<Self, Error> {
        let terminal = launch.terminal;
        if trust::is_known(&store.id().map_err(refused)?) == Some(false) {
            terminal.note(
                "the answers of this store were recorded elsewhere, or where nothing could be remembered \
                 of it; --no-store does without them",
            );
        }
        let mode = launch.job.store().mode;
        if mode == StoreMode::ReadOnly {
            return Ok(Self {
                store,
                run: None,
                recorder: None,
                identity,
                mode,
                is_ended: AtomicBool::default(),
                _lock: None,
            });
        }
        let resumed = match launch.resumed {
            Some(id) => store.identity_of(id).map_err(refused)?.map(|it| (id, it)),
            None => None,
        };
        if let Some((id, _)) = resumed.filter(|it| it.1 != identity) {
            terminal.note(&format!(
                "what run {id} works on is no longer what it was (files, models or settings); what is as it was is not paid again"
            ));
        }
        let identity = resumed.map_or(identity, |it| it.1);
        let lock = lock(&store, &identity, drain, terminal).await?;
        let run = match resumed {
            Some((id, _)) => store.go_on_with(id).await,
            None => {
                let typed = serde_json::to_string(&RecordedJob::now(&launch.job, &launch.set))
                    .unwrap_or_default();
                let again = again(&launch.job);
                store.begin_run(identity, typed, again).await
            }
        };
        let run = run.map_err(refused)?;
        let recorder = Recorder::new(&store, &run).map_err(refused)?;
        let recorder = recorder.prompts(launch.job.store().prompts.unwrap_or(true));
        Ok(Self {
            run: Some(run),
            recorder: Some(Arc::new(recorder)),
            store,
            identity,
            mode,
            is_ended: AtomicBool::default(),
            _lock: lock,
        })
    }

    /// Returns the number of the run; 0 if it is not recorded.
    fn id(&self) -> i64 {
        self.run.as_ref().map_or(0, |run| run.id)
    }

    /// Returns whether only the owner of the store may read it.
    #[cfg(unix)]
    pub(crate) fn is_private(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let metadata = self.store.path().map(std::fs::metadata);
        metadata.is_some_and(|it| it.is_ok_and(|it| it.permissions().mode() & 0o077 == 0))
    }

    #[cfg(not(unix))]
    pub(crate) fn is_private(&self) -> bool {
        false
    }

    /// Puts the stores in front of the models.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub(crate) fn in_front_of(&self, connected: &Connected) -> Result<Models, Error> {
        let run = (self.id(), self.recorder.as_ref());
        recorded_models(connected, &self.store, self.mode, run)
    }

    /// Returns the store and the run, if it is recorded.
    pub(crate) fn place(&self) -> Option<(&Store, &RunRecord)> {
        Some((&self.store, self.run.as_ref()?))
    }

    /// Returns who writes down how the run goes, if it is recorded.
    pub(crate) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.recorder.as_ref()
    }

    /// Returns what the run has spent in earlier sessions.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub(crate) fn spent(&self, models: &Models, prices: &Prices) -> Result<Spent, Error> {
        let Some(run) = &self.run else {
            return Ok(Spent::default());
        };
        let price_of = |name: &str| {
            let model = models.iter().find(|it| it.id().to_string() == name);
            model.and_then(|it| prices.find(it.id()))
        };
        let paid = self.store.paid(run.id).map_err(refused)?;
        let paid = paid.into_iter().map(|(name, usage)| Spend {
            calls: usage.attempts,
            tokens: usage.total_tokens(),
            cost: price_of(&name).map(|price| price.of_calls(usage)),
        });
        let dearest = models.iter().filter_map(|it| prices.find(it.id()));
        let dearest = dearest.max_by_key(|price| price.input.max(price.output));
        Ok(spent_before(
            run,
            paid.fold(Spend::ZERO, |sum, it| sum + it),
            dearest,
        ))
    }

    /// Records what the result of the run was made of.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub(crate) async fn keep_trace(&self, trace: String) -> Result<(), Error> {
        if self.run.is_none() {
            return Ok(());
        }
        let kept = self.store.keep_trace(self.id(), trace);
        kept.await.map_err(refused)
    }

    /// Records what came of the run.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub(crate) async fn keep_result(&self, result: String) -> Result<(), Error> {
        if self.run.is_none() {
            return Ok(());
        }
        let kept = self.store.keep_result(self.id(), result);
        kept.await.map_err(refused)
    }

    /// Draws what this session of the run has spent, if that is wanted.
    pub(crate) async fn draw_money(&self, terminal: Terminal) {
        if let Some((store, run)) = self.place().filter(|_| terminal.shows_plots()) {
            for line in money_plots(store, run, stderr_width()).await {
                terminal.note(&line);
            }
        }
    }

    /// Says that not all of how the run went is recorded, if so.
    pub(crate) fn unrecorded(&self) -> Option<String> {
        let why = self.store.unrecorded()?;
        Some(format!(
            "not all of how this run goes is recorded ({why}); its answers and costs are kept"
        ))
    }

    /// Records how the run ended; `is_done` if there is nothing left to go on with.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub(crate) async fn end(&self, is_done: bool, outcome: String) -> Result<(), Error> {
        if self.run.is_none() {
            return Ok(());
        }
        if let Some(recorder) = &self.recorder {
            recorder.close();
        }
        self.is_ended.store(true, Relaxed);
        let ended = self.store.end_run(self.id(), is_done, outcome);
        ended.await.map_err(refused)
    }
}

/// Returns what was spent before, given what is recorded of `paid` calls. The account has all of it;
/// but runs of older versions have none, and a cost that was not known then may be now.
fn spent_before(run: &RunRecord, paid: Spend, dearest: Option<Price>) -> Spent {
    let Some(mut spent) = run.account else {
        let lost = Spend {
            calls: run.lost.unsigned_abs(),
            ..Spend::ZERO
        };
        return Spent {
            committed: paid,
            possibly_billed: lost,
            reserved: Spend::ZERO,
        };
    };
    spent = spent.abandoned();
    spent.committed.cost = spent.committed.cost.or(paid.cost);
    let at_most = |price: Price| {
        let usage = |input_tokens, output_tokens| Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        };
        let tokens = spent.possibly_billed.tokens;
        let (read, written) = (price.of(usage(tokens, 0)), price.of(usage(0, tokens)));
        read.max(written)
    };
    let cost = spent.possibly_billed.cost;
    spent.possibly_billed.cost = cost.or_else(|| dearest.map(at_most));
    spent
}

/// Returns whether the same run goes on when the same is typed again. A run goes on until all of it
/// is answered, so that a cap typed twice is one cap. After that it depends on where the work comes
/// from: questions and topics are in what was typed, so that it is the same work, and a budget that
/// buys as many ballots as it can must not buy them again. Documents come and go, and those of
/// tomorrow are another run under the same cap.
fn again(job: &Job) -> Again {
    match job {
        _ if job.store().mode == StoreMode::Fresh => Again::Another,
        Job::MapReduce(_) => Again::SameUntilDone,
        Job::Vote(_) | Job::Section(_) => Again::Same,
    }
}

/// Waits until no equal run is under way on this store.
async fn lock(
    store: &Store,
    identity: &[u8; 32],
    drain: &CancellationToken,
    terminal: Terminal,
) -> Result<Option<LockFile>, Error> {
    let Some(path) = store.lock_path(identity) else {
        return Ok(None);
    };
    let mut is_told = false;
    loop {
        let taken = LockFile::try_take(&path).map_err(|error| {
            let message = format!("cannot lock {}: {}", path.display(), system_reason(&error));
            Error::new(ErrorKind::Io, message)
                .help("check its directory, or go without a store: --no-store")
        })?;
        match taken {
            Some(lock) => return Ok(Some(lock)),
            None if !is_told => {
                terminal.note(
                    "an equal run is under way; waiting for its answers, which need not be paid \
                     for twice",
                );
                is_told = true;
            }
            None => {}
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use patterns_job::{MapReduceWork, ModelRoles, Settings};

    use crate::args::{Cli, Command};
    use crate::compile;

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
        let job = compile::map_reduce(&args).unwrap();
        let (roles, settings) = (ModelRoles::of(&job).unwrap(), Settings::of(&job, 0));
        let patterns_job::Job::MapReduce(job) = job else {
            unreachable!("it is a map-reduce");
        };
        let work = MapReduceWork::read(*job).unwrap();
        work.identity(&roles, &settings)
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
        let others = [
            plain,
            identity_with(&["--glean", "2"]),
            identity_with(&["--glean", "3"]),
            identity_with(&["--chunk-tokens", "99"]),
        ];
        let kinds: std::collections::HashSet<_> = others.iter().collect();
        assert_eq!(kinds.len(), others.len());
    }
}
