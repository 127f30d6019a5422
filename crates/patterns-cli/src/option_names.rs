//! Lists which option of the command line is which key of a job. So an error of a job that was typed names
//! the option, and options that are typed behind a job's file go to its keys.
//!
//! A `*` in a key stands for the way in which answers are combined: each way has a table of its own.

use patterns_job::{Job, JobError, JobErrorKind};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, NEEDS_MODEL};

/// An option as clap knows it, how it is typed, and its key.
type Row = (&'static str, &'static str, &'static str);

const EVERY: &[Row] = &[
    ("model", "--model", "model.name"),
    ("base_url", "--base-url", "model.base_url"),
    ("instructions", "--instructions", "model.instructions"),
    ("temperature", "--temperature", "model.temperature"),
    (
        "max_output_tokens",
        "--max-output-tokens",
        "model.max_output_tokens",
    ),
    ("effort", "--effort", "model.effort"),
    ("seed", "--seed", "run.seed"),
    ("concurrency", "--concurrency", "run.concurrency"),
    ("timeout", "--timeout", "run.timeout"),
    ("max_failures", "--max-failures", "run.max_failures"),
    ("max_time", "--max-time", "run.max_time"),
    ("stream", "--stream", "run.stream"),
    ("max_calls", "--max-calls", "spend.max_calls"),
    ("max_tokens", "--max-tokens", "spend.max_tokens"),
    ("max_cost", "--max-cost", "spend.max_cost"),
    ("store", "--store", "store.file"),
    ("no_store", "--no-store", "store.mode"),
    ("fresh", "--fresh", "store.mode"),
    ("read_only", "--read-only", "store.mode"),
    ("output", "--output", "output.form"),
    ("output_file", "-o", "output.file"),
    ("events", "--events", "output.events"),
];

const SECTION: &[Row] = &[
    ("sections", "--section", "sections"),
    ("plan", "--plan", "plan"),
    ("outline", "--outline", "outline"),
    ("outline_only", "--outline-only", "outline_only"),
    ("gate", "--gate", "gate"),
    ("stitch", "--stitch", "synthesis"),
    ("consistency", "--consistency", "consistency"),
    ("live", "--live", "live"),
    ("context", "--context", "context"),
    ("schema", "--schema", "schema"),
];

const VOTE: &[Row] = &[
    ("votes", "--votes", "votes"),
    ("limit", "--limit", "input.limit"),
    ("sample", "--sample", "input.sample"),
    ("options", "--option", "options"),
    ("context", "--context", "context"),
    ("examples", "--examples", "examples"),
    ("batch", "--batch", "batch.file"),
    ("question_field", "--question-field", "batch.question_field"),
    ("id_field", "--id-field", "batch.id_field"),
    ("gold", "--gold", "batch.gold"),
    ("keep", "--keep", "output.keep"),
    ("policy", "--policy", "policy"),
    ("rule", "--rule", "rule"),
    ("by_field", "--by-field", "ballot.by_field"),
    ("field", "--field", "ballot.fields"),
    ("explain", "--explain", "explain"),
    ("quorum", "--quorum", "quorum"),
    ("tie", "--tie", "tie"),
    ("voters", "--voters", "voters"),
    ("panel", "--panel", "voters"),
    ("judge", "--judge", "models.judge"),
    ("escalate", "--escalate", "models.escalate"),
    ("answer_field", "--answer-field", "ballot.answer_field"),
    ("schema", "--schema", "ballot.schema"),
];

const MAP_REDUCE: &[Row] = &[
    ("map_instructions", "--map-instructions", "map.instructions"),
    ("map_schema", "--map-schema", "map.schema"),
    ("examples", "--examples", "map.examples"),
    ("glean", "--glean", "map.glean"),
    ("allow_gaps", "--allow-gaps", "allow_gaps"),
    ("limit", "--limit", "input.limit"),
    ("sample", "--sample", "input.sample"),
    ("keep", "--keep", "output.keep"),
    ("code", "--reduce", "reduce.code"),
    ("code", "--reduce", "reduce.code.columns"),
    ("group_by", "--group-by", "reduce.code.group_by"),
    ("each", "--each", "reduce.code.each"),
    ("resolve_keys", "--resolve-keys", "reduce.code.resolve_keys"),
    ("no_reduce", "--no-reduce", "reduce.none"),
    ("statements", "--statements", "reduce.statements"),
    (
        "unsupported",
        "--unsupported",
        "reduce.statements.unsupported",
    ),
    (
        "reduce_instructions",
        "--reduce-instructions",
        "reduce.*.instructions",
    ),
    ("schema", "--schema", "reduce.*.schema"),
    ("topology", "--topology", "reduce.*.topology"),
    ("format", "--format", "source.format"),
    ("encoding", "--encoding", "source.encoding"),
    ("delimiter", "--delimiter", "source.delimiter"),
    ("records", "--records", "source.records"),
    ("text_field", "--text-field", "source.text_field"),
    ("text_template", "--text-template", "source.text_template"),
    ("id_field", "--id-field", "source.id_field"),
    ("chunk_tokens", "--chunk-tokens", "source.chunk_tokens"),
    ("chunk_overlap", "--chunk-overlap", "source.chunk_overlap"),
    ("strict", "--strict", "source.strict"),
];

/// What is no option, as its key of the configuration is called.
const CONFIGURED: &[Row] = &[
    ("proxy", "run.proxy", "model.proxy"),
    ("hedge", "run.hedge", "run.hedge"),
    ("tier", "run.tier", "model.tier"),
    ("fallback", "run.fallback", "model.fallback"),
    ("prime", "run.prime", "run.prime"),
    ("durability", "run.durability", "store.durability"),
    ("prompts", "store.prompts", "store.prompts"),
    ("shared", "store.shared", "store.shared"),
];

const SECTION_CONFIGURED: &[Row] =
    &[("context_tokens", "section.context_tokens", "context_tokens")];

const VOTE_CONFIGURED: &[Row] = &[("spare", "vote.spare", "spare")];

const MAP_REDUCE_CONFIGURED: &[Row] = &[
    (
        "reduce_tokens",
        "map_reduce.reduce_tokens",
        "reduce.*.tokens",
    ),
    ("fan_in", "map_reduce.fan_in", "reduce.*.fan_in"),
    (
        "max_document_size",
        "map_reduce.max_document_size",
        "source.max_document_size",
    ),
];

/// The options that say in which way answers are combined: each takes the place of the other ways.
const WAYS: [&str; 3] = ["no_reduce", "code", "statements"];

fn rows(job: &Job) -> impl Iterator<Item = &'static Row> {
    let (own, configured): (&[Row], &[Row]) = match job {
        Job::Section(_) => (SECTION, SECTION_CONFIGURED),
        Job::Vote(_) => (VOTE, VOTE_CONFIGURED),
        Job::MapReduce(_) => (MAP_REDUCE, MAP_REDUCE_CONFIGURED),
    };
    let all = own.iter().chain(configured);
    all.chain(EVERY).chain(CONFIGURED)
}

