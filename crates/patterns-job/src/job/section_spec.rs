//! A section in a job: a heading alone, or a table that says more.

use std::fmt;
use std::path::Path;

use patterns_parallel::sectioning::SectionBrief;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::input_part::InputPart;
use super::{Job, ModelPart, Reduce};
use crate::job_error::JobError;

/// A section of a job: written as a table, or as its heading alone where there is no more to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = or_heading)]
pub struct SectionSpec {
    /// Names the section within its outline; made of the title where it is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The heading.
    pub title: String,
    /// What the section covers, in one or two sentences.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub brief: String,
    /// About how many words it is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<u32>,
    /// The ids or titles of the sections that it builds on: they are written first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// The job that makes it: a vote on it, or a map-reduce over documents of its own. What it costs is part of
    /// the whole job, as are its store and its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Box<Job>>,
}

/// Adds the heading alone to the schema of a table.
fn or_heading(schema: &mut Schema) {
    let table = std::mem::take(schema);
    *schema = json_schema!({"anyOf": [{"description": "The heading.", "type": "string"}, table]});
}

impl From<String> for SectionSpec {
    fn from(title: String) -> Self {
        Self {
            title,
            ..Self::default()
        }
    }
}

impl From<&str> for SectionSpec {
    fn from(title: &str) -> Self {
        title.to_owned().into()
    }
}

impl From<&SectionSpec> for SectionBrief {
    fn from(spec: &SectionSpec) -> Self {
        Self {
            id: spec.id.clone(),
            title: spec.title.clone(),
            brief: spec.brief.clone(),
            words: spec.words,
            depends_on: spec.depends_on.clone(),
        }
    }
}

impl Serialize for SectionSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self == Self::from(&*self.title) {
            true => serializer.serialize_str(&self.title),
            false => Self::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SectionSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = SectionSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a heading, or a table with a `title`")
            }

            fn visit_str<E>(self, title: &str) -> Result<SectionSpec, E> {
                Ok(title.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SectionSpec, A::Error> {
                SectionSpec::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

impl SectionSpec {
    /// Checks the job that makes it.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        let Some(job) = self.job.as_deref() else {
            return Ok(());
        };
        let wrong = |what: &str| {
            let message = format!("`sections.job` of {:?}: {what}", self.title);
            Err(JobError::of_key("sections", message))
        };
        let mut bare = job.model().clone();
        bare.name = None;
        if bare != ModelPart::default() {
            return wrong("of `model`, it has only `name`; the rest is that of the whole job");
        }
        if !job.has_usual_parts() {
            return wrong("`run`, `spend`, `store` and `output` are those of the whole job");
        }
        match job {
            Job::MapReduce(it) if it.input != InputPart::default() => {
                return wrong(
                    "`input` is for trying a job out, and a section is of all its documents",
                );
            }
            Job::MapReduce(it) if it.inputs.iter().any(|it| it == Path::new("-")) => {
                return wrong(
                    "standard input is that of the whole run; name files as its `inputs`",
                );
            }
            Job::MapReduce(_) if !self.depends_on.is_empty() => {
                return wrong(
                    "a map-reduce reads its documents only, so the section has no `depends_on`",
                );
            }
            Job::Vote(vote) if !vote.context.is_empty() && !self.depends_on.is_empty() => {
                return wrong(
                    "a vote on a `context` of its own reads that only, so the section has no `depends_on`",
                );
            }
            Job::Section(_) => return wrong("it is a vote or a map-reduce"),
            Job::Vote(vote) if vote.batch.is_some() => {
                return wrong("a batch is many results, and a section is one");
            }
            Job::MapReduce(it) if it.reduce == Reduce::None => {
                return wrong("`reduce` none is many results, and a section is one");
            }
            Job::Vote(_) | Job::MapReduce(_) => {}
        }
        let said = self.nested("the section").check();
        said.or_else(|error| wrong(&error.to_string()))
    }

    /// Returns the job that makes the section, which asks this where it asks nothing itself.
    pub(crate) fn nested(&self, ask: &str) -> Job {
        let mut job = self.job.as_deref().cloned().unwrap_or_default();
        match &mut job {
            Job::Vote(vote) => {
                vote.question.get_or_insert_with(|| ask.to_owned());
            }
            Job::MapReduce(it) => {
                it.map.instructions.get_or_insert_with(|| ask.to_owned());
            }
            Job::Section(_) => {}
        }
        job
    }
}
