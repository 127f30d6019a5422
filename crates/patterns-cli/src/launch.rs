//! A job that is about to be run, with all that is set around it: models, servers, files, what was typed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use patterns_job::{Form, Job, JobError, ModelRoles, PlanTotal, Reader, Settings};

use crate::args::Given;
use crate::config::{
    Aliases, Loaded, Providers, RestateKeys, Scope, fill, project_file, user_file,
};
use crate::descriptors;
use crate::error::{Error, ErrorKind, NEEDS_MODEL};
use crate::isolation::Processes;
use crate::option_names::Names;
use crate::proxy;
use crate::shared_store::SharedAddress;
use crate::sheet::check_replaceable;
use crate::target::{is_stdout, resolve};
use crate::terminal::{Terminal, is_stdout_terminal, write_stdout};
use crate::wanted::fill_in;
use crate::written::Written;

/// A job that is about to be run.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) job: Job,
    pub(crate) names: Names,
    /// The run to go on with, under its own number.
    pub(crate) resumed: Option<i64>,
    /// The places that say who answers, where the job does not.
    pub(crate) from: Vec<String>,
    /// The servers that are configured.
    pub(crate) providers: Providers,
    /// The short names of models.
    pub(crate) aliases: Aliases,
    /// The Restate server whose workers make the calls, if one is set.
    pub(crate) restate: RestateKeys,
    /// The address of the store that is shared with others, if one is; the job has it without a password.
    pub(crate) shared: Option<SharedAddress>,
    /// What `-c` said.
    pub(crate) set: Vec<String>,
    /// The files around the job that are read: what is configured, keys, and the job itself.
    pub(crate) read: Vec<PathBuf>,
    /// What the run was planned to come to, if it was just now.
    pub(crate) planned: Option<PlanTotal>,
    pub(crate) terminal: Terminal,
}

/// What was typed around a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// The options that were typed.
    pub(crate) given: Given,
    /// What `-c` said.
    pub(crate) set: Vec<String>,
}

impl Launch {
    /// Completes a job by what is configured and checks it.
    ///
    /// # Errors
    ///
    /// Returns an error if the job contradicts itself, or the configuration is wrong or not trusted.
    pub(crate) fn new(
        job: Job,
        names: Names,
        around: Around,
        scope: Scope,
        terminal: Terminal,
    ) -> Result<Self, Error> {
        let loaded = Loaded::load(&around.set)?;
        loaded.check_trust()?;
        let (mut job, warnings) = fill(job, &around.given, &loaded, scope)?;
        for warning in warnings {
            terminal.labelled_note("warning", &warning);
        }
        if let Some(url) = &job.model().proxy {
            proxy::given(url)?;
        }
        let shared = SharedAddress::take(&mut job, loaded.shared());
        let from = fill_in(&mut job, names, &loaded)?;
        let checked = job.check();
        checked.map_err(|error| names.told(&job, error))?;
        let roles = ModelRoles::of(&job);
        roles.map_err(|error| names.told(&job, error))?;
        Ok(Self {
            job,
            names,
            resumed: None,
            from,
            providers: loaded.providers(),
            aliases: loaded.aliases(),
            read: read_for(&loaded.providers(), &loaded.restate()),
            restate: loaded.restate(),
            shared,
            set: around.set,
            planned: None,
            terminal,
        })
    }

    /// Puts models in place of their short names: what is recorded, and what a run is known by, is who is
    /// asked, whatever a short name stands for later.
    pub(crate) fn name_in_full(&mut self) {
        let aliases = &self.aliases;
        self.job
            .rename_models(|name| aliases.model(name).to_owned());
    }

