//! From what was typed to a job: one function per pattern. Only standard input and the file of voters
//! are read for it.

#[cfg(test)]
mod tests;

use patterns_core::system_reason;
use std::io::Read;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use patterns_job::{
    AgentReduce, BallotPart, BatchPart, CodePart, InputPart, Job, MapPart, MapReduceJob, ModelPart,
    OutputPart, Reduce, RunPart, SchemaSource, SectionJob, SourcePart, Spelled, SpendPart,
    StatementsReduce, StoreMode, StorePart, SynthesisWay, TimeSpan, VoteJob, VoteModels, VoterSpec,
    decode_text, is_short_schema, read_short_schema,
};
use patterns_source::Template;

use crate::args::{Command, Common, MapReduceArgs, SectionArgs, SourceArgs, StoreArgs, VoteArgs};
use crate::error::{Error, ErrorKind};
use crate::instructions;
use crate::option_names::Names;
use crate::terminal::is_stdin_terminal;
use crate::voters_file::read_voters;
use crate::written::Written;

/// Returns the job that was typed, if a pattern was, and the options that every pattern has.
///
/// # Errors
///
/// Returns an error if something is to be read for it and cannot be.
pub(crate) fn compiled(command: &Command) -> Result<Option<(Job, &Common)>, Error> {
    let (job, common) = match command {
        Command::Section(args) => (section(args)?, &args.common),
        Command::Vote(args) => (vote(args)?, &args.common),
        Command::MapReduce(args) => (map_reduce(args)?, &args.common),
        _ => return Ok(None),
    };
    // They are not in the job, which has what is in them.
    let files = instructions::files(command);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    Written::by(&job, Names::Options).check_files(&files)?;
    Ok(Some((job, common)))
}

/// Compiles `patterns section`.
///
/// # Errors
///
/// Returns an error if the topic is to be read and cannot be.
fn section(args: &SectionArgs) -> Result<Job, Error> {
    let common = &args.common;
    let topic = args.topic.as_deref();
    let topic = topic.map(|it| words(it, "the topic")).transpose()?;
    Ok(Job::Section(Box::new(SectionJob {
        topic: topic.unwrap_or_default(),
        sections: args.sections.iter().map(|it| it.as_str().into()).collect(),
        outline: args.outline.clone(),
        outline_only: args.outline_only,
        plan: args.plan.and_then(NonZeroU16::new),
        gate: args.gate,
        synthesis: match args.stitch {
            true => SynthesisWay::Stitch,
            false => SynthesisWay::Synthesize,
        },
        consistency: args.consistency,
        live: args.live,
        context: args.context.clone(),
        schema: schema(common.schema.as_deref())?,
        model: model(common)?,
        run: run(common),
        spend: spend(common),
        store: store(&common.store),
        output: output(common, &[]),
        ..SectionJob::default()
    })))
}

/// Compiles `patterns vote`.
///
/// # Errors
///
/// Returns an error if the question or the voters are to be read and cannot be.
fn vote(args: &VoteArgs) -> Result<Job, Error> {
    of_a_batch(args)?;
    let common = &args.common;
    let question = args.question.as_deref();
    let job = Job::Vote(Box::new(VoteJob {
        question: question.map(|it| words(it, "the question")).transpose()?,
        options: args.options.clone(),
        context: args.context.clone(),
        votes: args.votes.and_then(NonZeroU16::new),
        rule: unusual(&args.rule, "plurality"),
        policy: unusual(&args.policy, "exact"),
        tie: args.tie,
        quorum: args.quorum,
        explain: args.explain,
        examples: args.examples.clone(),
        ballot: ballot(args)?,
        batch: args.batch.as_ref().map(|file| batch(args, file)),
        input: input(args.part.limit, args.part.sample),
        models: VoteModels {
            judge: args.judge.clone(),
            escalate: args.escalate.clone(),
        },
        voters: voters(args)?,
        model: model(common)?,
        run: run(common),
        spend: spend(common),
        store: store(&common.store),
        output: output(common, &args.keep),
        ..VoteJob::default()
    }));
    // It is not in the job, which has the voters themselves.
    let files: Vec<&Path> = args.voters.iter().map(PathBuf::as_path).collect();
    Written::by(&job, Names::Options).check_files(&files)?;
    Ok(job)
}

