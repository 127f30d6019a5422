//! Lays all sources over each other, key by key.

use std::env;
use std::path::{Path, PathBuf};

use super::entry::{Entry, nested};
use super::providers::{Aliases, Providers};
use super::schema::{Config, RestateKeys};
use super::sensitive::{digest, is_sensitive, leads_out};
use super::suggest::words;
use super::{assignment, document, places, resolve};
use crate::error::{Error, ErrorKind};
use crate::shared_store::is_address;
use crate::trust;

/// What holds, and where each value comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What is set, in the order of its keys.
    pub(crate) entries: Vec<Entry>,
    /// What of the project's file does not count, since it is not trusted.
    pub(crate) untrusted: Vec<Entry>,
    /// Caps of the project's file above those of its user, which hold in their place.
    capped: Vec<Entry>,
    pub(super) config: Config,
    /// How places in the file of the project begin.
    project: Option<String>,
    /// Variables that set nothing.
    unknown: Vec<String>,
}

/// The file of a project, apart from the others.
pub(crate) struct Project {
    /// The file, from the working directory.
    pub(crate) file: PathBuf,
    /// What decides where inputs and keys go.
    pub(crate) sensitive: Vec<Entry>,
    harmless: Vec<Entry>,
}

impl Project {
    /// Reads the file of the project, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub(crate) fn read() -> Result<Option<Self>, Error> {
        let Some(file) = places::project_file() else {
            return Ok(None);
        };
        let entries = document::read(&file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for entry in &entries {
            check_command(entry, folder)?;
        }
        let entries = entries.into_iter();
        let (sensitive, harmless) = entries.partition(|it| is_sensitive(it, folder));
        Ok(Some(Self {
            file,
            sensitive,
            harmless,
        }))
    }

    /// Returns what is remembered once the file is trusted.
    pub(crate) fn digest(&self) -> String {
        let file = self.file.canonicalize();
        digest(file.as_deref().unwrap_or(&self.file), &self.sensitive)
    }

    /// Returns whether its user has looked at what decides where inputs and keys go.
    pub(crate) fn is_trusted(&self) -> bool {
        self.sensitive.is_empty() || trust::knows_project(&self.digest())
    }
}

impl Loaded {
    /// Reads all sources; `assignments` are the arguments of `-c`.
    ///
    /// # Errors
    ///
    /// Returns an error that names the source that is wrong, and where in it.
    pub(crate) fn load(assignments: &[String]) -> Result<Self, Error> {
        let mut layers = Vec::new();
        if let Some(file) = places::user_file() {
            layers.push(rebased(document::read(&file)?, &file));
        }
        let (mut untrusted, mut capped, mut place) = (Vec::new(), Vec::new(), None);
        if let Some(project) = Project::read()? {
            let is_trusted = project.is_trusted();
            let file = project.file;
            place = Some(format!("{}:", file.display()));
            let user = layers.first().map_or(&[][..], Vec::as_slice);
            let (above, harmless) = caps_above(project.harmless, user);
            capped = above;
            layers.push(rebased(harmless, &file));
            match is_trusted {
                true => layers.push(rebased(project.sensitive, &file)),
                false => untrusted = project.sensitive,
            }
        }
        let set = assignment::readable(env::vars_os())?;
        let (variables, unknown) = assignment::variables(set.into_iter())?;
        layers.push(variables);
        for text in assignments {
            layers.push(assignment::argument(text)?);
        }
        let entries = laid(layers);
        let config: Config = nested(&entries).try_into().map_err(unfit)?;
        let loaded = Self {
            entries,
            untrusted,
            capped,
            config,
            project: place,
            unknown,
        };
        resolve::check_not_blank(&loaded.entries)?;
        resolve::check_providers(&loaded.config, &loaded.entries)?;
        resolve::check_aliases(&loaded.config, &loaded.entries, &loaded.untrusted)?;
        Ok(loaded)
    }

    /// Refuses to go on with a project's file that says where inputs and keys go, and that nobody has
    /// looked at.
    ///
    /// # Errors
    ///
    /// Returns an error that shows what is in it.
    pub(crate) fn check_trust(&self) -> Result<(), Error> {
        let Some(first) = self.untrusted.first() else {
            return Ok(());
        };
        let file = first.place.rsplit_once(':').map_or("", |it| it.0);
        let message = format!(
            "{file} says where your inputs and keys go, or what is paid for, and is not trusted yet"
        );
        let lines = self.untrusted.iter();
        let lines = lines.map(|it| format!("{}: {} = {}", it.place, it.key(), it.value));
        Err(Error::new(ErrorKind::Config, message)
            .details(lines)
            .help("if you trust that, `patterns config trust` remembers it as it is now"))
    }

