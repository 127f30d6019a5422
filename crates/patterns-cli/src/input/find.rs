//! Turns paths, directories and globs of the command line into files, in a stable order.

use std::fs;
use std::path::{Component, Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::problems::Problems;
use crate::error::reason;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Finds what `arguments` name, in their order; within a directory or glob, by path.
pub(super) fn find(arguments: &[PathBuf], problems: &mut Problems) -> Vec<Source> {
    let mut sources = Vec::new();
    for argument in arguments {
        if argument.as_os_str() == "-" {
            if sources.contains(&Source::Stdin) {
                problems.invalid("-: standard input can be read only once".to_owned());
            } else {
                sources.push(Source::Stdin);
            }
            continue;
        }
        match fs::metadata(argument) {
            Ok(metadata) if metadata.is_file() => sources.push(Source::File(argument.clone())),
            Ok(metadata) if metadata.is_dir() => walk(argument, None, &mut sources, problems),
            Ok(_) => problems.missing(format!("{}: not a regular file", argument.display())),
            Err(_) if is_glob(argument) => glob(argument, &mut sources, problems),
            Err(error) => {
                problems.missing(format!("{}: {}", argument.display(), reason(&error)));
            }
        }
    }
    sources
}

/// Returns the name under which a file is shown and identified.
pub(super) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

fn is_glob(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|text| text.contains(['*', '?', '[', '{']))
}

fn glob(pattern: &Path, sources: &mut Vec<Source>, problems: &mut Problems) {
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
    match built {
        Ok(filter) => walk(&base, Some(&filter), sources, problems),
        Err(error) => problems.missing(format!("{}: {error}", pattern.display())),
    }
}

/// Adds the files under `base`. The filter is applied here rather than given to the walk, because
/// there it would win over ignore files.
fn walk(base: &Path, filter: Option<&Override>, into: &mut Vec<Source>, problems: &mut Problems) {
    let walk = WalkBuilder::new(base)
        .require_git(false)
        .sort_by_file_path(Path::cmp)
        .build();
    for entry in walk {
        match entry {
            Ok(entry) if is_file(&entry) => {
                let path = entry.into_path();
                if filter.is_none_or(|it| it.matched(&path, false).is_whitelist()) {
                    into.push(Source::File(path));
                }
            }
            Ok(_) => {}
            Err(error) => problems.missing(error.to_string()),
        }
    }
}

/// Returns whether an entry is a file or a link to one.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Some(kind) if kind.is_symlink() => entry.path().is_file(),
        Some(kind) => kind.is_file(),
        None => false,
    }
}
