//! The job of sectioning: a topic, its sections, and what becomes of them.

use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use patterns_parallel::sectioning::{Growth, Outline, SectionBrief};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::output_part::OutputPart;
use super::parts::{ModelPart, RunPart, SchemaSource, SpendPart, StorePart, is_default};
use super::section_spec::SectionSpec;
use super::{Form, Job};
use crate::job_error::JobError;

/// Says that a job is one of sectioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SectionPattern {
    /// It always is.
    #[default]
    Section,
}

/// Sections on a topic, written in parallel, and what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionJob {
    /// Which pattern it is.
    pub pattern: SectionPattern,
    /// What to write about; the title of the `outline` where it is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// The sections; where there are none, they are planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<SectionSpec>,
    /// A Markdown file with the sections, each under a heading such as `## History`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<PathBuf>,
    /// Whether the outline is the result, and no section is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub outline_only: bool,
    /// How many sections are planned, 2 to 20; 3 where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<NonZeroU16>,
    /// Whether it is asked first if the topic divides at all; one that does not is written in a single
    /// call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gate: bool,
    /// How far the outline may grow: sections ask for further ones, which are written below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grow: Option<GrowPart>,
    /// What becomes of the sections.
    #[serde(default, skip_serializing_if = "is_default")]
    pub synthesis: SynthesisWay,
    /// Whether the summaries of all sections are read together, and those that do not go together with
    /// others are written again, at most twice.
    #[serde(default, skip_serializing_if = "is_default")]
    pub consistency: bool,
    /// Material to work from: files, directories or globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<PathBuf>,
    /// The most tokens of material that a section gets, 100 or more, 8000 where it is missing: of more, the
    /// passages that concern it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<NonZeroU64>,
    /// The schema of the synthesis, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaSource>,
    /// Whether each section is written out as soon as its turn has come.
    #[serde(default, skip_serializing_if = "is_default")]
    pub live: bool,
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

/// What becomes of the sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SynthesisWay {
    /// A model brings them together in a summary.
    #[default]
    Synthesize,
    /// Code puts them together: numbers, a table of contents, sources. No call is made for it.
    Stitch,
}

/// How far an outline may grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GrowPart {
    /// The most sections, the planned ones among them; 20 where it is missing, which is the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sections: Option<NonZeroU16>,
    /// How many levels there may be below the planned sections; 1 where it is missing, 3 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<NonZeroU32>,
}

impl From<&GrowPart> for Growth {
    fn from(part: &GrowPart) -> Self {
        let usual = Self::default();
        let sections = part.max_sections.map(|it| usize::from(it.get()));
        Self {
            max_sections: sections.unwrap_or(usual.max_sections),
            max_depth: part.max_depth.map_or(usual.max_depth, NonZeroU32::get),
        }
    }
}

impl SectionJob {
    /// How many sections are planned where nobody says.
    pub const DEFAULT_PLAN: u16 = 3;

    /// The most tokens of material that a section gets where nobody says.
    pub const DEFAULT_CONTEXT_TOKENS: NonZeroU64 = NonZeroU64::new(8_000).expect("it is not zero");

    /// The fewest of them: with less, long material is cut into single words.
    const LEAST_CONTEXT_TOKENS: NonZeroU64 = NonZeroU64::new(100).expect("it is not zero");

    /// The fewest and the most sections that are planned.
    const PLANNED: std::ops::RangeInclusive<u16> = 2..=20;

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

    /// Returns whether a model plans the sections.
    pub fn is_planned(&self) -> bool {
        self.sections.is_empty() && self.outline.is_none()
    }

    /// Returns the sections that are jobs of their own.
    pub fn nested(&self) -> impl Iterator<Item = &Job> {
        self.sections.iter().filter_map(|it| it.job.as_deref())
    }

