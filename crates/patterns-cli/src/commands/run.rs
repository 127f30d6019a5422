//! `patterns run`: runs a job that is written in a file.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};
use patterns_job::{Job, JobFormat, read_text_file};
use serde_json::Value;

use super::{Task, start};
use crate::args::{Cli, Given, RunArgs, parse};
use crate::compile::{compiled, read_stdin_text};
use crate::config::{Loaded, Scope, talk};
use crate::error::{Error, ErrorKind};
use crate::launch::{Around, Launch};
use crate::option_names::{Names, put, typed_for};
use crate::stakes;
use crate::terminal::Terminal;
use crate::trust;

pub(super) async fn run(args: &RunArgs) -> Result<(), Error> {
    read_and_start(args, false).await
}

/// Says what a job would do.
pub(super) async fn plan(args: &RunArgs) -> Result<(), Error> {
    let mut args = args.clone();
    for word in args.more.iter_mut().filter(|it| *it == "--json") {
        *word = "--output=json".to_owned();
    }
    read_and_start(&args, true).await
}

async fn read_and_start(args: &RunArgs, is_plan: bool) -> Result<(), Error> {
    let (more, trust): (Vec<_>, Vec<_>) = args.more.iter().cloned().partition(|it| it != "--trust");
    let (job, mut more) = with_options(read(&args.job)?, &more)?;
    if is_plan {
        more.task = Task::Plan;
    }
    if let Task::Run(_) = more.task {
        check_trust(&args.job, &job, &more, args.trust || !trust.is_empty())?;
    }
    let has_server = job.model().base_url.is_some() && !more.around.given.has("base_url");
    let mut launch = Launch::new(
        job,
        Names::Keys,
        more.around,
        Scope::Everything,
        more.terminal,
    )?;
    launch.read.push(args.job.clone());
    if has_server {
        launch
            .from
            .push(format!("model.base_url in {}", name(&args.job)));
    }
    start(launch, more.task).await
}

/// Asks once about a job that says where the user's key goes, or writes elsewhere.
fn check_trust(path: &Path, job: &Job, more: &More, is_trusted: bool) -> Result<(), Error> {
    let loaded = Loaded::load(&more.around.set)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let lines = stakes::of_file(job, folder, &more.around, &loaded);
    // What is piped in has no place to be known by.
    let file = path.canonicalize().ok().filter(|_| !is_piped(path));
    let digest = file.map(|it| trust::job_digest(&it, &lines));
    let is_known = digest.as_deref().is_some_and(trust::knows_job);
    if lines.is_empty() || is_known {
        return Ok(());
    }
    if !is_trusted {
        let what = format!(
            "{} says where your key goes, or writes elsewhere",
            name(path)
        );
        stakes::ask(&what, lines, more.terminal)?;
    }
    if let Some(digest) = digest {
        trust::remember_job(&digest);
    }
    Ok(())
}

fn is_piped(path: &Path) -> bool {
    path == Path::new("-")
}

fn name(path: &Path) -> String {
    match is_piped(path) {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// Reads a job and says where in its file something is wrong.
fn read(path: &Path) -> Result<Job, Error> {
    let (is_piped, name) = (is_piped(path), name(path));
    if path.is_dir() {
        let told = format!("{name} is a folder, and a job is a file");
        return Err(Error::new(ErrorKind::NoInput, told).help(format!(
            "documents are planned by `patterns map-reduce {name} --dry-run`, and `patterns \
             map-reduce {name} --print-job` makes a job of them"
        )));
    }
    let text = match is_piped {
        true => read_stdin_text()?,
        false => read_text_file(path)?,
    };
    // No TOML begins with a brace, whatever the file is called.
    let is_json = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("json"))
        || text.trim_start().starts_with('{');
    let format = if is_json {
        JobFormat::Json
    } else {
        JobFormat::Toml
    };
    let job = Job::read(&text, format).map_err(|error| {
        let place = error.place();
        let place = place.map_or_else(String::new, |it| format!(":{}:{}", it.line, it.column));
        let told = Error::new(ErrorKind::BadData, format!("{name}{place}: {error}"));
        told.help(
            error
                .hint()
                .unwrap_or("schema/job.json is the schema of jobs"),
        )
    })?;
    Ok(job.relative_to(path.parent().unwrap_or(Path::new(""))))
}

/// What was typed behind the job, as far as it is not part of a job.
pub(super) struct More {
    pub(super) terminal: Terminal,
    pub(super) task: Task,
    pub(super) around: Around,
}

/// What stands for the topic, the question and the documents of a job that has its own.
const PLACEHOLDER: &str = "(of the job)";

/// An option that others need, and that a job has already.
struct StandIn {
    /// What its field is called.
    id: &'static str,
    /// How it is typed, with a value of no effect.
    word: &'static str,
    /// Where the job has it.
    key: &'static str,
}

const STAND_INS: [StandIn; 7] = [
    BATCH,
    StandIn::new("schema", "--schema=of-the-job", "/ballot"),
    StandIn::new("code", "--reduce=count", "/reduce/code"),
    StandIn::new("group_by", "--group-by=of-the-job", "/reduce/code/group_by"),
    StandIn::new("statements", "--statements", "/reduce/statements"),
    StandIn::new(
        "chunk_tokens",
        "--chunk-tokens=1000000",
        "/source/chunk_tokens",
    ),
    StandIn::new("map_schema", "--map-schema=of-the-job", "/map/schema"),
];

const BATCH: StandIn = StandIn::new("batch", "--batch=of-the-job", "/batch");

impl StandIn {
    const fn new(id: &'static str, word: &'static str, key: &'static str) -> Self {
        Self { id, word, key }
    }

    fn option(&self) -> &'static str {
        self.word.split('=').next().unwrap_or_default()
    }
}