/// Whether keys of a job are called as its user calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// As options: the job was typed.
    Options,
    /// As keys: the job is in a file.
    Keys,
}

impl Names {
    /// Returns what a key is called.
    pub(crate) fn name(self, job: &Job, key: &str) -> String {
        self.option(job, key).unwrap_or_else(|| format!("`{key}`"))
    }

    /// Puts options in the place of the keys that a text has in backticks.
    pub(crate) fn told(self, job: &Job, error: JobError) -> Error {
        let needs_help = self == Self::Options
            && error.kind() == JobErrorKind::Invalid
            && error.hint().is_none();
        let kind = error.kind();
        let told = Error::from(error.named(|key| self.option(job, key)));
        match (self, kind) {
            _ if needs_help => told.help("see --help"),
            (_, JobErrorKind::Model) => told.help(NEEDS_MODEL),
            (Self::Keys, JobErrorKind::Invalid) => told.of_kind(ErrorKind::BadData),
            _ => told,
        }
    }

    /// Puts options in the place of the keys that a note has in backticks.
    pub(crate) fn words(self, job: &Job, note: &str) -> String {
        patterns_job::renamed(note, |key| self.option(job, key))
    }

    fn option(self, job: &Job, key: &str) -> Option<String> {
        if self == Self::Keys {
            return None;
        }
        let found = rows(job).find(|row| is_same(row.2, key))?;
        Some(found.1.to_owned())
    }
}

fn is_same(pattern: &str, key: &str) -> bool {
    let (pattern, key) = (pattern.split('.'), key.split('.'));
    pattern.clone().count() == key.clone().count()
        && pattern
            .zip(key)
            .all(|(part, name)| part == "*" || part == name)
}

