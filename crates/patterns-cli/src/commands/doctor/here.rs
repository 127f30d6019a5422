//! Looks at what is on this machine: the configuration, the open files, the store.

use std::path::{Path, PathBuf};

use patterns_store::Store;

use super::check::Check;
use crate::config::{Loaded, Project, project_file, user_file};
use crate::descriptors;
use crate::error::{Error, ErrorKind};
use crate::report::counted;
use crate::shared_store::{check, without_password};
use crate::store::{is_missing, refused};

const CONFIGURATION: &str = "configuration";
const STORE: &str = "store";

/// Looks at the files of the configuration, and whether they hold.
pub(super) fn configuration(set: &[String]) -> Vec<Check> {
    let mut checks = vec![file("your own file", user_file())];
    checks.push(match Project::read() {
        Ok(None) => file("the project's file", None),
        Ok(Some(project)) if project.is_trusted() => file("the project's file", Some(project.file)),
        Ok(Some(project)) => Check::warning(
            CONFIGURATION,
            "the project's file",
            format!(
                "{} says where inputs and keys go, and is not trusted: runs refuse it",
                project.file.display()
            ),
            "read it; `patterns config trust` remembers it as it is now",
        ),
        Err(error) => Check::bad(CONFIGURATION, "the project's file", &error),
    });
    match Loaded::load(set) {
        Ok(loaded) => {
            let keys = loaded.entries.len();
            let says = format!("{keys} keys are set; `patterns config show` says which, and where");
            checks.push(Check::good(CONFIGURATION, "what holds", says));
            let warnings = loaded.warnings().into_iter();
            checks.extend(warnings.map(|it| {
                Check::warning(CONFIGURATION, "what does not hold", it, "mend or remove it")
            }));
        }
        // The file of the project has said it already.
        Err(_) if project_file().is_some() && Project::read().is_err() => {}
        Err(error) => checks.push(Check::bad(CONFIGURATION, "what holds", &error)),
    }
    checks
}

fn file(name: &str, file: Option<PathBuf>) -> Check {
    match file {
        Some(file) if file.is_file() => {
            Check::good(CONFIGURATION, name, file.display().to_string())
        }
        Some(file) => Check::absent(CONFIGURATION, name, format!("none at {}", file.display())),
        None => Check::absent(CONFIGURATION, name, "none"),
    }
}

/// Looks how many connections there may be.
pub(super) fn open_files() -> Check {
    /// As many calls as there are at once where nobody says how many.
    const USUAL: usize = 256;
    let (area, name) = ("this machine", "open files");
    match descriptors::connections() {
        None => Check::good(area, name, "no limit"),
        Some(most) if most < USUAL => Check::warning(
            area,
            name,
            format!("they allow {most} calls at once"),
            "allow more with ulimit -n, or nofile in /etc/security/limits.conf",
        ),
        Some(most) => Check::good(area, name, format!("they allow {most} calls at once")),
    }
}

/// Looks at a store: whether it can be read, who else can, and whether it is what was written.
pub(super) fn store(path: &Path) -> Vec<Check> {
    let name = path.display().to_string();
    if is_missing(path) {
        let says = "there is none yet; the first run that pays for something makes it";
        return vec![Check::absent(STORE, name, says)];
    }
    match Store::open_to_read(path).map_err(refused) {
        Ok(store) => {
            let mut checks = vec![health(&store, &name)];
            checks.extend(exposed(path, &name));
            checks
        }
        Err(error) => vec![Check::bad(STORE, name, &error)],
    }
}

/// Looks at a store that is shared.
pub(super) async fn shared(url: &str) -> Check {
    let name = without_password(url);
    match check(url).await {
        Ok(says) => Check::good(STORE, name, says),
        Err(error) => Check::bad(STORE, name, &error),
    }
}

fn health(store: &Store, name: &str) -> Check {
    let (stats, health) = match (store.stats(), store.verify()) {
        (Ok(stats), Ok(health)) => (stats, health),
        (Err(error), _) | (_, Err(error)) => return Check::bad(STORE, name, &refused(error)),
    };
    if let Some(first) = health.damage.first() {
        let (damaged, good) = (health.damage.len(), health.good);
        let message = format!("{damaged} damaged and {good} good records; the first: {first}");
        let error = Error::new(ErrorKind::BadData, message);
        return Check::bad(STORE, name, &error)
            .then("`patterns store export` up to the damage, or go back to a copy of the file");
    }
    let megabytes = stats.bytes as f64 / 1e6;
    let (good, runs) = (counted(health.good, "answer"), counted(stats.runs, "run"));
    let says = format!("{good} of {runs}, all as they were written; {megabytes:.1} MB");
    Check::good(STORE, name, says)
}

/// Warns of a store that others may read; one that others may write to is refused anyway.
#[cfg(unix)]
fn exposed(path: &Path, name: &str) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o044 != 0).then(|| {
        let says = "other users may read it, with the answers and what was asked";
        Check::warning(STORE, name, says, format!("chmod 600 {name}"))
    })
}

#[cfg(not(unix))]
fn exposed(_: &Path, _: &str) -> Option<Check> {
    None
}
