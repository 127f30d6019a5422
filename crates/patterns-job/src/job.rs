//! A run of a pattern, as plain data.

mod any_rule;
mod input_part;
mod job_file;
mod map_reduce_job;
mod output_part;
mod parts;
mod plain_words;
mod policies;
mod section_job;
mod section_spec;
mod short_schema;
mod spelled;
#[cfg(test)]
mod tests;
mod units;
mod vote_check;
mod vote_job;

pub use any_rule::AnyRule;
pub use input_part::{Choice, InputPart};
pub use job_file::JobFormat;
pub use map_reduce_job::{
    AgentReduce, CodePart, MapPart, MapReduceJob, MapReduceModels, MapReducePattern, Reduce,
    SourcePart, StatementsReduce,
};
pub use output_part::{Form, OutputPart};
pub(crate) use parts::is_default;
pub use parts::{Durability, ModelPart, RunPart, SchemaSource, SpendPart, StoreMode, StorePart};
pub use plain_words::plain_words;
pub use policies::{MaxFailures, Stream, Tier};
pub use section_job::{GrowPart, SectionJob, SectionPattern, SynthesisWay};
pub use section_spec::SectionSpec;
pub use short_schema::{is_short_schema, read_short_schema};
pub use spelled::Spelled;
pub use units::{ByteSize, TimeSpan};
pub use vote_job::{BallotPart, BatchPart, VoteJob, VoteModels, VotePattern, VoterSpec};

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, schema_for};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job_error::JobError;

/// Everything that a run is: a pattern, what it works on, who answers, and what it may spend.
///
/// It is written as TOML or JSON, with what has its usual value left out. It holds no key of a
/// provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Job {
    /// Sections and their synthesis.
    Section(Box<SectionJob>),
    /// An election, or a batch of them.
    Vote(Box<VoteJob>),
    /// Documents and their combination.
    MapReduce(Box<MapReduceJob>),
}

/// An empty one, which is for nothing.
impl Default for Job {
    fn default() -> Self {
        Self::Section(Box::default())
    }
}

