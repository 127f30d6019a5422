//! Turns paths, directories and globs into files, in a stable order, as they are needed.

use std::fs;
use std::path::{Component, Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, Walk, WalkBuilder};

use crate::unreadable::reason;
use crate::{Unreadable, UnreadableKind};

/// What an argument names.
pub(crate) enum Named {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// The files below a directory, by path; those that a glob matches, if it is one.
    Walk(Box<Walk>, Option<Override>),
}

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Stdin,
}

/// Looks what an argument names.
pub(crate) fn named(argument: &Path) -> Result<Named, Unreadable> {
    if argument.as_os_str() == "-" {
        return Ok(Named::Stdin);
    }
    let missing = |reason| Unreadable::new(UnreadableKind::Missing, name(argument), reason);
    match fs::metadata(argument) {
        Ok(metadata) if metadata.is_file() => Ok(Named::File(argument.to_owned())),
        Ok(metadata) if metadata.is_dir() => Ok(Named::Walk(Box::new(walk(argument)), None)),
        Ok(_) => Err(missing("not a regular file".to_owned())),
        Err(_) if is_glob(argument) => glob(argument).map_err(missing),
        Err(error) => Err(missing(reason(&error))),
    }
}

impl Named {
    /// Returns the next thing to read.
    pub(crate) fn next(&mut self) -> Option<Result<Place, Unreadable>> {
        let (walk, filter) = match self {
            Self::Walk(walk, filter) => (walk, filter),
            Self::File(path) => {
                let place = Place::File(std::mem::take(path));
                let is_left = place != Place::File(PathBuf::new());
                return is_left.then_some(Ok(place));
            }
            Self::Stdin => {
                *self = Self::File(PathBuf::new());
                return Some(Ok(Place::Stdin));
            }
        };
        loop {
            match walk.next()? {
                Ok(entry) if is_file(&entry) => {
                    let path = entry.into_path();
                    let is_match = |it: &Override| it.matched(&path, false).is_whitelist();
                    if filter.as_ref().is_none_or(is_match) {
                        return Some(Ok(Place::File(path)));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let kind = UnreadableKind::Missing;
                    return Some(Err(Unreadable::new(kind, "a directory", error.to_string())));
                }
            }
        }
    }
}

/// Returns the name under which a file is shown and identified.
pub(crate) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

fn is_glob(path: &Path) -> bool {
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
    Ok(Named::Walk(Box::new(walk(&base)), Some(filter)))
}

/// Links to directories are not followed, so no loop is walked.
fn walk(base: &Path) -> Walk {
    WalkBuilder::new(base)
        .require_git(false)
        .sort_by_file_path(Path::cmp)
        .build()
}

/// Returns whether an entry is a file or a link to one. A dead link is to one, which is missing.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Some(kind) if kind.is_symlink() => {
            fs::metadata(entry.path()).map_or(true, |it| it.is_file())
        }
        Some(kind) => kind.is_file(),
        None => false,
    }
}
