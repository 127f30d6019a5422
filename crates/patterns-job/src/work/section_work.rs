//! Reads the outline, the material and the schema of a sectioning job.

use patterns_core::Document;
use patterns_parallel::sectioning::Outline;
use serde_json::Value;

use super::{MapReduceWork, Work};
use crate::input::{Corpus, Reader, read_schema, read_text_file};
use crate::job::{Choice, Job, SectionJob, SectionSpec};
use crate::job_error::{JobError, JobErrorKind};
use crate::piece::read_outline;

/// What sectioning works on.
#[derive(Clone, Debug)]
pub struct SectionWork {
    /// The job.
    pub job: SectionJob,
    /// What to write about.
    pub topic: String,
    /// The sections, where they are given.
    pub outline: Option<Outline>,
    /// Material.
    pub context: Vec<Document>,
    /// The schema of the synthesis, if it is not the usual one.
    pub schema: Option<Value>,
    /// Reads what sections that are jobs of their own work on.
    pub(crate) reader: Reader,
}

impl SectionWork {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Returns an error if anything in it is missing or not valid.
    pub fn read(job: SectionJob, reader: &Reader) -> Result<Self, JobError> {
        let outline = outline(&job)?;
        job.sections
            .iter()
            .try_for_each(|it| check_material(it, reader))?;
        let title = outline.as_ref().and_then(|it| it.title.clone());
        let topic = Some(job.topic.clone()).filter(|it| !it.trim().is_empty());
        let topic = topic.or(title).ok_or_else(|| {
            let message = "there is no `topic`, and the `outline` has no title";
            JobError::of_key("topic", message).help("begin the outline with `# TITLE`")
        })?;
        Ok(Self {
            topic,
            outline,
            context: reader.context(&job.context)?,
            schema: job.schema.as_ref().map(read_schema).transpose()?,
            reader: reader.clone(),
            job,
        })
    }

    /// Gives an outline the title that it is found under again.
    #[must_use]
    pub fn titled(&self, mut outline: Outline) -> Outline {
        outline.title.get_or_insert_with(|| self.topic.clone());
        outline.clone().checked().unwrap_or(outline)
    }
}

/// Checks that a section's own job can read what it works on, before the others are paid for.
fn check_material(spec: &SectionSpec, reader: &Reader) -> Result<(), JobError> {
    if spec.job.is_none() {
        return Ok(());
    }
    let reader = reader.quiet();
    let read = match spec.nested("the section") {
        Job::MapReduce(it) => MapReduceWork::read(it.as_ref().clone())
            .and_then(|_| Corpus::open(&it.inputs, &it.source, Choice::All, None, &reader))
            .map(drop),
        job => Work::read(job, &reader).map(drop),
    };
    read.map_err(|error| {
        let error = error.in_a_line();
        let message = format!("`sections.job` of {:?}: {error}", spec.title);
        JobError::new(error.kind(), message)
    })
}

/// Reads the sections that are given, in the job or in a file.
fn outline(job: &SectionJob) -> Result<Option<Outline>, JobError> {
    let Some(path) = &job.outline else {
        let given = job.given();
        let is_given = !given.sections.is_empty();
        let wrong = |it| JobError::of_key("sections", format!("`sections`: {it}"));
        return is_given.then(|| given.checked().map_err(wrong)).transpose();
    };
    let text = read_text_file(path)?;
    let outline = read_outline(&text).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        let help = "`outline_only` shows how an outline is written";
        JobError::new(JobErrorKind::BadData, message).help(help)
    });
    outline.map(Some)
}
