//! Fills what was not typed with what is configured: first the few options that say how the command
//! talks, then the job.

use patterns_job::Job;
use serde_json::{Value, json};

use super::entry::Entry;
use super::loaded::Loaded;
use super::schema::{Config, RunKeys};
use crate::args::{Cli, Command, Common, Given, LookArgs};
use crate::error::{Error, ErrorKind};
use crate::option_names::configure;
use crate::store::usual;
use crate::terminal::Terminal;

/// What of the configuration a job is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of it: the job was typed, or is in a file.
    Everything,
    /// What `-c` says: the job is one that was carried out before, and is what it was.
    Arguments,
}

/// Keys of `[run]` that are about the command.
const OF_COMMAND: [&str; 3] = ["quiet", "color", "progress"];

/// Keys of `[run]` that say who answers, which `wanted.rs` looks at unless they are arguments.
const WHO_ANSWERS: [&str; 2] = ["model", "base_url"];

/// Fills the options that say how the command talks and where a store is that is looked into; returns
/// what the user should know.
///
/// # Errors
///
/// Returns an error if the configuration is wrong.
pub(crate) fn fill_options(cli: &mut Cli, given: &Given) -> Result<Vec<String>, Error> {
    let set: &[String] = match &cli.command {
        Command::Section(args) => &args.common.config,
        Command::Vote(args) => &args.common.config,
        Command::MapReduce(args) => &args.common.config,
        Command::Run(_) | Command::Plan(_) | Command::Resume(_) => &[],
        Command::Runs(_) | Command::Show(_) | Command::Diff(_) | Command::Report(_) => &[],
        Command::Spans(_) | Command::Watch(_) | Command::Ctl(_) | Command::Store(_) => &[],
        // Some read what is set by themselves, and the others need nothing of it.
        Command::Config(_)
        | Command::Models(_)
        | Command::Doctor(_)
        | Command::Schema(_)
        | Command::Simulate(_)
        | Command::Worker(_)
        | Command::Attach(_)
        | Command::ReadDocument(_)
        | Command::Completions { .. } => return Ok(Vec::new()),
    };
    let loaded = Loaded::load(set)?;
    let run = &loaded.config.run;
    let common = match &mut cli.command {
        Command::Section(args) => Some(&mut args.common),
        Command::Vote(args) => Some(&mut args.common),
        Command::MapReduce(args) => Some(&mut args.common),
        _ => None,
    };
    if let Some(common) = common {
        fill_talk(common, given, run);
    }
    match &mut cli.command {
        Command::Runs(args) => look(&mut args.look, given, &loaded),
        Command::Diff(args) => look(&mut args.look, given, &loaded),
        Command::Show(args) => look(&mut args.look, given, &loaded),
        Command::Report(args) => {
            if !given.has("store") {
                args.store = loaded.store().unwrap_or_else(usual);
            }
            put(&mut args.color, run.color.filter(|_| !given.has("color")));
        }
        Command::Spans(args) => look(&mut args.look, given, &loaded),
        Command::Watch(args) => look(&mut args.look, given, &loaded),
        Command::Ctl(args) => look(&mut args.look, given, &loaded),
        Command::Store(command) => look(command.look_mut(), given, &loaded),
        Command::Resume(args) if !given.has("store") => {
            args.store = loaded.store().unwrap_or_else(usual);
        }
        _ => {}
    }
    Ok(loaded.warnings())
}

/// Fills the options that say how a job in a file talks, which are typed behind it.
///
/// # Errors
///
/// Returns an error if the configuration is wrong.
pub(crate) fn talk(common: &Common, given: &Given) -> Result<Terminal, Error> {
    let run = Loaded::load(&common.config)?.config.run;
    let mut common = common.clone();
    fill_talk(&mut common, given, &run);
    let terminal = Terminal::new(common.quiet, common.color);
    Ok(terminal.progress(common.progress).plots(common.plots))
}

fn fill_talk(common: &mut Common, given: &Given, run: &RunKeys) {
    put(&mut common.quiet, run.quiet.filter(|_| !given.has("quiet")));
    put(&mut common.color, run.color.filter(|_| !given.has("color")));
    let progress = run.progress.filter(|_| !given.has("progress"));
    put(&mut common.progress, progress);
}

fn look(look: &mut LookArgs, given: &Given, loaded: &Loaded) {
    if !given.has("store") {
        look.store = loaded.store().unwrap_or_else(usual);
    }
    put(
        &mut look.color,
        loaded.config.run.color.filter(|_| !given.has("color")),
    );
}

fn put<T>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}