    /// Prints the job.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    pub(crate) fn print(&self) -> Result<(), Error> {
        write_stdout(self.job.to_toml().as_bytes())
    }

    /// Returns what the run writes.
    ///
    /// # Errors
    ///
    /// Returns an error if any of it is read, too.
    pub(crate) fn written(&self) -> Result<Written, Error> {
        let written = Written::by(&self.job, self.names);
        let files = self.job.files();
        let read = files.iter().chain(&self.read).map(PathBuf::as_path);
        written.check_files(&read.collect::<Vec<_>>())?;
        Ok(written)
    }

    /// Says an error of the job in the words of whoever wrote it.
    pub(crate) fn told(&self, error: JobError) -> Error {
        self.names.told(&self.job, error)
    }

    /// Returns how the run is carried out.
    pub(crate) fn settings(&self) -> Settings {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // Below 2^53, which is all that many readers of JSON take.
        let now = since.map_or(0, |it| it.as_micros() as u64);
        let mut settings = Settings::of(&self.job, now);
        settings.prices = settings.prices.merge(self.providers.prices());
        settings
    }

    /// Returns how its files are read.
    pub(crate) fn reader(&self, written: &Written) -> Reader {
        let (mine, terminal) = (written.clone(), self.terminal);
        let (job, names) = (self.job.clone(), self.names);
        let reader = Reader::new()
            .leave_out(move |it| mine.has(it))
            .telling(move |note| {
                let note = names.words(&job, note);
                terminal.labelled_note("warning", &note);
            });
        match Processes::of_this_command() {
            Some(processes) => reader.apart(Arc::new(processes)),
            None => reader,
        }
    }

    /// Says which model was chosen.
    ///
    /// # Errors
    ///
    /// Returns an error if the model cannot do the work at all.
    pub(crate) fn announce(&self, is_offline: bool, choice: Option<&str>) -> Result<(), Error> {
        if let Some(what) = needs_model(&self.job).filter(|_| is_offline) {
            let message = format!("{what} needs a model; the offline one only quotes");
            return Err(Error::new(ErrorKind::Model, message).help(NEEDS_MODEL));
        }
        if let Some(note) = choice {
            self.terminal.note(note);
        }
        Ok(())
    }

    /// Says that fewer calls than were asked for can be under way at once, or hardly any.
    pub(crate) fn too_many_calls(&self) -> Option<String> {
        if let Some(few) = descriptors::too_few() {
            return Some(few);
        }
        let given = self.job.run_part().concurrency?.get();
        let most = descriptors::connections().filter(|it| *it < given)?;
        Some(format!(
            "{given} calls at once need more open files than are allowed; there will be {most} (see ulimit -n)"
        ))
    }

    /// Checks that what is not to be read is not shown, and that a database does not take the place of
    /// somebody's work.
    ///
    /// # Errors
    ///
    /// Returns an error if it would be.
    pub(crate) fn check_output(&self) -> Result<(), Error> {
        let output = self.job.output();
        let is_file = output.file.as_deref().is_some_and(|it| !is_stdout(it));
        let is_shown = !is_file && is_stdout_terminal();
        let form = match output.form() {
            Form::Parquet => "Parquet",
            Form::Sqlite => "a SQLite database",
            _ => return Ok(()),
        };
        let database = output
            .file
            .as_deref()
            .filter(|_| output.form() == Form::Sqlite);
        if let Some(file) = database.filter(|_| is_file) {
            return check_replaceable(&resolve(file), file);
        }
        if !is_shown {
            return Ok(());
        }
        let file = self.names.name(&self.job, "output.file");
        let message = format!("{form} is nothing to read; name a file with {file}");
        Err(Error::new(ErrorKind::Usage, message).help("see --help"))
    }
}

/// Returns the files of settings and of keys.
fn read_for(providers: &Providers, restate: &RestateKeys) -> Vec<PathBuf> {
    let settings = user_file().into_iter().chain(project_file());
    let keys = providers.files().chain(&restate.key_file);
    settings.chain(keys.cloned()).collect()
}

/// Names work that the offline model cannot do, since it only quotes documents.
fn needs_model(job: &Job) -> Option<&'static str> {
    match job {
        Job::Vote(_) => Some("a vote"),
        Job::Section(job) if job.is_planned() => Some("planning sections"),
        Job::Section(job) if job.consistency => Some("reading sections together"),
        Job::Section(job) if job.grow.is_some() => Some("growing an outline"),
        Job::Section(job) => job.nested().find_map(needs_model),
        Job::MapReduce(_) => None,
    }
}