/// Reads options of a job as if its pattern was typed: what they need, and the job itself has, stands there, too.
/// Returns them without that.
fn parse_with_job(written: &Value, more: &[String]) -> Result<(Cli, Given), clap::Error> {
    let pattern = written["pattern"].as_str().unwrap_or_default();
    let has = |it: &StandIn| written.pointer(it.key).is_some() && !is_typed(it.option(), more);
    let mut stand_ins: Vec<StandIn> = Some(BATCH).into_iter().filter(has).collect();
    let is_batch = !stand_ins.is_empty() || is_typed(BATCH.option(), more);
    let placeholder = (!is_batch).then_some(PLACEHOLDER);
    loop {
        let words = ["patterns", pattern].into_iter().chain(placeholder);
        let words = words.chain(stand_ins.iter().map(|it| it.word));
        let error = match parse(words.chain(more.iter().map(String::as_str))) {
            Ok((cli, mut given)) => {
                stand_ins.iter().for_each(|it| given.forget(it.id));
                return Ok((cli, given));
            }
            Err(error) => error,
        };
        let missing = missing(&error);
        let is_missing = |it: &StandIn| missing.contains(&it.option());
        let is_there = |it: &StandIn| stand_ins.iter().any(|known| known.id == it.id);
        let found = STAND_INS
            .into_iter()
            .find(|it| is_missing(it) && has(it) && !is_there(it));
        let Some(found) = found else {
            return Err(error);
        };
        stand_ins.push(found);
    }
}

/// Returns the options that others need and nobody has typed.
fn missing(error: &clap::Error) -> Vec<&str> {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (Kind::MissingRequiredArgument, Some(ContextValue::Strings(names))) => {
            let names = names.iter();
            names.filter_map(|it| it.split(' ').next()).collect()
        }
        _ => Vec::new(),
    }
}

fn is_typed(option: &str, more: &[String]) -> bool {
    let of = |it: &String| {
        it.strip_prefix(option)
            .is_some_and(|it| it.is_empty() || it.starts_with('='))
    };
    more.iter().any(of)
}

/// Says which option does not go with the way in which the job combines answers.
fn unfit(job: &Job, ids: &[&str], error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let field = text.strip_prefix("unknown field `");
    let field = field.and_then(|it| it.split('`').next());
    match field.and_then(|it| typed_for(job, ids, it)) {
        Some(option) => {
            let message =
                format!("{option} is about another way to combine answers than the job's");
            Error::new(ErrorKind::Usage, message)
                .help("leave it out, or choose a way: --reduce, --statements or --no-reduce")
        }
        None => {
            let message = format!("the run cannot be done with these options: {text}");
            Error::new(ErrorKind::Usage, message)
        }
    }
}

/// Changes a job by options of its pattern that were typed.
///
/// # Errors
///
/// Returns an error if they are no such options, or go against what the job has.
pub(super) fn with_options(job: Job, more: &[String]) -> Result<(Job, More), Error> {
    let mut written = Value::from(&job);
    let (cli, given) = parse_with_job(&written, more).map_err(|error| no_options(&error))?;
    let Some((typed, common)) = compiled(&cli.command)? else {
        return Err(Error::new(ErrorKind::Bug, "the job has no pattern"));
    };
    check_inputs(&typed)?;
    let ids: Vec<&str> = given.names().collect();
    put(&job, &ids, &Value::from(&typed), &mut written);
    if is_typed(BATCH.option(), more)
        && let Value::Object(written) = &mut written
    {
        written.shift_remove("question");
    }
    let changed = serde_json::from_value(written).map_err(|error| unfit(&job, &ids, &error))?;
    let terminal = talk(common, &given)?;
    let task = Task::of(common);
    let set = common.set();
    Ok((
        changed,
        More {
            terminal,
            task,
            around: Around { given, set },
        },
    ))
}

/// Says what is wrong with the options, without how the pattern would be typed.
fn no_options(error: &clap::Error) -> Error {
    let text = error.to_string();
    let lines = text.split("\n\nUsage:").next().unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.is_empty());
    let message = "the run cannot be done with these options";
    Error::new(ErrorKind::Usage, message).details(lines.map(str::to_owned))
}

/// Refuses documents beside those of the job.
fn check_inputs(typed: &Job) -> Result<(), Error> {
    let Job::MapReduce(typed) = typed else {
        return Ok(());
    };
    match typed.inputs.get(1) {
        Some(other) => {
            let message = format!(
                "{} is no option: the documents are those of the job",
                other.display()
            );
            Err(Error::new(ErrorKind::Usage, message).help("write it into the job"))
        }
        None => Ok(()),
    }
}
