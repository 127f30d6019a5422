//! Turns paths, directories and globs into files, in a stable order, as they are needed.
//!
//! The documents of a directory are called by their path below it, so that the same folder costs nothing
//! again however it is reached (`docs`, `../docs`, `.`, the whole path): names are in the prompts, and
//! prompts are what an answer is recorded under. A file that is named itself, or by a glob, is called as
//! it was typed.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};

use crate::unreadable::reason;
use crate::{Unreadable, UnreadableKind};

/// Waits for a file descriptor; told how often it has waited for the same file. Returns whether to try
/// again.
pub(crate) type Wait = fn(u32) -> bool;

/// What an argument names.
pub(crate) enum Named {
    /// One thing to read, until it is taken.
    One(Option<Place>),
    /// The files below a directory, by path.
    Walk(Box<Tree>),
}

/// The files below a directory.
pub(crate) struct Tree {
    /// The walk, and those of folders in it for which there was no file descriptor at first.
    walks: Vec<Walk>,
    /// Which of them are meant, if not all.
    filter: Option<Override>,
    /// What their names are relative to.
    base: PathBuf,
    /// Where links may lead.
    real: Option<PathBuf>,
    /// What was found already to see that there is something.
    first: Option<Result<Place, Unreadable>>,
    /// A link that leads elsewhere.
    outside: Option<PathBuf>,
    /// What is wrong with a file that says what to leave out.
    ignored: Option<String>,
}

type Walk = Box<dyn Iterator<Item = Result<DirEntry, ignore::Error>> + Send>;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// A file; standard input if there is none.
    pub(crate) path: Option<PathBuf>,
    /// What its document is called, unless another one is called so.
    pub(crate) name: String,
    /// The file as it was named or found.
    pub(crate) shown: String,
}

impl Place {
    /// Returns which file it is, in whatever way it was named. A link is another one than what it leads to.
    pub(crate) fn file(&self) -> Vec<u8> {
        let real = self.path.as_deref().and_then(|path| {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            Some(folder.join(path.file_name()?))
        });
        let named = || PathBuf::from(&self.shown);
        let file = real.unwrap_or_else(named).into_os_string();
        [b"file ", file.as_encoded_bytes()].concat()
    }
}

/// Looks what an argument names.
pub(crate) fn named(argument: &Path) -> Result<Named, Unreadable> {
    if argument.as_os_str() == "-" {
        return Ok(Named::One(Some(Place {
            path: None,
            name: "stdin".to_owned(),
            shown: "stdin".to_owned(),
        })));
    }
    let missing = |reason| Unreadable::new(UnreadableKind::Missing, name(argument), reason);
    match fs::metadata(argument) {
        Ok(metadata) if metadata.is_file() => {
            Ok(Named::One(Some(Place::new(argument.to_owned(), None))))
        }
        Ok(metadata) if metadata.is_dir() => Ok(tree(argument, argument, None)),
        Ok(_) => {
            let reason = "not a regular file; what comes out of a pipe is read from standard input, which is called -";
            Err(missing(reason.to_owned()))
        }
        Err(_) if is_glob(argument) => glob(argument).map_err(missing),
        Err(error) => Err(missing(reason(&error))),
    }
}

impl Place {
    pub(crate) fn new(path: PathBuf, base: Option<&Path>) -> Self {
        let shown = name(&path);
        let below = base.and_then(|base| path.strip_prefix(base).ok());
        Self {
            name: below.map_or_else(|| shown.clone(), name),
            shown,
            path: Some(path),
        }
    }
}

impl Named {
    /// Returns whether it names nothing. What is found to know that comes first later.
    pub(crate) fn is_empty(&mut self) -> bool {
        match self {
            Self::One(place) => place.is_none(),
            Self::Walk(tree) => {
                tree.first = tree.next(None);
                tree.first.is_none()
            }
        }
    }

    /// Returns the next thing to read; waits for file descriptors if it may.
    pub(crate) fn next(&mut self, wait: Option<Wait>) -> Option<Result<Place, Unreadable>> {
        match self {
            Self::One(place) => place.take().map(Ok),
            Self::Walk(tree) => tree.first.take().or_else(|| tree.next(wait)),
        }
    }

    /// Returns what the user should know about how it was walked.
    pub(crate) fn notes(&self) -> Vec<String> {
        let Self::Walk(tree) = self else {
            return Vec::new();
        };
        let base = tree.base.display();
        let link = tree.outside.as_deref().map(name);
        let link =
            link.map(|it| format!("links that lead out of {base} are not followed, such as {it}"));
        let ignored = tree.ignored.as_ref();
        let ignored = ignored.map(|it| format!("not all that says what to leave out holds: {it}"));
        link.into_iter().chain(ignored).collect()
    }
}

