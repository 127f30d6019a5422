//! Runs a job, whoever asks for it: no terminal, no files but those that it names, answers as JSON.

use patterns_core::{Branch, Outcome};
use patterns_parallel::{MapReduce, RunError};
use serde::Serialize;
use serde_json::Value;

use crate::input::{Corpus, Reader};
use crate::job::{MapReduceJob, Reduce, SectionJob};
use crate::job_error::{JobError, JobErrorKind};
use crate::setup::Setup;
use crate::work::{MapReduceWork, SectionWork};

/// What came of a job: answers as JSON.
pub type JobOutcome = Outcome<Value, Value>;

impl SectionJob {
    /// Writes the sections and their synthesis.
    ///
    /// # Errors
    ///
    /// Returns an error if the job is not valid, or something that it names is missing.
    pub async fn run(self, setup: &Setup, reader: &Reader) -> Result<JobOutcome, JobError> {
        let work = SectionWork::read(self, reader)?;
        let options = setup.run_options();
        match &work.schema {
            None => {
                let pattern = work.sectioning(setup)?;
                told(pattern.run(&work.job.topic, &options).await)
            }
            Some(schema) => {
                let pattern = work.sectioning_to(schema, setup)?;
                told(pattern.run(&work.job.topic, &options).await)
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
        let (inputs, source) = (self.inputs.clone(), self.source.clone());
        let work = MapReduceWork::read(self)?;
        let mut corpus = Corpus::open(&inputs, &source, reader)?;
        work.count_tokens(&mut corpus, &setup.models);
        let with = (&corpus, setup);
        let schema = work.map_schema.as_ref();
        match (&work.job.reduce, schema, &work.code) {
            (Reduce::Statements(it), ..) => {
                finish(work.statements(it, with)?.0, corpus, setup).await
            }
            (Reduce::Agent(it), None, _) if work.reduce_schema.is_none() => {
                finish(work.summaries(it, with)?, corpus, setup).await
            }
            (Reduce::Agent(it), ..) => finish(work.values(it, with)?, corpus, setup).await,
            (_, None, Some(code)) => {
                let pattern = work.table(work.summarising(setup)?, code, with)?;
                finish(pattern, corpus, setup).await
            }
            (_, Some(schema), Some(code)) => {
                let pattern = work.table(work.answering(schema, setup)?, code, with)?;
                finish(pattern, corpus, setup).await
            }
            (_, None, None) => {
                let pattern = work.rows(work.summarising(setup)?, &corpus);
                finish(pattern, corpus, setup).await
            }
            (_, Some(schema), None) => {
                let pattern = work.rows(work.answering(schema, setup)?, &corpus);
                finish(pattern, corpus, setup).await
            }
        }
    }
}

async fn finish<M, R>(
    pattern: MapReduce<M, R>,
    corpus: Corpus,
    setup: &Setup,
) -> Result<JobOutcome, JobError>
where
    M: Serialize + Send + Sync + 'static,
    R: Serialize + Send + 'static,
{
    let documents = corpus.stream()?;
    told(pattern.run(documents, &setup.run_options()).await)
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
mod tests {
    use std::sync::Arc;

    use patterns_offline::Offline;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::job::{Job, JobFormat};
    use crate::models::Models;
    use crate::work::Settings;

    fn setup(job: &Job) -> Setup {
        Setup {
            models: Models::new("offline", Arc::new(Offline::new())),
            settings: Settings::of(job, 1).unwrap(),
            events: Arc::new(()),
            drain: CancellationToken::new(),
        }
    }

    async fn outcome(text: &str) -> JobOutcome {
        let job = Job::read(text, JobFormat::Toml).unwrap();
        let (setup, reader) = (setup(&job), Reader::new());
        match job {
            Job::Section(job) => job.run(&setup, &reader).await,
            Job::MapReduce(job) => job.run(&setup, &reader).await,
            Job::Vote(_) => unreachable!("there is none here"),
        }
        .unwrap()
    }

    #[tokio::test]
    async fn a_job_runs_without_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "A harbour is a shelter for ships.").unwrap();
        let path = path.display().to_string();
        let documents = format!("pattern = 'map-reduce'\ninputs = ['{path}']\n");
        let one = outcome(&documents).await;
        assert_eq!(one.value.unwrap()["total_documents"], 1);
        let rows = outcome(&format!("{documents}reduce = 'none'")).await;
        let row = rows.branches[0].value().unwrap();
        assert_eq!(row["summary"], "A harbour is a shelter for ships.");
        let table = format!("{documents}[reduce.code]\ncolumns = ['count', 'sum:word_count']");
        let table = outcome(&table).await.value.unwrap();
        assert_eq!(table["rows"][0], serde_json::json!([1, 7]));
        let brief = format!(
            "pattern = 'section'\ntopic = 'Harbours'\nsections = ['What']\ncontext = ['{path}']"
        );
        let brief = outcome(&brief).await;
        assert_eq!(brief.counts.answered, 2);
    }
}
