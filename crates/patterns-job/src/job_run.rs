//! Runs a job, whoever asks for it: no terminal, no files but those that it names, answers as JSON.

mod vote_run;

use patterns_core::{Outcome, Warning};
use patterns_parallel::{MapReduce, RunError};
use serde::Serialize;
use serde_json::Value;

use crate::input::{Corpus, Reader, Taken};
use crate::job::{Job, Reduce, SynthesisWay};
use crate::job_error::{JobError, JobErrorKind};
use crate::setup::Setup;
use crate::work::{MapReduceWork, SectionWork, Work};

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
        let what = match &self {
            Self::Vote(_) => "questions",
            Self::Section(_) | Self::MapReduce(_) => "documents",
        };
        let work = Work::read(self, reader)?;
        let (outcome, taken) = Box::pin(work.run(setup, reader, true)).await?;
        Ok(noting_part(outcome, taken, what))
    }
}

impl Work {
    /// Carries it out, and says how much of the input that is. The answers to documents and questions are kept until
    /// the end only if they are wanted.
    pub(crate) async fn run(
        &self,
        setup: &Setup,
        reader: &Reader,
        keeps_all: bool,
    ) -> Result<(JobOutcome, Option<Taken>), JobError> {
        match self {
            Self::Section(work) => Ok((work.run(setup).await?, None)),
            Self::Vote(work) => Ok((work.run(setup, keeps_all).await?, work.taken)),
            Self::MapReduce(work) => work.run(setup, reader, keeps_all).await,
        }
    }
}

impl SectionWork {
    async fn run(&self, setup: &Setup) -> Result<JobOutcome, JobError> {
        let (options, topic) = (setup.run_options(), &self.topic);
        match (&self.schema, self.job.synthesis) {
            _ if self.job.outline_only => {
                let ended = self.outlining(setup).run(topic, &options).await;
                told(ended.map(|it| it.map(|outline| self.titled(outline))))
            }
            (Some(schema), _) => {
                let pattern = self.sectioning_to(schema, setup)?;
                told(pattern.run(topic, &options).await)
            }
            (None, SynthesisWay::Stitch) => told(self.stitching(setup).run(topic, &options).await),
            (None, SynthesisWay::Synthesize) => {
                told(self.sectioning(setup).run(topic, &options).await)
            }
        }
    }
}

impl MapReduceWork {
    async fn run(
        &self,
        setup: &Setup,
        reader: &Reader,
        keeps_all: bool,
    ) -> Result<(JobOutcome, Option<Taken>), JobError> {
        let job = &self.job;
        let choice = job.input.choice(job.run.seed);
        let kept = self.kept();
        let mut corpus = Corpus::open(&job.inputs, &job.source, choice, kept.as_ref(), reader)?;
        let taken = corpus.taken();
        self.prepare(&mut corpus, &setup.models)?;
        let with = (&corpus, setup);
        let schema = self.map_schema.as_ref();
        let how = (setup, keeps_all);
        let outcome = match (&job.reduce, schema, &self.code) {
            (Reduce::Statements(it), ..) => finish(self.statements(it, with)?, corpus, how).await,
            (Reduce::Agent(it), None, _) if self.reduce_schema.is_none() => {
                finish(self.summaries(it, with), corpus, how).await
            }
            (Reduce::Agent(it), ..) => finish(self.values(it, with)?, corpus, how).await,
            (_, None, Some(code)) => {
                let pattern = self.table(self.summarising(setup), code, with);
                finish(pattern, corpus, how).await
            }
            (_, Some(schema), Some(code)) => {
                let pattern = self.table(self.answering(schema, setup)?, code, with);
                finish(pattern, corpus, how).await
            }
            (_, None, None) => {
                let pattern = self.rows(self.summarising(setup), &corpus);
                finish(pattern, corpus, how).await
            }
            (_, Some(schema), None) => {
                let pattern = self.rows(self.answering(schema, setup)?, &corpus);
                finish(pattern, corpus, how).await
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
    let mut outcome = ended.map_err(|error| {
        let kind = match error {
            RunError::NoInput(_) => JobErrorKind::Empty,
            _ => JobErrorKind::Invalid,
        };
        JobError::new(kind, error.to_string())
    })?;
    let branches = std::mem::take(&mut outcome.branches).into_iter();
    let branches = branches.map(|it| it.map(json)).collect();
    Ok(outcome.map(json).with_branches(branches))
}

/// An answer that was read from JSON can be written as JSON.
pub(crate) fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