/// Fills a job with what is configured and was not `given`; returns what the user should know. What `-c`
/// says holds whatever a job in a file says; the rest fills what the job leaves open. Of two caps the
/// smaller one holds: the file of a job may come with a clone, and what is typed behind it may raise them.
///
/// # Errors
///
/// Returns an error if `-c` says what is about another pattern.
pub(crate) fn fill(
    job: Job,
    given: &Given,
    loaded: &Loaded,
    scope: Scope,
) -> Result<(Job, Vec<String>), Error> {
    let own = match &job {
        Job::Section(_) => "section",
        Job::Vote(_) => "vote",
        Job::MapReduce(_) => "map_reduce",
    };
    let mut written = Value::from(&job);
    if written.is_null() {
        return Err(not_text());
    }
    let mut warnings = Vec::new();
    for entry in &loaded.entries {
        let [section, id] = &entry.path[..] else {
            continue;
        };
        let is_argument = entry.place == "-c";
        if is_argument && ["section", "vote", "map_reduce"].contains(&&**section) && section != own
        {
            return Err(of_another(entry));
        }
        let is_meant = ["run", "store", own].contains(&&**section);
        let is_elsewhere = WHO_ANSWERS.contains(&&**id) && !is_argument;
        // The ending of the file that is named here says more than what is usual elsewhere.
        let has_ending = **id == *"output" && job.output().form_of_file().is_some();
        let is_elsewhere = is_elsewhere || (has_ending && !is_argument);
        let is_free = !given.has(id) && !OF_COMMAND.contains(&&**id) && !is_elsewhere;
        if is_meant && is_free && (is_argument || scope == Scope::Everything) {
            let value = value(id, &loaded.config, entry);
            let is_below = !is_argument && is_below(id, &loaded.config, &job);
            warnings.extend(is_below.then(|| holds(entry)));
            configure(&job, id, value, is_argument || is_below, &mut written);
        }
    }
    let filled = serde_json::from_value(written).map_err(|error| {
        let message = format!("the configuration goes against the job: {error}");
        Error::new(ErrorKind::Config, message)
            .help("`patterns config show` shows what is set where")
    })?;
    Ok((filled, warnings))
}

/// Says which name cannot be in a job, which is text and is recorded as that.
fn not_text() -> Error {
    let name = std::env::args_os().find(|it| it.to_str().is_none());
    let name = name.unwrap_or_default();
    let message = format!("the name {name:?} is not UTF-8, and what is typed is recorded as text");
    Error::new(ErrorKind::Usage, message)
        .help("name the folder that it is in, whose files may be called anything, or rename it")
}

/// Returns whether a configured cap is below that of a job which has one.
fn is_below(id: &str, config: &Config, job: &Job) -> bool {
    let (run, spend) = (&config.run, job.spend());
    match id {
        "max_calls" => spend.max_calls > run.max_calls,
        "max_tokens" => spend.max_tokens > run.max_tokens,
        "max_cost" => spend.max_cost > run.max_cost,
        "max_time" => {
            let time = job.run_part().max_time.as_deref();
            time.map(|it| it.0.as_nanos()) > run.max_time.map(|it| it.as_nanos())
        }
        _ => false,
    }
}

fn holds(entry: &Entry) -> String {
    let (place, key, value) = (&entry.place, entry.key(), entry.shown());
    let option = entry.path.last().map(|it| it.replace('_', "-"));
    let option = option.unwrap_or_default();
    format!(
        "{place}: {key} = {value} holds, and not the larger one of the job; --{option} raises it for this run"
    )
}

fn of_another(entry: &Entry) -> Error {
    let key = entry.key();
    let message = format!("-c {key} is about another pattern");
    Error::new(ErrorKind::Usage, message).help("leave it out, or set it in a file")
}

/// Returns a value as jobs have it, which are stricter about numbers and texts.
fn value(id: &str, config: &Config, entry: &Entry) -> Value {
    match id {
        "temperature" => json!(config.run.temperature),
        // Without a number it is as many as the provider takes.
        "concurrency" => json!(config.run.concurrency.and_then(|it| it.given())),
        "fan_in" => json!(config.map_reduce.fan_in),
        "reduce_tokens" => json!(config.map_reduce.reduce_tokens),
        "max_document_size" => {
            let size = config.map_reduce.max_document_size;
            json!(size.map(|it| it.to_string()))
        }
        "store" => json!(config.run.store),
        // TOML's values have a form in JSON, all of them.
        _ => serde_json::to_value(&entry.value).unwrap_or_default(),
    }
}
