//! From what was typed to a job: reads and checks every input, before anything is paid for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use patterns_core::{Caps, RunId, Sampling};
use patterns_parallel::map_reduce::{Field, Glean, KeyedReduce};
use patterns_parallel::{FieldRules, VotingRule};

use crate::args::{
    Common, Format, MapReduceArgs, ReduceArgs, SectionArgs, SourceArgs, Tie, VoteArgs,
};
use crate::ballot_spec::BallotSpec;
use crate::connect::wanted;
use crate::error::{Error, ErrorKind};
use crate::input::{
    Corpus, QuestionFields, check_fields, read_context, read_prices, read_questions, read_schema,
    read_stdin_text,
};
use crate::job::{
    CodeWork, GleanWork, Job, MapReduceWork, Questions, SectionWork, Settings, SourceSpec,
    VoteWork, Work,
};
use crate::seats::Seats;
use crate::target::is_stdout;
use crate::terminal::is_stdout_terminal;
use crate::vote_options::checked_vote;
use crate::written::Written;

/// How many sections are planned where none is named.
const DEFAULT_PLAN: u16 = 3;

/// Plans `patterns section`.
///
/// # Errors
///
/// Returns an error if an input is missing or not valid.
pub(crate) fn section(args: &SectionArgs) -> Result<Job, Error> {
    let written = Written::by(&args.common);
    written.check_files(&common_files(&args.common))?;
    let work = SectionWork {
        topic: words(&args.topic, "the topic")?,
        sections: args.sections.clone(),
        plan: usize::from(args.plan.unwrap_or(DEFAULT_PLAN)),
        context: read_context(&args.context, &written)?,
        schema: schema(args.common.schema.as_deref())?,
    };
    job(&args.common, &[], Work::Section(work))
}

/// Plans `patterns vote`.
///
/// # Errors
///
/// Returns an error if an input is missing or not valid, or options contradict each other.
pub(crate) fn vote(args: &VoteArgs) -> Result<Job, Error> {
    let written = Written::by(&args.common);
    let mut files = common_files(&args.common);
    files.extend(args.batch.iter().chain(&args.voters).map(PathBuf::as_path));
    written.check_files(&files)?;
    let questions = match (&args.question, &args.batch) {
        (Some(question), _) => Questions::One(words(question, "the question")?),
        (None, Some(batch)) => {
            let fields = QuestionFields {
                question: &args.question_field,
                id: args.id_field.as_deref(),
                gold: args.gold.as_deref(),
            };
            Questions::Batch(read_questions(batch, fields)?)
        }
        // clap has refused this already.
        (None, None) => return Err(usage("there is no question")),
    };
    let ballot = ballot(args)?;
    let mut seats = Seats::new(args)?;
    let mut work = VoteWork {
        questions,
        votes: args.votes.map(usize::from),
        voters: seats.voters(args)?,
        judge: seats.place(args.judge.as_deref(), "--judge")?,
        escalate: seats.place(args.escalate.as_deref(), "--escalate")?,
        spare: args.spare.map(u64::from),
        counts_arrivals: args.count_as_they_come,
        options: args.options.clone(),
        context: read_context(&args.context, &written)?,
        policy: args.policy.clone(),
        rule: rule(args, ballot.as_ref())?,
        tie: args.tie.unwrap_or(Tie::FirstSeen),
        quorum: u64::from(args.quorum),
        ballot,
    };
    work.tie = checked_vote(args, &work)?;
    job(&args.common, &seats.models, Work::Vote(Box::new(work)))
}

/// Plans `patterns map-reduce`.
///
/// # Errors
///
/// Returns an error if an input is missing or not valid.
pub(crate) fn map_reduce(args: &MapReduceArgs) -> Result<(Job, Corpus), Error> {
    let written = Written::by(&args.common);
    let mut files = common_files(&args.common);
    files.extend(args.map_schema.as_deref());
    written.check_files(&files)?;
    let map_schema = schema(args.map_schema.as_deref())?;
    let reduce_schema = schema(args.common.schema.as_deref())?;
    let code = code(&args.reduce, map_schema.as_ref())?;
    let glean = glean(args, map_schema.as_ref())?;
    let inputs = args.inputs.iter();
    let work = MapReduceWork {
        inputs: inputs.map(|it| it.display().to_string()).collect(),
        source: source(&args.source),
        map_instructions: args.map_instructions.clone(),
        reduce_instructions: args.reduce_instructions.clone(),
        inner_instructions: args.inner_instructions.clone(),
        map_schema,
        reduce_schema,
        reduce: !args.no_reduce,
        topology: args.topology.into(),
        reduce_tokens: args.reduce_tokens,
        fan_in: args.fan_in,
        code,
        statements: args
            .reduce
            .statements
            .then(|| args.reduce.unsupported.into()),
        glean,
        allow_gaps: args.allow_gaps,
    };
    let mut job = job(&args.common, &[], Work::MapReduce(Box::new(work)))?;
    job.models.names.extend(args.glean_judge.clone());
    Ok((job, Corpus::open(&args.inputs, &args.source, &written)?))
}

/// Returns the small files that every pattern may read.
fn common_files(common: &Common) -> Vec<&Path> {
    let files = [&common.schema, &common.key_file, &common.prices];
    files.into_iter().flatten().map(PathBuf::as_path).collect()
}

/// Returns what is worked on, as far as how it is read decides.
fn source(args: &SourceArgs) -> SourceSpec {
    SourceSpec {
        format: args.format.map(|it| it.name().to_owned()),
        encoding: args.encoding.map(|it| it.to_string()),
        delimiter: args.delimiter,
        records: args.records.as_ref().map(ToString::to_string),
        text_field: args.text_field.clone(),
        text_template: args.text_template.as_ref().map(ToString::to_string),
        id_field: args.id_field.clone(),
        chunks: args.chunk_tokens.map(|it| (it.get(), args.chunk_overlap)),
    }
}