    /// Returns where a key was set, if it was.
    pub(crate) fn place(&self, path: &[&str]) -> Option<&str> {
        let entry = self.entries.iter().find(|it| it.path == path);
        entry.map(|it| &*it.place)
    }

    /// Returns where the file of the project says what a short name stands for, if it does.
    pub(crate) fn project_alias(&self, name: &str) -> Option<String> {
        let place = self.place(&["models", name.trim()])?;
        let is_there = self
            .project
            .as_ref()
            .is_some_and(|it| place.starts_with(it));
        is_there.then(|| format!("models.{} in {place}", name.trim()))
    }

    /// Returns the model that answers where none is named.
    pub(crate) fn model(&self) -> Option<String> {
        self.config.run.model.clone()
    }

    /// Returns the server of models whose provider has none of its own.
    pub(crate) fn base_url(&self) -> Option<String> {
        self.config.run.base_url.clone()
    }

    /// Returns the file of the store that is configured.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        self.config.run.store.clone().filter(|it| !is_address(it))
    }

    /// Returns the address of the shared store that is configured.
    pub(crate) fn shared(&self) -> Option<String> {
        let own = self.config.run.store.as_ref().filter(|it| is_address(it));
        let own = own.map(|it| it.display().to_string());
        own.or_else(|| self.shared_beside_file())
    }

    /// Returns the address of the shared store that is configured apart from the file of one's own.
    pub(crate) fn shared_beside_file(&self) -> Option<String> {
        let shared = self.config.store.shared.clone();
        shared.filter(|it| !it.trim().is_empty())
    }

    /// Returns the proxy that is configured.
    pub(crate) fn proxy(&self) -> Option<String> {
        self.config.run.proxy.clone()
    }

    /// Returns whether that server was set in the same place as the model, so that both are meant
    /// together.
    pub(crate) fn sets_server_of_model(&self) -> bool {
        let source = |key| self.place(&["run", key]).map(source);
        source("model").is_some() && source("model") == source("base_url")
    }

    /// Returns the short names of models.
    pub(crate) fn aliases(&self) -> Aliases {
        resolve::aliases(&self.config)
    }

    /// Returns the Restate server whose workers make the calls, if it is set.
    pub(crate) fn restate(&self) -> RestateKeys {
        self.config.restate.clone()
    }

    /// Returns the servers that are set.
    pub(crate) fn providers(&self) -> Providers {
        resolve::providers(&self.config)
    }

    /// Names the variables that look like keys and set nothing, and caps that do not hold.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let (providers, restate) = (self.config.providers.values(), &self.config.restate);
        let keys: Vec<_> = providers
            .filter_map(|it| it.key_variable.as_deref())
            .chain(restate.token_variable.as_deref())
            .chain(restate.key_variable.as_deref())
            .collect();
        let unknown = self.unknown.iter().filter(|it| !keys.contains(&&***it));
        let unknown = unknown.map(|it| assignment::unknown_variable(it));
        let capped = self.capped.iter().map(|it| {
            let (place, key) = (&it.place, it.key());
            format!(
                "{place}: {key} = {} does not hold: your own file has a smaller one",
                it.value
            )
        });
        unknown.chain(capped).collect()
    }
}

/// Returns the source that a place is in: a file without the line, or all variables.
fn source(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((file, _)) => file,
        None if place.starts_with("PATTERNS_") => "PATTERNS_",
        None => place,
    }
}

fn rebased(mut entries: Vec<Entry>, file: &Path) -> Vec<Entry> {
    for entry in &mut entries {
        document::rebase(entry, file);
    }
    entries
}

/// Refuses a program of the project itself to print a key, or one that is given a file of the project, which
/// may be a script: what is trusted is the line, and the file may be another one tomorrow. What it finds
/// there unasked it does not find either: it runs elsewhere (`key.rs`).
fn check_command(entry: &Entry, folder: &Path) -> Result<(), Error> {
    let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
    if !matches!(
        parts[..],
        ["providers", .., "key_command"] | ["restate", "key_command"]
    ) {
        return Ok(());
    }
    let command = entry.value.as_str().unwrap_or_default();
    let Some(file) = beside(command, folder) else {
        return Ok(());
    };
    let (place, key) = (&entry.place, entry.key());
    let message =
        format!("{place}: {key} runs or reads {file}, a file beside this one that may change");
    Err(Error::new(ErrorKind::Config, message).help(
        "name a program of PATH that needs no file of the project, or set the key in your own file",
    ))
}

