//! What a run writes, which is none of its inputs: a file that is named as both is refused before
//! anything is sent, and one that lies among the documents is left out of them, with a word.
//!
//! A file in a directory of documents that is there already may be what the same command wrote
//! yesterday, or somebody's work. It is overwritten only if it is known for ours: by how it begins, or
//! because the store has a run that wrote it. All others are refused.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use patterns_job::Job;
use patterns_source::{Found, Source};
use patterns_store::Store;

use crate::args::DEFAULT_STORE;
use crate::error::{Error, ErrorKind};
use crate::option_names::Names;
use crate::recorded_job::RecordedJob;
use crate::target::{is_stdout, resolve};
use crate::terminal::Terminal;

/// The files that a run writes.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The result and the events.
    files: Vec<WrittenFile>,
    /// With links followed.
    store: PathBuf,
}

#[derive(Clone, Debug)]
struct WrittenFile {
    /// What names it, such as `--events`.
    option: String,
    /// As it is named.
    name: PathBuf,
    /// With links followed.
    path: PathBuf,
}

/// So many runs of a store are asked whether they wrote a file.
const RUNS: u32 = 1_000;

impl Written {
    /// Returns what a run writes.
    pub(crate) fn by(job: &Job, names: Names) -> Self {
        let output = job.output();
        let file = |key, file: &Option<PathBuf>| {
            let name = file.clone().filter(|it| !is_stdout(it))?;
            Some(WrittenFile {
                option: names.name(job, key),
                path: resolve(&name),
                name,
            })
        };
        let result = file("output.file", &output.file);
        let events = file("output.events", &output.events);
        let store = job.store().file.as_deref();
        Self {
            files: result.into_iter().chain(events).collect(),
            store: resolve(store.unwrap_or(Path::new(DEFAULT_STORE))),
        }
    }

    /// Refuses a small file that is read and named as one to write.
    ///
    /// # Errors
    ///
    /// Returns an error that names both.
    pub(crate) fn check_files(&self, read: &[&Path]) -> Result<(), Error> {
        for file in &self.files {
            if Source::new(read).find(&file.name).is_some() {
                return Err(file.is_input());
            }
        }
        self.check_each_other()
    }