/// Compiles `patterns map-reduce`.
///
/// # Errors
///
/// Returns an error if the short form of a schema is wrong.
pub(crate) fn map_reduce(args: &MapReduceArgs) -> Result<Job, Error> {
    let common = &args.common;
    Ok(Job::MapReduce(Box::new(MapReduceJob {
        inputs: args.inputs.clone(),
        input: input(args.part.limit, args.part.sample),
        allow_gaps: args.allow_gaps,
        source: source(&args.source)?,
        map: MapPart {
            instructions: instructions::words(
                args.map_instructions.as_deref(),
                "--map-instructions",
            )?,
            schema: schema(args.map_schema.as_deref())?,
            examples: args.examples.clone(),
            glean: args.glean.and_then(NonZeroU32::new),
        },
        reduce: reduce(args)?,
        model: model(common)?,
        run: run(common),
        spend: spend(common),
        store: store(&common.store),
        output: output(common, &args.keep),
        ..MapReduceJob::default()
    })))
}

fn reduce(args: &MapReduceArgs) -> Result<Reduce, Error> {
    let told = args.reduce_instructions.as_deref();
    let told = instructions::words(told, "--reduce-instructions")?;
    Ok(if args.no_reduce {
        Reduce::None
    } else if !args.reduce.code.is_empty() {
        Reduce::Code(CodePart {
            columns: args.reduce.code.clone(),
            group_by: args.reduce.group_by.clone(),
            each: args.reduce.each.clone(),
            resolve_keys: args.reduce.resolve_keys,
        })
    } else if args.reduce.statements {
        Reduce::Statements(StatementsReduce {
            instructions: told,
            unsupported: args.reduce.unsupported,
            topology: args.topology,
            ..StatementsReduce::default()
        })
    } else {
        Reduce::Agent(AgentReduce {
            instructions: told,
            schema: schema(args.common.schema.as_deref())?,
            topology: args.topology,
            ..AgentReduce::default()
        })
    })
}

fn input(limit: Option<u64>, sample: Option<u64>) -> InputPart {
    let count = |it: u64| NonZeroUsize::new(usize::try_from(it).unwrap_or(usize::MAX));
    InputPart {
        limit: limit.and_then(count),
        sample: sample.and_then(count),
    }
}

fn source(args: &SourceArgs) -> Result<SourcePart, Error> {
    let template = instructions::words(args.text_template.as_deref(), "--text-template")?;
    let template = template.map(|it| it.parse::<Spelled<Template>>());
    let template = template.transpose().map_err(|error| {
        let message = format!("--text-template: {error}");
        Error::new(ErrorKind::Usage, message)
            .help("docs/documents.md says how texts are made of rows")
    })?;
    Ok(SourcePart {
        format: args.format.map(Spelled::from),
        encoding: args.encoding.map(Spelled::from),
        delimiter: args.delimiter,
        records: args.records.clone().map(Spelled::from),
        text_field: args.text_field.clone(),
        text_template: template,
        id_field: args.id_field.clone(),
        chunk_tokens: args.chunk_tokens.given(),
        chunk_overlap: args.chunk_overlap,
        strict: args.strict,
        ..SourcePart::default()
    })
}

fn model(common: &Common) -> Result<ModelPart, Error> {
    Ok(ModelPart {
        name: common.model.clone(),
        base_url: common.base_url.clone(),
        instructions: instructions::words(common.instructions.as_deref(), "--instructions")?,
        temperature: common.temperature,
        effort: common.effort,
        max_output_tokens: common.max_output_tokens.and_then(NonZeroU32::new),
        ..ModelPart::default()
    })
}

fn run(common: &Common) -> RunPart {
    RunPart {
        seed: common.seed,
        concurrency: common.concurrency.given(),
        timeout: common.timeout.map(|it| TimeSpan(it).into()),
        max_time: common.max_time.map(|it| TimeSpan(it).into()),
        max_failures: common.max_failures,
        stream: common.stream,
        ..RunPart::default()
    }
}

fn spend(common: &Common) -> SpendPart {
    SpendPart {
        max_calls: common.max_calls.and_then(NonZeroU64::new),
        max_tokens: common.max_tokens.and_then(NonZeroU64::new),
        max_cost: common.max_cost,
    }
}

fn store(args: &StoreArgs) -> StorePart {
    StorePart {
        file: args.store.clone(),
        mode: match args {
            _ if args.no_store => StoreMode::None,
            _ if args.fresh => StoreMode::Fresh,
            _ if args.read_only => StoreMode::ReadOnly,
            _ => StoreMode::Use,
        },
        ..StorePart::default()
    }
}