/// Returns which of the options that were typed sets a key of this name.
pub(crate) fn typed_for(of: &Job, ids: &[&str], name: &str) -> Option<&'static str> {
    let mut rows = rows(of).filter(|row| ids.contains(&row.0));
    let row = rows.find(|row| row.2.rsplit('.').next() == Some(name))?;
    Some(row.1)
}

/// Puts those of the options that were typed from `typed` into `job`, both being written as JSON.
pub(crate) fn put(of: &Job, ids: &[&str], typed: &Value, job: &mut Value) {
    for (id, _, key) in rows(of).filter(|row| ids.contains(&row.0)) {
        if WAYS.contains(id) {
            let way = key.replace('.', "/");
            // What else is said of a way that stays goes on to hold.
            if job.pointer(&format!("/{way}")).is_none() {
                set(job, &["reduce"], typed.get("reduce").cloned());
            }
            if !key.starts_with("reduce.code.") {
                continue;
            }
        }
        let path = |way: &str| -> Vec<String> {
            let parts = key.split('.');
            let parts = parts.map(|it| if it == "*" { way } else { it });
            parts.map(str::to_owned).collect()
        };
        let (from, to) = (path(&way(typed)), path(&way(job)));
        let value = from
            .iter()
            .try_fold(typed, |at, name| at.get(name))
            .cloned();
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        set(job, &to, value);
    }
}

/// Puts what is configured under the name of an option into a job that is written as JSON, in place of
/// what the job says only if `wins`. What is about the combining of answers by a model is left out where
/// none combines them.
pub(crate) fn configure(of: &Job, id: &str, value: Value, wins: bool, job: &mut Value) {
    let Some((_, _, key)) = rows(of).find(|row| row.0 == id) else {
        return;
    };
    let way = way(job);
    if key.contains('*') && !["agent", "statements"].contains(&&*way) {
        return;
    }
    let path: Vec<&str> = key
        .split('.')
        .map(|it| if it == "*" { &*way } else { it })
        .collect();
    let is_there = path
        .iter()
        .try_fold(&*job, |at, name| at.get(name))
        .is_some();
    if wins || !is_there {
        set(job, &path, Some(value));
    }
}

/// Returns in which way a job that is written as JSON combines answers.
fn way(job: &Value) -> String {
    let table = job.get("reduce").and_then(Value::as_object);
    let name = table.and_then(|it| it.keys().next());
    name.map_or("agent", String::as_str).to_owned()
}

/// Sets a key, or takes it away where its value is the usual one.
fn set(at: &mut Value, path: &[&str], value: Option<Value>) {
    let Value::Object(table) = at else { return };
    match (path, value) {
        ([], _) => {}
        ([name], Some(value)) => {
            table.insert((*name).to_owned(), value);
        }
        ([name], None) => {
            table.shift_remove(*name);
        }
        ([name, rest @ ..], value) => {
            if value.is_none() && !table.contains_key(*name) {
                return;
            }
            let below = table.entry(*name).or_insert_with(|| Map::new().into());
            set(below, rest, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    /// What is no key: where it says nothing about the run, or is what the job is about.
    const NO_KEYS: [&str; 15] = [
        "on",
        "detach",
        "quiet",
        "color",
        "progress",
        "plots",
        "config",
        "help",
        "print_job",
        "dry_run",
        "confirm_above",
        "yes",
        "topic",
        "question",
        "inputs",
    ];

    #[test]
    fn every_option_of_a_pattern_is_a_key_and_called_as_it_is_typed() {
        let cli = Cli::command();
        for (pattern, own) in [
            ("section", SECTION),
            ("vote", VOTE),
            ("map-reduce", MAP_REDUCE),
        ] {
            let command = cli.find_subcommand(pattern).unwrap();
            let rows: BTreeSet<&str> = own.iter().chain(EVERY).map(|row| row.0).collect();
            let options = command.get_arguments().map(|it| it.get_id().as_str());
            let options = options.filter(|it| !NO_KEYS.contains(it));
            assert_eq!(options.collect::<BTreeSet<_>>(), rows, "{pattern}");
            for (id, typed, _) in own.iter().chain(EVERY) {
                let option = command
                    .get_arguments()
                    .find(|it| it.get_id() == id)
                    .unwrap();
                let long = option.get_long().map(|it| format!("--{it}"));
                let is_short = option
                    .get_short()
                    .is_some_and(|it| *typed == format!("-{it}"));
                assert!(is_short || long.as_deref() == Some(*typed), "{id} {typed}");
            }
        }
    }
}