impl Tree {
    fn next(&mut self, wait: Option<Wait>) -> Option<Result<Place, Unreadable>> {
        let mut waited = 0;
        loop {
            let Some(entry) = self.walks.last_mut()?.next() else {
                self.walks.pop();
                continue;
            };
            if let Some(error) = entry.as_ref().ok().and_then(DirEntry::error) {
                self.ignored.get_or_insert_with(|| error.to_string());
            }
            match entry {
                Ok(entry) if self.is_file(&entry) => {
                    let path = entry.into_path();
                    let is_match = |it: &Override| it.matched(&path, false).is_whitelist();
                    if self.filter.as_ref().is_none_or(is_match) {
                        let base = self.filter.is_none().then_some(self.base.as_path());
                        return Some(Ok(Place::new(path, base)));
                    }
                }
                Ok(_) => {}
                Err(error) => match folder_without_descriptor(&error) {
                    Some(folder) if wait.is_some_and(|wait| wait(waited)) => {
                        self.walks.push(walk(folder));
                        waited += 1;
                    }
                    _ => {
                        let kind = UnreadableKind::Missing;
                        let place = name(path_of(&error).unwrap_or(&self.base));
                        let why = of_system(&error).map(reason);
                        let why = why.unwrap_or_else(|| error.to_string());
                        return Some(Err(Unreadable::new(kind, place, why)));
                    }
                },
            }
        }
    }

    /// Returns whether an entry is a file, or a link to one that is not somewhere else. A dead link is to
    /// one, which is missing.
    fn is_file(&mut self, entry: &DirEntry) -> bool {
        match entry.file_type() {
            Some(kind) if kind.is_symlink() => match fs::canonicalize(entry.path()) {
                Err(_) => true,
                Ok(target) if !target.is_file() => false,
                Ok(target) => {
                    let is_inside = self.real.as_ref().is_some_and(|it| target.starts_with(it));
                    if !is_inside {
                        self.outside.get_or_insert_with(|| entry.path().to_owned());
                    }
                    is_inside
                }
            },
            Some(kind) => kind.is_file(),
            None => false,
        }
    }
}

/// Returns the folder that could not be listed for want of a file descriptor, if that is what went wrong.
/// The walk goes on behind it; it is walked by itself, in its place.
fn folder_without_descriptor(error: &ignore::Error) -> Option<&Path> {
    let is_short = of_system(error).is_some_and(is_out_of_descriptors);
    path_of(error).filter(|_| is_short)
}

/// Returns the error of the system, which the walker wraps to name the file.
fn of_system(error: &ignore::Error) -> Option<&io::Error> {
    let error = error.io_error()?;
    let inner = error.get_ref().and_then(|it| it.source());
    let inner = inner.and_then(|it| it.downcast_ref::<io::Error>());
    Some(inner.unwrap_or(error))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

/// Returns whether this process (`EMFILE`) or the system (`ENFILE`) has too many open files.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// Where a file is among those that arguments name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An argument names it.
    Named,
    /// It is in a directory that an argument names, or a glob matches it.
    Within,
}

/// Looks for a file among those that an argument names, by whatever name it is there.
pub(crate) fn find(argument: &Path, file: &Path) -> Option<Found> {
    let mut named = named(argument).ok()?;
    let found = match &named {
        Named::One(_) => Found::Named,
        Named::Walk(_) => Found::Within,
    };
    let wanted = identity(file)?;
    while let Some(place) = named.next(None) {
        if let Ok(Place {
            path: Some(path), ..
        }) = place
            && identity(&path).is_some_and(|it| it == wanted)
        {
            return Some(found);
        }
    }
    None
}

/// Returns what two names of one file have in common.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// Returns the name under which a file is shown.
pub(crate) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

pub(crate) fn is_glob(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|text| text.contains(['*', '?', '[', '{']))
}

fn glob(pattern: &Path) -> Result<Named, String> {
    let is_fixed = |it: &Component<'_>| !is_glob(it.as_ref());
    let fixed: PathBuf = pattern.components().take_while(is_fixed).collect();
    let rest = pattern.strip_prefix(&fixed).unwrap_or(pattern);
    let base = if fixed.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        fixed
    };
    // Anchored, or a pattern without a slash would match at any depth, as in an ignore file.
    let anchored = format!("/{}", rest.to_string_lossy());
    let built = OverrideBuilder::new(&base)
        .add(&anchored)
        .and_then(|it| it.build());
    let filter = built.map_err(|error| error.to_string())?;
    // The filter is applied by us rather than given to the walk, because there it would win over
    // ignore files.
    Ok(tree(&base, pattern, Some(filter)))
}

/// Links to directories are not followed, so no loop is walked.
fn tree(directory: &Path, base: &Path, filter: Option<Override>) -> Named {
    Named::Walk(Box::new(Tree {
        walks: vec![walk(directory)],
        filter,
        base: base.to_owned(),
        real: fs::canonicalize(directory).ok(),
        first: None,
        outside: None,
        ignored: None,
    }))
}

fn walk(directory: &Path) -> Walk {
    let mut builder = WalkBuilder::new(directory);
    builder.require_git(false).sort_by_file_path(Path::cmp);
    Box::new(builder.build())
}

#[cfg(test)]
mod tests;
