//! A run of a pattern, as plain data.

mod any_rule;
mod input_part;
mod job_file;
mod map_reduce_job;
mod max_failures;
mod output_part;
mod parts;
mod plain_words;
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
pub use max_failures::MaxFailures;
pub use output_part::{Form, OutputPart};
pub(crate) use parts::is_default;
pub use parts::{ModelPart, RunPart, SchemaSource, SpendPart, StoreMode, StorePart};
pub use plain_words::plain_words;
pub use section_job::{GrowPart, SectionJob, SectionPattern, SynthesisWay};
pub use section_spec::SectionSpec;
pub use short_schema::{is_short_schema, read_short_schema};
pub use spelled::Spelled;
pub use units::{ByteSize, TimeSpan};
pub(crate) use vote_check::amiss_among;
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

/// What a file is for that a job reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PathUse {
    /// To work on it.
    Material,
    /// To work on it; it is small, and read before the first call.
    Rows,
    /// It says how.
    Small,
}

/// An empty one, which is for nothing.
impl Default for Job {
    fn default() -> Self {
        Self::Section(Box::default())
    }
}

/// Does the same with the job of whichever pattern.
macro_rules! of_any {
    ($job:expr, $it:ident => $what:expr) => {
        match $job {
            Job::Section($it) => $what,
            Job::Vote($it) => $what,
            Job::MapReduce($it) => $what,
        }
    };
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
        of_any!(self, job => &job.model)
    }

    /// Returns who answers, to change it.
    pub fn model_mut(&mut self) -> &mut ModelPart {
        of_any!(self, job => &mut job.model)
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
        of_any!(self, job => &job.run)
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
        of_any!(self, job => &job.spend)
    }

    /// Returns where answers are recorded.
    pub fn store(&self) -> &StorePart {
        of_any!(self, job => &job.store)
    }

    /// Returns where answers are recorded, to change it.
    pub fn store_mut(&mut self) -> &mut StorePart {
        of_any!(self, job => &mut job.store)
    }

    /// Returns where the result goes.
    pub fn output(&self) -> &OutputPart {
        of_any!(self, job => &job.output)
    }

    fn output_mut(&mut self) -> &mut OutputPart {
        of_any!(self, job => &mut job.output)
    }

    /// Returns what it reads to work on: material, rows, documents. Small files that say how are not
    /// among them.
    pub fn inputs(&self) -> Vec<PathBuf> {
        self.paths_of(|it| it != PathUse::Small)
    }

    /// Returns the small files that it reads: schemas and rows.
    pub fn files(&self) -> Vec<PathBuf> {
        self.paths_of(|it| it != PathUse::Material)
    }

    fn paths_of(&self, is_wanted: impl Fn(PathUse) -> bool) -> Vec<PathBuf> {
        let mut job = self.clone();
        let paths = job.paths().into_iter().filter(|it| is_wanted(it.0));
        paths.map(|(_, path)| path.clone()).collect()
    }

    /// Takes every path that is relative for one below `folder`: that of the file it was read from.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        let read = self.paths().into_iter().map(|it| it.1);
        let move_below = |path: &mut PathBuf| {
            if path != Path::new("-") && !folder.as_os_str().is_empty() {
                *path = folder.join(&*path);
            }
        };
        read.for_each(move_below);
        self.store_mut().file.iter_mut().for_each(move_below);
        let output = self.output_mut();
        let written = output.file.iter_mut().chain(&mut output.events);
        written.for_each(move_below);
        self
    }

    /// Returns the paths of all that it reads, but for its store.
    fn paths(&mut self) -> Vec<(PathUse, &mut PathBuf)> {
        let (material, schemas, mut paths) = match self {
            Self::Section(job) => {
                let nested = job.sections.iter_mut();
                let nested = nested.filter_map(|it| it.job.as_deref_mut());
                let mut paths: Vec<_> = nested.flat_map(Self::paths).collect();
                paths.extend(job.outline.as_mut().map(|it| (PathUse::Small, it)));
                (&mut job.context, [job.schema.as_mut(), None], paths)
            }
            Self::Vote(job) => {
                let rows = job.batch.iter_mut().map(|it| (PathUse::Rows, &mut it.file));
                let examples = job.examples.as_mut().map(|it| (PathUse::Small, it));
                let schema = job.ballot.as_mut().map(|it| &mut it.schema);
                (
                    &mut job.context,
                    [schema, None],
                    rows.chain(examples).collect(),
                )
            }
            Self::MapReduce(job) => {
                let examples = job.map.examples.iter_mut().map(|it| (PathUse::Small, it));
                let reduce = match &mut job.reduce {
                    Reduce::Agent(agent) => agent.schema.as_mut(),
                    Reduce::None | Reduce::Code(_) | Reduce::Statements(_) => None,
                };
                let schemas = [job.map.schema.as_mut(), reduce];
                (&mut job.inputs, schemas, examples.collect())
            }
        };
        paths.extend(material.iter_mut().map(|it| (PathUse::Material, it)));
        paths.extend(schemas.into_iter().flatten().filter_map(|it| match it {
            SchemaSource::File(path) => Some((PathUse::Small, path)),
            SchemaSource::Inline(_) => None,
        }));
        paths
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
        of_any!(self, job => job.check())
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
