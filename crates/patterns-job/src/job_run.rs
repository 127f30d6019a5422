//! Runs a job, whoever asks for it: no terminal, no files but those that it names, answers as JSON.

mod vote_run;

use patterns_core::{Branch, Outcome, Warning};
use patterns_parallel::{MapReduce, RunError};
use serde::Serialize;
use serde_json::Value;

use crate::input::{Corpus, Reader, Taken};
use crate::job::{Job, MapReduceJob, Reduce, SectionJob, SynthesisWay};
use crate::job_error::{JobError, JobErrorKind};
use crate::setup::Setup;
use crate::work::{MapReduceWork, SectionWork};

/// What came of a job: answers as JSON.
pub type JobOutcome = Outcome<Value, Value>;

impl Job {
    /// Runs it, whatever its pattern.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use patterns_job::{Job, Models, Reader, SectionJob, Settings, Setup};
    ///
    /// let job = SectionJob {
    ///     topic: "Tides".to_owned(),
    ///     sections: vec!["Why".into()],
    ///     ..SectionJob::default()
    /// };
    /// let job = Job::Section(Box::new(job));
    /// let setup = Setup {
    ///     models: Models::new("offline", Arc::new(patterns_offline::Offline::new())),
    ///     settings: Settings::of(&job, 1),
    ///     events: Arc::new(()),
    ///     drain: Default::default(),
    /// };
    /// let outcome = job.run(&setup, &Reader::new()).await?;
    /// assert_eq!(outcome.branches[0].label, "Why");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the job is not valid, or something that it names is missing.
    pub async fn run(self, setup: &Setup, reader: &Reader) -> Result<JobOutcome, JobError> {
        match self {
            Self::Section(job) => Box::pin(job.run(setup, reader)).await,
            Self::Vote(job) => Box::pin(job.run(setup, reader)).await,
            Self::MapReduce(job) => Box::pin(job.run(setup, reader)).await,
        }
    }
}

impl SectionJob {
    /// Writes the sections and their synthesis.
    ///
    /// # Errors
    ///
    /// Returns an error if the job is not valid, or something that it names is missing.
    pub async fn run(self, setup: &Setup, reader: &Reader) -> Result<JobOutcome, JobError> {
        let work = SectionWork::read(self, reader)?;
        let (options, topic) = (setup.run_options(), &work.topic);
        match (&work.schema, work.job.synthesis) {
            _ if work.job.outline_only => {
                let ended = work.outlining(setup).run(topic, &options).await;
                told(ended.map(|it| it.map(|outline| work.titled(outline))))
            }
            (Some(schema), _) => told(
                work.sectioning_to(schema, setup)?
                    .run(topic, &options)
                    .await,
            ),
            (None, SynthesisWay::Stitch) => told(work.stitching(setup).run(topic, &options).await),
            (None, SynthesisWay::Synthesize) => {
                told(work.sectioning(setup).run(topic, &options).await)
            }
        }
    }
}

impl MapReduceJob {
    /// Works on the documents and combines the answers. The answers to all documents are held until
    /// the end.
    ///
    /// # Errors
    ///
    /// Returns an error if the job is not valid, or something that it names is missing.
    pub async fn run(self, setup: &Setup, reader: &Reader) -> Result<JobOutcome, JobError> {
        let (outcome, taken) = self.carry_out(setup, reader, true).await?;
        Ok(noting_part(outcome, taken, "documents"))
    }

    /// Runs it, and says how much of the input that is. The answers to documents are kept only if they
    /// are wanted.
    pub(crate) async fn carry_out(
        self,
        setup: &Setup,
        reader: &Reader,
        keeps_all: bool,
    ) -> Result<(JobOutcome, Option<Taken>), JobError> {
        let (inputs, source) = (self.inputs.clone(), self.source.clone());
        let choice = self.input.choice(self.run.seed);
        let work = MapReduceWork::read(self)?;
        let mut corpus = Corpus::open(&inputs, &source, choice, work.kept().as_ref(), reader)?;
        let taken = corpus.taken();
        work.prepare(&mut corpus, &setup.models)?;
        let with = (&corpus, setup);
        let schema = work.map_schema.as_ref();
        let outcome = match (&work.job.reduce, schema, &work.code) {
            (Reduce::Statements(it), ..) => {
                finish(work.statements(it, with).0, corpus, (setup, keeps_all)).await
            }
            (Reduce::Agent(it), None, _) if work.reduce_schema.is_none() => {
                finish(work.summaries(it, with), corpus, (setup, keeps_all)).await
            }
            (Reduce::Agent(it), ..) => {
                finish(work.values(it, with)?, corpus, (setup, keeps_all)).await
            }
            (_, None, Some(code)) => {
                let pattern = work.table(work.summarising(setup), code, with);
                finish(pattern, corpus, (setup, keeps_all)).await
            }
            (_, Some(schema), Some(code)) => {
                let pattern = work.table(work.answering(schema, setup)?, code, with);
                finish(pattern, corpus, (setup, keeps_all)).await
            }
            (_, None, None) => {
                let pattern = work.rows(work.summarising(setup), &corpus);
                finish(pattern, corpus, (setup, keeps_all)).await
            }
            (_, Some(schema), None) => {
                let pattern = work.rows(work.answering(schema, setup)?, &corpus);
                finish(pattern, corpus, (setup, keeps_all)).await
            }
        };
        Ok((outcome?, taken))
    }
}

/// Warns that a result is of a part of the input only.
fn noting_part(mut outcome: JobOutcome, taken: Option<Taken>, what: &str) -> JobOutcome {
    if let Some(words) = taken.and_then(|it| it.words(what)) {
        let message = format!("only {words} were worked on");
        outcome
            .warnings
            .push(Warning::new("part-of-input", message));
    }
    outcome
}

async fn finish<M, R>(
    pattern: MapReduce<M, R>,
    corpus: Corpus,
    (setup, keeps_all): (&Setup, bool),
) -> Result<JobOutcome, JobError>
where
    M: Serialize + Send + Sync + 'static,
    R: Serialize + Send + 'static,
{
    let documents = corpus.stream()?;
    let options = setup.run_options();
    let mut run = pattern.run(documents, &options);
    while !keeps_all && run.next().await.is_some() {}
    told(run.await)
}

fn told<A: Serialize, B: Serialize>(
    ended: Result<Outcome<A, B>, RunError>,
) -> Result<JobOutcome, JobError> {
    let outcome = ended.map_err(|error| {
        let kind = match error {
            RunError::NoInput(_) => JobErrorKind::Empty,
            _ => JobErrorKind::Invalid,
        };
        JobError::new(kind, error.to_string())
    })?;
    let Outcome {
        run,
        value,
        branches,
        steps,
        counts,
        usage,
        warnings,
        coverage,
    } = outcome;
    Ok(Outcome {
        run,
        value: value.map(json),
        branches: branches.into_iter().map(json_branch).collect(),
        steps,
        counts,
        usage,
        warnings,
        coverage,
    })
}

fn json_branch<B: Serialize>(branch: Branch<B>) -> Branch<Value> {
    branch.map(json)
}

/// An answer that was read from JSON can be written as JSON.
fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