    fn check_each_other(&self) -> Result<(), Error> {
        for file in &self.files {
            let named = format!("{} {}", file.option, file.name.display());
            check_not_store(&named, &file.path, &self.store)?;
        }
        match &self.files[..] {
            [result, events] if is_same_file(&result.path, &events.path) => {
                let (one, other, name) = (&result.option, &events.option, result.name.display());
                let message = format!("{one} and {other} both name {name}");
                Err(Error::new(ErrorKind::Usage, message).help("name two files"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses documents that would be written over, and says which are left out.
    ///
    /// # Errors
    ///
    /// Returns an error that names the file.
    pub(crate) fn check_documents(
        &self,
        inputs: &[PathBuf],
        terminal: Terminal,
    ) -> Result<(), Error> {
        let source = Source::new(inputs);
        for file in &self.files {
            let path = &file.path;
            match path.is_file().then(|| source.find(path)).flatten() {
                None => {}
                Some(Found::Within) if self.is_ours(path) => terminal.note(&format!(
                    "{} is left out of the documents: {} writes it",
                    file.name.display(),
                    file.option
                )),
                Some(_) => return Err(file.is_input()),
            }
        }
        match self
            .store
            .is_file()
            .then(|| source.find(&self.store))
            .flatten()
        {
            None => Ok(()),
            Some(Found::Within) => {
                let store = self.store.file_name().unwrap_or_default();
                let store = store.display();
                terminal.note(&format!(
                    "{store} is left out of the documents: it is the store"
                ));
                Ok(())
            }
            Some(Found::Named) => Err(Error::new(
                ErrorKind::Usage,
                "the store is named as a document",
            )
            .help("name another document, or another --store")),
        }
    }

    /// Returns whether a file is one that the run writes, or one that belongs to its store.
    pub(crate) fn has(&self, file: &Path) -> bool {
        let Some(name) = file.file_name() else {
            return false;
        };
        let mut files = self.files.iter();
        let is_result = files.any(|it| it.path.file_name() == Some(name));
        let text = name.to_string_lossy();
        let store = self.store.file_name().unwrap_or_default().to_string_lossy();
        let is_of_store = text
            .trim_start_matches('.')
            .starts_with(store.trim_start_matches('.'));
        if !is_result && !is_of_store {
            return false;
        }
        let path = resolve(file);
        let is_beside = path.parent() == self.store.parent() && self.store.is_file();
        self.files.iter().any(|it| it.path == path) || (is_of_store && is_beside)
    }

    /// Returns whether an earlier run has written a file.
    fn is_ours(&self, path: &Path) -> bool {
        begins_like_ours(path) || (self.store.is_file() && is_recorded(&self.store, path))
    }
}

/// Refuses to write over a store, or over what SQLite and its readers keep beside it.
///
/// # Errors
///
/// Returns an error that names both.
pub(crate) fn check_not_store(named: &str, path: &Path, store: &Path) -> Result<(), Error> {
    const BESIDE: [&str; 5] = ["-wal", "-shm", "-journal", ".opening", ".run-"];
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let rest = name(path).strip_prefix(&name(store)).map(str::to_owned);
    let is_beside = path.parent() == store.parent()
        && rest.is_some_and(|rest| BESIDE.iter().any(|it| rest.starts_with(it)));
    let what = match () {
        () if is_same_file(path, store) => "is the store",
        () if is_beside => "is a part of the store",
        () => return Ok(()),
    };
    Err(Error::new(ErrorKind::Usage, format!("{named} {what}")).help("name another file"))
}

/// Returns whether two paths lead to one file, or would if it were there. What is no file is shared by many.
fn is_same_file(one: &Path, other: &Path) -> bool {
    match one.exists() {
        true => one.is_file() && Source::new([one]).find(other).is_some(),
        false => one == other,
    }
}

impl WrittenFile {
    /// Says that it is read, too.
    fn is_input(&self) -> Error {
        let (option, name) = (&self.option, self.name.display());
        let message = format!("{option} {name} would overwrite an input");
        Error::new(ErrorKind::Usage, message)
            .help("nothing was sent; name a file that is not read, or name it in an .ignore file")
    }
}

/// Returns whether a file begins like an event file or a result, as far as those are marked.
fn begins_like_ours(path: &Path) -> bool {
    const MARKS: [&str; 5] = [
        "[offline: ",
        "{\n  \"type\": \"outcome\"",
        "{\"type\":\"outcome\"",
        "{\"type\":\"branch\"",
        "{\"type\":\"election\"",
    ];
    let mut beginning = Vec::new();
    let Ok(file) = File::open(path) else {
        return false;
    };
    if file.take(64).read_to_end(&mut beginning).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&beginning);
    let event = text.strip_prefix("{\"time\":");
    let event = event.map(|it| it.trim_start_matches(|it: char| it.is_ascii_digit()));
    text.is_empty()
        || MARKS.iter().any(|it| text.starts_with(it))
        || event.is_some_and(|it| it.starts_with(",\"event\":\""))
}

/// Returns whether a run of a store wrote a file, by what was typed.
fn is_recorded(store: &Path, path: &Path) -> bool {
    let Ok(store) = Store::open_to_read(store) else {
        return false;
    };
    let runs = store.runs(RUNS).unwrap_or_default();
    runs.iter().any(|run| {
        let typed: Option<RecordedJob> = serde_json::from_str(&run.job).ok();
        typed.is_some_and(|it| written_by(it).any(|it| it == path))
    })
}

/// Returns the files that a recorded run has written.
fn written_by(typed: RecordedJob) -> impl Iterator<Item = PathBuf> {
    let job = typed.recorded();
    let files = job.map(|job| {
        let output = job.output();
        [output.file.clone(), output.events.clone()]
    });
    let files = files.into_iter().flatten().flatten();
    let directory = typed.directory;
    files.map(move |it| {
        let path = directory.join(it);
        fs::canonicalize(&path).unwrap_or(path)
    })
}