fn output(common: &Common, keep: &[String]) -> OutputPart {
    OutputPart {
        form: common.output,
        file: common.output_file.clone(),
        keep: keep.iter().map(|it| it.trim().to_owned()).collect(),
        events: common.events.clone(),
    }
}

/// Returns the schema that was typed: a file, or its fields where there is no such file and it can be no
/// other. The job has what they stand for.
fn schema(typed: Option<&Path>) -> Result<Option<SchemaSource>, Error> {
    let Some(path) = typed else { return Ok(None) };
    let fields = path.to_str().filter(|it| is_short_schema(it));
    Ok(Some(match fields.filter(|_| !path.exists()) {
        Some(fields) => SchemaSource::Inline(read_short_schema(fields)?),
        None => SchemaSource::File(path.to_owned()),
    }))
}

fn ballot(args: &VoteArgs) -> Result<Option<BallotPart>, Error> {
    let schema = schema(args.common.schema.as_deref())?;
    Ok(schema.map(|schema| BallotPart {
        schema,
        answer_field: args.answer_field.clone(),
        by_field: args.by_field,
        fields: args.field.clone(),
    }))
}

fn batch(args: &VoteArgs, file: &Path) -> BatchPart {
    let question = Some(&args.question_field).filter(|it| *it != "question");
    BatchPart {
        file: file.to_owned(),
        question_field: question.cloned(),
        id_field: args.id_field.clone(),
        gold: args.gold.clone(),
    }
}

fn voters(args: &VoteArgs) -> Result<Vec<VoterSpec>, Error> {
    let panel = args.panel.iter().map(|model| VoterSpec {
        model: Some(model.clone()),
        ..VoterSpec::default()
    });
    let rows = args.voters.as_deref().map(read_voters).transpose()?;
    Ok(panel.chain(rows.into_iter().flatten()).collect())
}

/// Returns a value unless it is spelled as the one that it has where nothing is written.
fn unusual<T: Clone>(value: &Spelled<T>, usual: &str) -> Option<Spelled<T>> {
    (value.to_string() != usual).then(|| value.clone())
}

/// clap waives a requirement whose option conflicts with another one that is there, such as the
/// question.
fn of_a_batch(args: &VoteArgs) -> Result<(), Error> {
    if args.batch.is_some() {
        return Ok(());
    }
    let given = [
        ("--gold", args.gold.is_some()),
        ("--id-field", args.id_field.is_some()),
        ("--limit", args.part.limit.is_some()),
        ("--sample", args.part.sample.is_some()),
        ("--question-field", args.question_field != "question"),
    ];
    match given.into_iter().find(|it| it.1) {
        Some((option, _)) => {
            let message = format!("{option} is for the rows of a --batch");
            let help = "pass --batch FILE in place of the question, or leave the option out";
            Err(Error::new(ErrorKind::Usage, message).help(help))
        }
        None => Ok(()),
    }
}

/// Returns the words that were typed, or those that are piped in.
fn words(argument: &str, what: &str) -> Result<String, Error> {
    let text = match argument {
        "-" => read_stdin_text()?,
        text => text.to_owned(),
    };
    if text.trim().is_empty() {
        let message = format!("{what} is empty");
        return Err(Error::new(ErrorKind::Usage, message).help("see --help"));
    }
    Ok(text.trim_end().to_owned())
}

/// Reads one text from standard input, say a question.
///
/// # Errors
///
/// Returns an error if there is none, or it is not text.
pub(crate) fn read_stdin_text() -> Result<String, Error> {
    if is_stdin_terminal() {
        return Err(
            Error::new(ErrorKind::NoInput, "nothing is piped into standard input")
                .help("pipe a text in, as in `patterns … - < question.txt`"),
        );
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| {
            let message = format!("cannot read standard input: {}", system_reason(&error));
            Error::new(ErrorKind::NoInput, message).help("pipe a text in")
        })?;
    let text = decode_text(&bytes).map_err(|problem| {
        Error::new(ErrorKind::BadData, format!("standard input {problem}"))
            .help("convert the input to UTF-8 text")
    })?;
    if text.trim().is_empty() {
        return Err(
            Error::new(ErrorKind::BadData, "standard input is empty").help("pipe a text in")
        );
    }
    Ok(text)
}
