//! Reads the questions, the material, the ballot and the rule of a vote.

use std::path::Path;

use patterns_core::text::read_number;
use patterns_core::{Columns, Contract, Document, SchemaView, pointer};
use patterns_parallel::voting::{Fields, Vote};
use patterns_source::ColumnKind;
use serde::Serialize;
use serde_json::{Value, json};

use super::BallotSpec;
use crate::input::{
    Reader, Taken, Total, drawn, other_than_number, read_examples, read_questions, read_schema,
};
use crate::job::{AnyRule, BallotPart, Choice, VoteJob};
use crate::job_error::{JobError, unusable};

/// What a vote works on.
#[derive(Clone, Debug)]
pub struct VoteWork {
    /// The job.
    pub job: VoteJob,
    /// What to ask.
    pub questions: Questions,
    /// Material for every question.
    pub context: Vec<Document>,
    /// How ballots become a result.
    pub rule: AnyRule,
    /// The user's own ballot.
    pub ballot: Option<BallotSpec>,
    /// How many questions are asked, if it may be that not all are.
    pub taken: Option<Taken>,
    /// What voters are told of examples, if there are any.
    pub examples: Option<String>,
    /// The columns of the rows that results have, too, and what is in them.
    pub columns: Vec<(String, ColumnKind)>,
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Questions {
    /// One question.
    One(String),
    /// One election per row.
    Batch(Vec<BatchQuestion>),
}

/// A row of a batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchQuestion {
    /// Names the election.
    pub id: String,
    /// What to ask.
    pub question: String,
    /// The answers to choose from, if the row has its own.
    pub options: Option<Vec<String>>,
    /// The right answer, if it is known.
    pub gold: Option<String>,
    /// The columns of the row that its result has, too.
    #[serde(skip)]
    pub columns: Option<Columns>,
}

impl VoteWork {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Returns an error if anything in it is missing or not valid, or does not go with its rule.
    pub fn read(job: VoteJob, reader: &Reader) -> Result<Self, JobError> {
        let mut columns = Vec::new();
        let (questions, taken) = match (&job.batch, &job.question) {
            (Some(batch), _) => {
                let (all, found) = read_questions(batch, job.output.kept(), reader)?;
                columns = found;
                let (questions, taken) = choose(all, job.input.choice(job.run.seed));
                (Questions::Batch(questions), taken)
            }
            (None, question) => (Questions::One(question.clone().unwrap_or_default()), None),
        };
        let ballot = job.ballot.as_ref().map(ballot).transpose()?;
        let rule = match (&ballot, &job.ballot) {
            (Some(spec), Some(part)) if part.is_by_field() => field_rule(spec, part)?,
            _ => job.rule(),
        };
        let path = job.examples.as_deref();
        let examples = path.map(|it| examples(it, &job, (&rule, ballot.as_ref())));
        let work = Self {
            examples: examples.transpose()?,
            questions,
            context: reader.context(&job.context)?,
            rule,
            ballot,
            taken,
            columns,
            job,
        };
        work.check_numbers()?;
        Ok(work)
    }

    /// Returns the options of a question, those of its row before those of all.
    pub fn options_of<'a>(&'a self, row: Option<&'a BatchQuestion>) -> &'a [String] {
        let own = row.and_then(|it| it.options.as_deref());
        own.unwrap_or(&self.job.options)
    }

    fn rows(&self) -> &[BatchQuestion] {
        match &self.questions {
            Questions::One(_) => &[],
            Questions::Batch(rows) => rows,
        }
    }

    /// A median is of numbers, so options and ballots have to be such.
    fn check_numbers(&self) -> Result<(), JobError> {
        if !matches!(self.rule, AnyRule::Median(_)) {
            return Ok(());
        }
        let own = self.rows().iter().filter_map(|it| it.options.as_ref());
        let mut options = self.job.options.iter().chain(own.flatten());
        if let Some(option) = options.find(|it| read_number(it).is_none()) {
            let message =
                format!("the option {option:?} is no number, and `rule` median is of numbers");
            let help = "choose another `rule`, or options that are numbers";
            return Err(JobError::of_key("rule", message).help(help));
        }
        let Some(spec) = self.ballot.as_ref().filter(|it| !holds_numbers(it)) else {
            return Ok(());
        };
        let message = format!(
            "{} of the `ballot.schema` is no number, and `rule` median is of numbers",
            place(&spec.answer)
        );
        let help = "make it a number, name another `ballot.answer_field`, or choose another `rule`";
        Err(JobError::of_key("rule", message).help(help))
    }
}

/// Leaves out the questions that are not asked. All of them were checked.
fn choose(all: Vec<BatchQuestion>, choice: Choice) -> (Vec<BatchQuestion>, Option<Taken>) {
    let of = all.len() as u64;
    match choice {
        Choice::All => (all, None),
        Choice::First(most) => {
            let taken: Vec<_> = all.into_iter().take(most.get()).collect();
            let count = taken.len() as u64;
            (taken, Some(Taken::first(count, Total::Exactly(of))))
        }
        Choice::Drawn { size, seed } => {
            let (drawn, taken) = drawn(all.into_iter(), |it| it.id.clone(), (size, seed));
            (drawn, Some(taken))
        }
    }
}

/// Reads examples of questions with ballots.
fn examples(
    path: &Path,
    job: &VoteJob,
    (rule, ballot): (&AnyRule, Option<&BallotSpec>),
) -> Result<String, JobError> {
    if let Some(spec) = ballot {
        let contract = Contract::<Value>::from_schema(spec.schema_for(&job.options));
        return read_examples(path, &contract.map_err(unusable)?);
    }
    if matches!(rule, AnyRule::Median(_)) {
        return read_examples(path, &Contract::of::<Vote<f64>>().map_err(unusable)?);
    }
    let contract = Contract::of_amended::<Vote>(|schema: &mut Value| {
        if !job.options.is_empty() {
            schema["properties"]["answer"]["enum"] = json!(job.options);
        }
    });
    read_examples(path, &contract.map_err(unusable)?)
}

/// Finds where in the user's own ballot the answer is.
fn ballot(part: &BallotPart) -> Result<BallotSpec, JobError> {
    let schema = read_schema(&part.schema)?;
    let has = |field: &str| SchemaView::new(&schema).property(field).is_some();
    let answer = match part.answer_field.as_deref() {
        Some(pointer) if pointer.starts_with('/') => pointer.to_owned(),
        Some(field) if has(field) => pointer::join("", [field]),
        Some(field) => {
            let message = format!("the schema has no property {field:?}");
            return Err(JobError::of_key("ballot.answer_field", message));
        }
        None if part.is_by_field() => String::new(),
        None if has("answer") => "/answer".to_owned(),
        None => String::new(),
    };
    Ok(BallotSpec { schema, answer })
}

fn field_rule(spec: &BallotSpec, part: &BallotPart) -> Result<AnyRule, JobError> {
    let fields = Fields::parse(spec.schema.clone(), &part.fields)
        .map_err(|error| JobError::of_key("ballot.fields", format!("`ballot.fields`: {error}")))?;
    Ok(AnyRule::Fields(Box::new(fields)))
}

/// Returns whether the counted answer may be a number.
fn holds_numbers(spec: &BallotSpec) -> bool {
    let answer = spec.answer();
    answer.is_some_and(|it| other_than_number(&it).is_none())
}

fn place(pointer: &str) -> String {
    match pointer {
        "" => "the whole ballot".to_owned(),
        pointer => format!("the field {pointer}"),
    }
}