/// Returns the first of the words of a command that names a file below a folder, or a program from there.
/// A word may be one more command, as behind `sh -c`.
fn beside(command: &str, folder: &Path) -> Option<String> {
    let words = shlex::split(command).unwrap_or_default();
    let program = words.first()?;
    let is_relative = |path: &Path| !path.is_absolute() && path.components().count() > 1;
    if is_relative(Path::new(program)) {
        return Some(program.clone());
    }
    let is_of_path = |it: char| !it.is_whitespace() && !"\"'`;|&()<>=,$".contains(it);
    let pieces = words.iter().flat_map(|it| it.split(|it| !is_of_path(it)));
    let mut pieces = words.iter().map(String::as_str).chain(pieces);
    let is_beside = |piece: &&str| {
        let path = folder.join(piece);
        path.is_file() && !leads_out(folder, &path)
    };
    pieces.find(is_beside).map(str::to_owned)
}

/// Parts what a project's file says into caps that are above those of the user's own file, and the rest. A
/// clone may lower what is spent, not raise it; a variable or an option may.
fn caps_above(project: Vec<Entry>, user: &[Entry]) -> (Vec<Entry>, Vec<Entry>) {
    project.into_iter().partition(|entry| {
        let own = user.iter().find(|it| it.path == entry.path);
        own.is_some_and(|own| match (cap(own), cap(entry)) {
            (Some(own), Some(other)) => other > own,
            _ => false,
        })
    })
}

/// Returns how large a cap is, in a unit of its own, if an entry is one.
fn cap(entry: &Entry) -> Option<u128> {
    let config: Config = nested([entry]).try_into().ok()?;
    let run = config.run;
    let counts = run.max_calls.or(run.max_tokens);
    let cost = run.max_cost.map(|it| u128::from(it.picodollars()));
    let time = run.max_time.map(|it| it.as_nanos());
    counts.map(|it| u128::from(it.get())).or(cost).or(time)
}

/// Lays the sources over each other. What a later one sets takes the place of what cannot hold beside
/// it.
fn laid(layers: Vec<Vec<Entry>>) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for layer in layers {
        all.retain(|before| !layer.iter().any(|it| it.excludes(before)));
        all.extend(layer);
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Says what only the sources together do wrong.
fn unfit(error: toml::de::Error) -> Error {
    let message = format!("the configuration: {}", words(error.message()));
    Error::new(ErrorKind::Config, message)
        .help("`patterns config show` shows what comes from where")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, value: i64, place: &str) -> Entry {
        Entry {
            path: key.split('.').map(str::to_owned).collect(),
            value: value.into(),
            place: place.to_owned(),
        }
    }

    #[test]
    fn of_two_caps_the_smaller_one_holds() {
        let of = |key: &str, value: toml::Value| Entry {
            value,
            ..entry(key, 0, "")
        };
        for (key, user, project, is_above) in [
            ("run.max_calls", 5.into(), 6.into(), true),
            ("run.max_calls", 5.into(), 5.into(), false),
            ("run.max_tokens", 5.into(), 4.into(), false),
            ("run.max_cost", 2.into(), "2.01".into(), true),
            ("run.max_cost", 2.5.into(), 1.into(), false),
            ("run.max_time", "1m".into(), "61s".into(), true),
            ("run.max_time", "1m".into(), "59s".into(), false),
            ("run.seed", 1.into(), 2.into(), false),
        ] {
            let user: toml::Value = user;
            let (above, _) = caps_above(vec![of(key, project)], &[of(key, user)]);
            assert_eq!(!above.is_empty(), is_above, "{key}");
        }
        let (above, rest) = caps_above(vec![entry("run.max_calls", 5, "")], &[]);
        assert_eq!((above.len(), rest.len()), (0, 1));
    }

    #[test]
    fn the_later_source_holds_key_by_key() {
        let user = vec![
            entry("run.a", 1, "user"),
            entry("run.b", 1, "user"),
            entry("providers.x.extra.deep.a", 1, "user"),
            entry("providers.x.key_variable", 1, "user"),
            entry("providers.y.key_variable", 1, "user"),
        ];
        let project = vec![entry("run.b", 2, "project")];
        let typed = vec![entry("providers.x.extra.deep", 3, "-c")];
        let key = vec![entry("providers.x.key_file", 4, "-c")];
        let all = laid(vec![user, project, typed, key]);
        let shown = all.iter().map(|it| format!("{} {}", it.key(), it.place));
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r"
        providers.x.extra.deep -c
        providers.x.key_file -c
        providers.y.key_variable user
        run.a user
        run.b project
        ");
    }
}
