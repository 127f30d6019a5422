//! The parts that the jobs of all patterns have.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use patterns_core::{Effort, Money};
use patterns_llm::{Streaming, Tier};
use patterns_store::Durability;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Job;
use super::max_failures::MaxFailures;
use super::spelled::Spelled;
use super::units::TimeSpan;
use crate::job_error::JobError;

/// Returns whether a value is the one that it has where nothing is written.
pub(crate) fn is_default<T: Default + PartialEq>(it: &T) -> bool {
    *it == T::default()
}

/// The model that answers, and what it is told. What is known of its provider (keys, prices, limits) is no
/// part of a job, but of whoever runs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelPart {
    /// Who answers, such as `openai:gpt-5-mini`, for every role that has no model of its own; where
    /// it is missing, whoever runs the job takes what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is asked instead, one after the other, where a model gives no answer that keeps its schema, refuses,
    /// or finds a question or an answer too long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// The address of the provider, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The proxy for all requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// What all agents are told on top of the pattern's own instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Randomness, from 0 to 2; that of the provider where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The upper bound of each answer in tokens, hidden reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<NonZeroU32>,
    /// How long models think before they answer, in one vocabulary for all providers: `none`, `minimal`,
    /// `low`, `medium`, `high` or `max`; as they do by themselves where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// How urgently answers are wanted. Those of `flex` cost about half, and may take a quarter of an hour.
    #[serde(skip_serializing_if = "is_default")]
    pub tier: Tier,
}

/// How a run is carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunPart {
    /// Makes draws and the run's id repeatable, as far as the provider can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// The most calls in flight at once, up to 10000; as many as the provider takes where it is
    /// missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<NonZeroUsize>,
    /// The time for one attempt of a call, such as `2m`, which it is where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Spelled<TimeSpan>>,
    /// The time for the whole run, such as `10m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_time: Option<Spelled<TimeSpan>>,
    /// What a failed branch means for the others: `keep-going`, `fail-fast`, or a share such as `10%`.
    #[serde(skip_serializing_if = "is_default")]
    pub max_failures: MaxFailures,
    /// Whether calls that take long are sent a second time.
    #[serde(skip_serializing_if = "is_default")]
    pub hedge: bool,
    /// Whether one of many calls with the same beginning goes ahead, for the provider's prompt cache.
    #[serde(skip_serializing_if = "is_default")]
    pub prime: bool,
    /// When answers are streamed.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: Streaming,
}

/// The most that a run may spend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpendPart {
    /// Requests, of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<NonZeroU64>,
    /// Tokens, read and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<NonZeroU64>,
    /// Dollars, such as `"2.50"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub max_cost: Option<Money>,
}

/// Where answers are recorded, and how the records are used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StorePart {
    /// The file; the usual one where it is missing. The address of a Postgres database is taken as `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The Postgres database whose answers are shared with others, as `postgres://USER@HOST/DATABASE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// What is done with it.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: StoreMode,
    /// What recorded answers survive.
    #[serde(skip_serializing_if = "is_default")]
    pub durability: Durability,
    /// Whether it is kept what models are asked, to be shown later; it is where this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<bool>,
}

/// What is done with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreMode {
    /// Answers are found in it and recorded.
    #[default]
    Use,
    /// Nothing is found and nothing recorded.
    None,
    /// Every call is paid for again; new answers take the place of the recorded ones.
    Fresh,
    /// No call is made: only recorded answers are given.
    ReadOnly,
}

/// A JSON Schema: written in the job, or in a file of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected the name of a file with a JSON Schema, or the schema itself"
)]
pub enum SchemaSource {
    /// The name of the file.
    File(PathBuf),
    /// The schema.
    Inline(Map<String, Value>),
}

impl SchemaSource {
    /// Returns the file, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Inline(_) => None,
        }
    }
}

/// Checks that whoever is asked instead is somebody else, and no model twice.
fn check_fallback(model: &ModelPart) -> Result<(), JobError> {
    let key = "model.fallback";
    for (at, name) in model.fallback.iter().enumerate() {
        let message = match name {
            _ if name.trim().is_empty() => format!("`{key}` has an empty name"),
            _ if name.trim() == "offline" => {
                format!("`{key}`: the offline model only quotes, and takes the place of none")
            }
            _ if model.name.as_ref() == Some(name) => {
                format!("`{key}` names {name}, which is the model itself")
            }
            _ if model.fallback[..at].contains(name) => format!("`{key}` names {name} twice"),
            _ => continue,
        };
        return Err(JobError::of_key(key, message));
    }
    Ok(())
}

/// Checks the parts that all jobs have.
pub(crate) fn check(job: &Job) -> Result<(), JobError> {
    job.output().check_ending()?;
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (model, run) = (job.model(), job.run_part());
    if model
        .temperature
        .is_some_and(|it| !(0.0..=2.0).contains(&it))
    {
        let message = "`model.temperature` is a number from 0 to 2";
        return Err(JobError::of_key("model.temperature", message));
    }
    if run.concurrency.is_some_and(|it| it.get() > 10_000) {
        let message = "`run.concurrency` is at most 10000";
        return Err(JobError::of_key("run.concurrency", message));
    }
    check_fallback(model)?;
    let times = [
        ("run.timeout", &run.timeout),
        ("run.max_time", &run.max_time),
    ];
    for (key, time) in times {
        if time.as_ref().is_some_and(|it| it.0.is_zero() || it.0 > DAY) {
            let message = format!("`{key}` is more than zero and at most 24h");
            return Err(JobError::of_key(key, message));
        }
    }
    Ok(())
}