impl Job {
    /// The names of the patterns, as a job's `pattern` has them.
    pub const PATTERNS: [&'static str; 3] = ["section", "vote", "map-reduce"];

    /// Returns the JSON Schema of jobs.
    pub fn schema() -> Schema {
        schema_for!(Self)
    }

    /// Returns who answers.
    pub fn model(&self) -> &ModelPart {
        match self {
            Self::Section(job) => &job.model,
            Self::Vote(job) => &job.model,
            Self::MapReduce(job) => &job.model,
        }
    }

    /// Returns who answers, to change it.
    pub fn model_mut(&mut self) -> &mut ModelPart {
        match self {
            Self::Section(job) => &mut job.model,
            Self::Vote(job) => &mut job.model,
            Self::MapReduce(job) => &mut job.model,
        }
    }

    /// Returns whether it says nothing about how a run is carried out, what it may spend, and where it is
    /// recorded and written: what only a whole job does.
    pub(crate) fn has_usual_parts(&self) -> bool {
        *self.run_part() == RunPart::default()
            && *self.spend() == SpendPart::default()
            && *self.store() == StorePart::default()
            && *self.output() == OutputPart::default()
    }

    /// Puts other names in place of those of its models, such as full ones in place of short ones.
    pub fn rename_models(&mut self, full: impl Fn(&str) -> String) {
        self.rename(&full);
    }

    fn rename(&mut self, full: &dyn Fn(&str) -> String) {
        let mut own: Vec<&mut Option<String>> = Vec::new();
        match self {
            Self::Section(job) => job.nested_mut().for_each(|it| it.rename(full)),
            Self::Vote(job) => {
                own.extend(job.voters.iter_mut().map(|it| &mut it.model));
                own.extend([&mut job.models.judge, &mut job.models.escalate]);
            }
            Self::MapReduce(job) => {
                let models = &mut job.models;
                own.extend([&mut models.map, &mut models.reduce]);
            }
        }
        for name in own.into_iter().flatten() {
            *name = full(name);
        }
        if let Some(name) = &mut self.model_mut().name {
            *name = full(name);
        }
    }

    /// Returns how the run is carried out.
    pub fn run_part(&self) -> &RunPart {
        match self {
            Self::Section(job) => &job.run,
            Self::Vote(job) => &job.run,
            Self::MapReduce(job) => &job.run,
        }
    }

    /// Returns how much of the input is worked on.
    pub fn choice(&self) -> Choice {
        let seed = self.run_part().seed;
        match self {
            Self::Section(_) => Choice::All,
            Self::Vote(job) => job.input.choice(seed),
            Self::MapReduce(job) => job.input.choice(seed),
        }
    }

    /// Returns what it may spend.
    pub fn spend(&self) -> &SpendPart {
        match self {
            Self::Section(job) => &job.spend,
            Self::Vote(job) => &job.spend,
            Self::MapReduce(job) => &job.spend,
        }
    }

    /// Returns where answers are recorded.
    pub fn store(&self) -> &StorePart {
        match self {
            Self::Section(job) => &job.store,
            Self::Vote(job) => &job.store,
            Self::MapReduce(job) => &job.store,
        }
    }

    /// Returns where answers are recorded, to change it.
    pub fn store_mut(&mut self) -> &mut StorePart {
        match self {
            Self::Section(job) => &mut job.store,
            Self::Vote(job) => &mut job.store,
            Self::MapReduce(job) => &mut job.store,
        }
    }

    /// Returns where the result goes.
    pub fn output(&self) -> &OutputPart {
        match self {
            Self::Section(job) => &job.output,
            Self::Vote(job) => &job.output,
            Self::MapReduce(job) => &job.output,
        }
    }

    fn output_mut(&mut self) -> &mut OutputPart {
        match self {
            Self::Section(job) => &mut job.output,
            Self::Vote(job) => &mut job.output,
            Self::MapReduce(job) => &mut job.output,
        }
    }

    /// Returns what it reads to work on: material, rows, documents. Small files that say how are not
    /// among them.
    pub fn inputs(&self) -> Vec<&Path> {
        let paths = self.input_paths().into_iter();
        paths.map(PathBuf::as_path).collect()
    }

    fn input_paths(&self) -> Vec<&PathBuf> {
        match self {
            Self::Section(job) => {
                let nested = job.nested().flat_map(Self::input_paths);
                job.context.iter().chain(nested).collect()
            }
            Self::Vote(job) => {
                let batch = job.batch.iter().map(|it| &it.file);
                job.context.iter().chain(batch).collect()
            }
            Self::MapReduce(job) => job.inputs.iter().collect(),
        }
    }

    /// Returns the small files that it reads: schemas and rows.
    pub fn files(&self) -> Vec<&Path> {
        let (schema, batch) = match self {
            Self::Section(job) => (job.schema.as_ref(), job.outline.as_deref()),
            Self::Vote(job) => (
                job.ballot.as_ref().map(|it| &it.schema),
                job.batch.as_ref().map(|it| &*it.file),
            ),
            Self::MapReduce(job) => (job.map.schema.as_ref(), None),
        };
        let other = match self {
            Self::MapReduce(job) => job.reduce.schema(),
            _ => None,
        };
        let examples = match self {
            Self::Section(_) => None,
            Self::Vote(job) => job.examples.as_deref(),
            Self::MapReduce(job) => job.map.examples.as_deref(),
        };
        let schemas = [schema, other].into_iter().flatten();
        let schemas = schemas.filter_map(SchemaSource::file);
        let nested: Vec<&Path> = match self {
            Self::Section(job) => job.nested().flat_map(Self::files).collect(),
            _ => Vec::new(),
        };
        schemas.chain(batch).chain(examples).chain(nested).collect()
    }

    /// Takes every path that is relative for one below `folder`: that of the file it was read from.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        let move_below = |path: &mut PathBuf| {
            if path != Path::new("-") && !folder.as_os_str().is_empty() {
                *path = folder.join(&*path);
            }
        };
        self.own_paths().into_iter().for_each(move_below);
        let move_each = |path: &mut Option<PathBuf>| path.iter_mut().for_each(move_below);
        move_each(&mut self.store_mut().file);
        let output = self.output_mut();
        move_each(&mut output.file);
        move_each(&mut output.events);
        self
    }

    /// Returns the paths that only its pattern has.
    fn own_paths(&mut self) -> Vec<&mut PathBuf> {
        fn file(schema: Option<&mut SchemaSource>) -> Option<&mut PathBuf> {
            match schema {
                Some(SchemaSource::File(path)) => Some(path),
                _ => None,
            }
        }
        match self {
            Self::Section(job) => {
                let schema = file(job.schema.as_mut());
                let nested = job.sections.iter_mut();
                let nested = nested.filter_map(|it| it.job.as_deref_mut());
                let nested: Vec<&mut PathBuf> = nested.flat_map(Self::own_paths).collect();
                let own = job.context.iter_mut().chain(schema);
                own.chain(job.outline.as_mut()).chain(nested).collect()
            }
            Self::Vote(job) => {
                let schema = file(job.ballot.as_mut().map(|it| &mut it.schema));
                let batch = job.batch.as_mut().map(|it| &mut it.file);
                let paths = job.context.iter_mut();
                let examples = job.examples.as_mut();
                paths.chain(schema).chain(batch).chain(examples).collect()
            }
            Self::MapReduce(job) => {
                let map = file(job.map.schema.as_mut());
                let reduce = match &mut job.reduce {
                    Reduce::Agent(agent) => file(agent.schema.as_mut()),
                    Reduce::None | Reduce::Code(_) | Reduce::Statements(_) => None,
                };
                let examples = job.map.examples.as_mut();
                let schemas = map.into_iter().chain(reduce);
                job.inputs
                    .iter_mut()
                    .chain(schemas)
                    .chain(examples)
                    .collect()
            }
        }
    }

    /// Writes the job as TOML.
    pub fn to_toml(&self) -> String {
        // Plain data always has a written form.
        toml::to_string(self).unwrap_or_default()
    }

    /// Checks that every key has an effect beside the others; nothing is read for that.
    ///
    /// # Errors
    ///
    /// Returns an error that names the first key that has none.
    pub fn check(&self) -> Result<(), JobError> {
        parts::check(self)?;
        match self {
            Self::Section(job) => job.check(),
            Self::Vote(job) => job.check(),
            Self::MapReduce(job) => job.check(),
        }
    }
}

/// Where a job comes in plain data, its `pattern` says which it is. [`Job::read`] also says where in a
/// text it is wrong.
impl<'de> Deserialize<'de> for Job {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let pattern = value
            .get("pattern")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let job = match pattern.as_deref() {
            Some("section") => serde_json::from_value(value).map(Self::Section),
            Some("vote") => serde_json::from_value(value).map(Self::Vote),
            Some("map-reduce") => serde_json::from_value(value).map(Self::MapReduce),
            Some(other) => return Err(D::Error::unknown_variant(other, &Self::PATTERNS)),
            None => return Err(D::Error::missing_field("pattern")),
        };
        job.map_err(D::Error::custom)
    }
}