/// Plans what code computes from the answers, if anything.
fn code(args: &ReduceArgs, schema: Option<&serde_json::Value>) -> Result<Option<CodeWork>, Error> {
    if args.code.is_empty() {
        return Ok(None);
    }
    let reduce = KeyedReduce {
        columns: args.code.clone(),
        group_by: args.group_by.as_deref().map(Field::new),
        each: args.each.as_deref().map(Field::new),
    };
    check_fields(schema, &reduce)?;
    let keys = reduce.group_by.iter().map(ToString::to_string);
    let columns = reduce.columns.iter().map(ToString::to_string);
    let mut names = HashSet::new();
    for name in keys.chain(columns) {
        if !names.insert(name.clone()) {
            return Err(usage(format!("two columns would be called {name:?}")));
        }
    }
    let resolve_keys = args.resolve_keys;
    Ok(Some(CodeWork {
        reduce,
        resolve_keys,
    }))
}

/// Plans how often it is asked what was missed, if at all.
fn glean(
    args: &MapReduceArgs,
    schema: Option<&serde_json::Value>,
) -> Result<Option<GleanWork>, Error> {
    let (Some(rounds), Some(schema)) = (args.glean, schema) else {
        return Ok(None);
    };
    Glean::check(schema).map_err(|error| {
        usage(format!("--glean: {error}")).help(
            "what is found must be the items of a list: make it a property of type array in --map-schema",
        )
    })?;
    Ok(Some(GleanWork {
        rounds,
        is_judged: args.glean_judge.is_some(),
    }))
}

fn job(common: &Common, models: &[String], work: Work) -> Result<Job, Error> {
    let is_table = matches!(&work, Work::MapReduce(it) if it.code.is_some() || !it.reduce);
    let is_sheet = matches!(common.output, Format::Csv | Format::Parquet);
    if is_sheet && !is_table {
        return Err(usage(
            "--output csv and parquet are for tables: map-reduce with --reduce or --no-reduce",
        ));
    }
    let is_file = common
        .output_file
        .as_deref()
        .is_some_and(|it| !is_stdout(it));
    let is_shown = !is_file && is_stdout_terminal();
    if common.output == Format::Parquet && is_shown {
        return Err(usage("Parquet is nothing to read; name a file with -o"));
    }
    let models = wanted(common.model.as_deref(), common.base_url.as_deref(), models)?;
    let prices = common.prices.as_deref().map(read_prices).transpose()?;
    Ok(Job {
        models,
        settings: Settings {
            run: run_id(common.seed),
            concurrency: common.concurrency.given(),
            requests_per_minute: common.requests_per_minute,
            tokens_per_minute: common.tokens_per_minute,
            timeout: common.timeout,
            max_time: common.max_time,
            hedge: common.hedge,
            prime: common.prime,
            stream: common.stream,
            max_failures: common.max_failures,
            caps: Caps {
                max_calls: common.max_calls,
                max_tokens: common.max_tokens,
                max_cost: common.max_cost,
            },
            prices: prices.unwrap_or_default(),
            sampling: Sampling {
                temperature: common.temperature,
                max_output_tokens: common.max_output_tokens,
                seed: common.seed.map(i64::from),
                ..Sampling::default()
            },
            instructions: common.instructions.clone(),
        },
        work,
    })
}

/// Names the run by its seed, else by the time.
fn run_id(seed: Option<u32>) -> RunId {
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |it| it.as_nanos() as u64)
    };
    RunId(seed.map_or_else(now, u64::from))
}

fn words(argument: &str, what: &str) -> Result<String, Error> {
    let text = match argument {
        "-" => read_stdin_text()?,
        text => text.to_owned(),
    };
    if text.trim().is_empty() {
        return Err(usage(format!("{what} is empty")));
    }
    Ok(text.trim_end().to_owned())
}

fn schema(path: Option<&Path>) -> Result<Option<serde_json::Value>, Error> {
    path.map(read_schema).transpose()
}

/// Returns the voting rule: that of --rule, or field by field.
fn rule(args: &VoteArgs, ballot: Option<&BallotSpec>) -> Result<VotingRule, Error> {
    let by_field = args.by_field || !args.field.is_empty();
    let rule = match ballot.filter(|_| by_field) {
        None => args.rule.clone(),
        Some(BallotSpec { schema, .. }) => {
            let rules = FieldRules::parse(schema, &args.field);
            let rules = rules.map_err(|error| usage(format!("--field: {error}")))?;
            let schema = schema.clone();
            VotingRule::Fields { schema, rules }
        }
    };
    Ok(rule)
}

/// Finds where in the user's own ballot the answer is.
fn ballot(args: &VoteArgs) -> Result<Option<BallotSpec>, Error> {
    let Some(schema) = schema(args.common.schema.as_deref())? else {
        return Ok(None);
    };
    let has = |field: &str| {
        let properties = schema.get("properties");
        properties.is_some_and(|it| it.get(field).is_some())
    };
    let answer = match args.answer_field.as_deref() {
        Some(pointer) if pointer.starts_with('/') => pointer.to_owned(),
        Some(field) if has(field) => format!("/{field}"),
        Some(field) => {
            let message = format!("the schema has no property {field:?}");
            return Err(usage(message));
        }
        None if args.by_field || !args.field.is_empty() => String::new(),
        None if has("answer") => "/answer".to_owned(),
        None => String::new(),
    };
    Ok(Some(BallotSpec { schema, answer }))
}

fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message).help("see --help")
}