    /// Returns the sections that are jobs of their own, to change them.
    pub(crate) fn nested_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.sections
            .iter_mut()
            .filter_map(|it| it.job.as_deref_mut())
    }

    /// Returns the sections as they are written in the job.
    pub(crate) fn given(&self) -> Outline {
        Outline::new(
            self.sections
                .iter()
                .map(SectionBrief::from)
                .collect::<Vec<_>>(),
        )
    }

    /// Checks that every key has an effect beside the others.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.topic.trim().is_empty() && self.outline.is_none() {
            return Err(JobError::of_key("topic", "the topic is empty"));
        }
        self.check_plan()?;
        self.check_context()?;
        self.check_ways()?;
        if !self.sections.is_empty() {
            let outline = self.given().checked();
            let wrong = |it| JobError::of_key("sections", format!("`sections`: {it}"));
            outline.map_err(wrong)?;
        }
        for spec in &self.sections {
            spec.check()?;
        }
        self.check_output()
    }

    fn check_plan(&self) -> Result<(), JobError> {
        let has_sections = !self.sections.is_empty();
        if self.plan.is_some() && has_sections {
            let message = "`plan` is for sections that are not named, and `sections` names them";
            return Err(JobError::of_key("plan", message).help("leave one of them out"));
        }
        if self.outline.is_some() && (has_sections || self.plan.is_some()) {
            let other = if has_sections { "`sections`" } else { "`plan`" };
            let message = format!("`outline` has the sections, and {other} says them, too");
            return Err(JobError::of_key("outline", message).help("leave one of them out"));
        }
        if self
            .plan
            .is_some_and(|it| !Self::PLANNED.contains(&it.get()))
        {
            return Err(JobError::of_key("plan", "`plan` is from 2 to 20"));
        }
        if self.gate && !self.is_planned() {
            let message = "`gate` is for sections that are planned, and these are given";
            return Err(JobError::of_key("gate", message).help("leave `gate` out"));
        }
        let Some(grow) = &self.grow else {
            return Ok(());
        };
        if grow
            .max_sections
            .is_some_and(|it| it.get() > *Self::PLANNED.end())
        {
            let message = "`grow.max_sections` is at most 20";
            return Err(JobError::of_key("grow.max_sections", message));
        }
        if grow.max_depth.is_some_and(|it| it.get() > 3) {
            let message = "`grow.max_depth` is at most 3";
            return Err(JobError::of_key("grow.max_depth", message));
        }
        Ok(())
    }

    fn check_context(&self) -> Result<(), JobError> {
        let is_little = |it: &NonZeroU64| *it < Self::LEAST_CONTEXT_TOKENS;
        match self.context_tokens.filter(is_little) {
            None => Ok(()),
            Some(few) => {
                let least = Self::LEAST_CONTEXT_TOKENS;
                let message =
                    format!("`context_tokens` is {few}, and a passage has some sentences");
                let help = format!("give {least} or more");
                Err(JobError::of_key("context_tokens", message).help(help))
            }
        }
    }

    fn check_ways(&self) -> Result<(), JobError> {
        let wrong = |key: &str, message: &str| {
            let help = format!("leave one of them out; `{key}` has no effect here");
            Err(JobError::of_key(key, message).help(help))
        };
        let is_stitched = self.synthesis == SynthesisWay::Stitch;
        if is_stitched && self.schema.is_some() {
            return wrong(
                "schema",
                "`schema` is of a synthesis, and `synthesis` stitch makes none",
            );
        }
        if self.gate && self.schema.is_some() {
            return wrong(
                "gate",
                "`gate` may find that there is nothing to synthesize, and `schema` is of a synthesis",
            );
        }
        if self.consistency && self.live {
            return wrong(
                "live",
                "`live` writes sections out at once, and `consistency` may write them again",
            );
        }
        if !self.outline_only {
            return Ok(());
        }
        let others = [
            ("consistency", self.consistency),
            ("live", self.live),
            ("schema", self.schema.is_some()),
            ("synthesis", is_stitched),
            ("grow", self.grow.is_some()),
        ];
        match others.into_iter().find(|it| it.1) {
            Some((key, _)) => wrong(
                key,
                &format!("`{key}` is for sections, and `outline_only` writes none"),
            ),
            None => Ok(()),
        }
    }

    fn check_output(&self) -> Result<(), JobError> {
        self.output.check_keep(false, "leave it out")?;
        let form = self.output.form();
        if self.live && !matches!(form, Form::Human | Form::Jsonl) {
            let message = "`live` writes text or jsonl, and `output.form` is another";
            return Err(JobError::of_key("live", message).help("leave one of them out"));
        }
        if form == Form::Html && (self.schema.is_some() || self.outline_only) {
            return Err(self.output.wrong_form("html is for pieces of writing"));
        }
        match form {
            Form::Html => Ok(()),
            _ => self.output.check_is_table(false),
        }
    }
}
