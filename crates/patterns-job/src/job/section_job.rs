//! The job of sectioning: a topic, its sections, and their synthesis.

use std::num::NonZeroU16;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::{
    ModelPart, OutputPart, RunPart, SchemaSource, SpendPart, StorePart, is_default,
};
use crate::job_error::JobError;

/// Says that a job is one of sectioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SectionPattern {
    /// It always is.
    #[default]
    Section,
}

/// Sections on a topic, written in parallel, and their synthesis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionJob {
    /// Which pattern it is.
    pub pattern: SectionPattern,
    /// What to write about.
    pub topic: String,
    /// The headings; where there are none, they are planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
    /// How many sections are planned, up to 100; 3 where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<NonZeroU16>,
    /// Material to work from: files, directories or globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<PathBuf>,
    /// The schema of the synthesis, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaSource>,
    /// Who answers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: ModelPart,
    /// How the run is carried out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: RunPart,
    /// What it may spend.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spend: SpendPart,
    /// Where answers are recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub store: StorePart,
    /// Where the result goes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: OutputPart,
}

impl SectionJob {
    /// How many sections are planned where nobody says.
    pub const DEFAULT_PLAN: u16 = 3;

    /// Makes the job of writing about a topic.
    pub fn new(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            ..Self::default()
        }
    }

    /// Returns how many sections are planned, if they are.
    pub fn planned(&self) -> usize {
        usize::from(self.plan.map_or(Self::DEFAULT_PLAN, NonZeroU16::get))
    }

    /// Checks that every key has an effect beside the others.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.topic.trim().is_empty() {
            return Err(JobError::of_key("topic", "the topic is empty"));
        }
        if self.plan.is_some() && !self.sections.is_empty() {
            let message = "`plan` is for sections that are not named, and `sections` names them";
            return Err(JobError::of_key("plan", message).help("leave one of them out"));
        }
        if self.plan.is_some_and(|it| it.get() > 100) {
            return Err(JobError::of_key("plan", "`plan` is at most 100"));
        }
        self.output.check_is_table(false)
    }
}
