//! Plans a job: rehearses it as often as its figures need, and adds up.

use std::collections::BTreeMap;

use patterns_core::{ModelId, Pattern};
use patterns_llm::token_counter;
use patterns_store::{Experience, StoreError, StoreErrorKind};

use super::bounds::rehearsed;
use super::earlier_plans::EarlierPlans;
use super::figures::{Counted, Known};
use super::stage_tally::{Rehearsed, StageName, StageTally, Stages};
use super::time::Pace;
use super::warnings::{not_asked, over_caps, too_long, without_price, without_window};
use super::written_plan::{Figure, Plan, PlanTotal, Stage};
use crate::input::Reader;
use crate::job::Job;
use crate::job_error::{JobError, JobErrorKind};
use crate::setup::PlanSetup;
use crate::work::ModelRoles;

/// More levels of combinations than these are a chain, and shown together.
const MOST_LEVELS: u32 = 6;

impl Job {
    /// Finds out what it would do and cost. It makes no call: the models are asked for their names only.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use patterns_job::{Job, Models, PlanSetup, Reader, SectionJob, Settings, Setup};
    ///
    /// let job = SectionJob {
    ///     topic: "Tides".to_owned(),
    ///     sections: vec!["Why".to_owned().into(), "When".to_owned().into()],
    ///     ..SectionJob::default()
    /// };
    /// let job = Job::Section(Box::new(job));
    /// let setup = Setup {
    ///     models: Models::new("offline", Arc::new(patterns_offline::Offline::new())),
    ///     settings: Settings::of(&job, 1),
    ///     events: Arc::new(()),
    ///     drain: Default::default(),
    /// };
    /// let draft = |_: &str, _| {
    ///     let answer = r#"{"content": "Water.", "key_points": [], "summary": "Water.", "title": "T"}"#;
    ///     Some(answer.to_owned())
    /// };
    /// let with = PlanSetup {
    ///     setup,
    ///     store: None,
    ///     draft: Arc::new(draft),
    ///     requests_per_minute: None,
    ///     tokens_per_minute: None,
    /// };
    /// let plan = job.plan(&with, &Reader::new()).await?;
    /// assert_eq!(plan.stages[0].stage, "section");
    /// assert_eq!(plan.stages[0].calls.likely, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the job is not valid, or something that it names is missing.
    pub async fn plan(self, with: &PlanSetup, reader: &Reader) -> Result<Plan, JobError> {
        let experience = match &with.store {
            Some(store) => store.experience().map_err(unreadable)?,
            None => Experience::default(),
        };
        let pattern = match &self {
            Self::Section(_) => Pattern::Sectioning,
            Self::Vote(_) => Pattern::Voting,
            Self::MapReduce(_) => Pattern::MapReduce,
        };
        let earlier = match &with.store {
            Some(store) => EarlierPlans::read(store).map_err(unreadable)?,
            None => None,
        };
        let roles = ModelRoles::of(&self)?;
        let rehearsed = Box::pin(rehearsed(self, &roles, with, reader)).await?;
        let plan = plan(pattern, rehearsed, with, &experience);
        Ok(Plan { earlier, ..plan })
    }
}

fn unreadable(error: StoreError) -> JobError {
    let path = error.path().map(|it| it.display().to_string());
    let path = path.unwrap_or_else(|| "the store".to_owned());
    let kind = match error.kind() {
        StoreErrorKind::Damaged | StoreErrorKind::Misled => JobErrorKind::BadData,
        _ => JobErrorKind::Io,
    };
    JobError::new(kind, format!("{path}: {error}"))
        .help("`patterns store verify` says what is damaged")
}

/// Makes figures of what was rehearsed.
fn plan(pattern: Pattern, mut it: Rehearsed, with: &PlanSetup, experience: &Experience) -> Plan {
    let in_turn = deepest(&it);
    // One level needs no number.
    if !(2..=MOST_LEVELS).contains(&in_turn) {
        for stages in [&mut it.low, &mut it.likely, &mut it.high] {
            *stages = without_levels(std::mem::take(stages));
        }
    }
    let ids = with.setup.models.iter().map(|model| model.id().clone());
    let models: BTreeMap<String, ModelId> = ids.map(|id| (id.to_string(), id)).collect();
    let stages = figures(&it, &models, with, experience);
    let total = PlanTotal::of(&stages);
    let pace = Pace::of(with, &stages, experience);
    let (seconds, time_rests_on) = pace.time(&stages, in_turn.into());
    let mut warnings = it.warnings;
    warnings.dedup();
    warnings.extend(too_long(&it.high, with));
    warnings.extend(without_window(&it.high, with));
    warnings.extend(not_asked(&it.high, with));
    warnings.extend(without_price(&stages));
    warnings.extend(over_caps(&total, with.setup.settings.caps));
    Plan {
        identity: it.identity,
        pattern,
        models: models.into_keys().collect(),
        input: it.taken,
        stages,
        total,
        seconds,
        time_rests_on,
        earlier: None,
        warnings,
    }
}

/// Makes the figures of each stage, in the order in which they begin.
fn figures(
    it: &Rehearsed,
    models: &BTreeMap<String, ModelId>,
    with: &PlanSetup,
    experience: &Experience,
) -> Vec<Stage> {
    let settings = &with.setup.settings;
    let counted = models.iter().filter(|(_, id)| token_counter(id).is_some());
    let counted: Vec<String> = counted.map(|(name, _)| name.clone()).collect();
    let known = Known {
        prices: &settings.prices,
        tier: settings.tier,
        experience,
        most_written: settings.sampling.max_output_tokens.map(u64::from),
        models,
        counted: &counted,
        budget: it.budget,
    };
    let mut names: Vec<(usize, &StageName)> = [&it.low, &it.likely, &it.high]
        .into_iter()
        .flatten()
        .map(|(name, tally)| (tally.order, name))
        .collect();
    names.sort();
    let mut seen = std::collections::HashSet::new();
    names.retain(|(_, name)| seen.insert((*name).clone()));
    let all = [&it.low, &it.likely, &it.high];
    let of = |name: &StageName| all.map(|it| it.get(name).cloned().unwrap_or_default());
    let tallies: Vec<_> = names
        .into_iter()
        .map(|(_, name)| (name, of(name)))
        .collect();
    let longer = tallies.iter().map(|(name, of)| {
        let longer = known.longer(name, &counted_of(of, it.rounds));
        (name.stage.clone(), longer)
    });
    let longer: BTreeMap<String, Figure<f64>> = longer.collect();
    let stages = tallies.iter();
    stages
        .map(|(name, of)| known.stage(name, &counted_of(of, it.rounds), &longer))
        .collect()
}

fn counted_of([low, likely, high]: &[StageTally; 3], rounds: u64) -> Counted<'_> {
    Counted {
        low,
        likely,
        rounds,
        high,
    }
}

/// Returns how many levels of combinations there are at most, each of which waits for the one below.
fn deepest(it: &Rehearsed) -> u32 {
    let names = [&it.low, &it.likely, &it.high].map(BTreeMap::keys);
    let levels = names.into_iter().flatten().map(|it| it.level);
    levels.max().unwrap_or(0)
}

/// Puts all levels of combinations together.
fn without_levels(stages: Stages) -> Stages {
    let mut all = Stages::new();
    for (name, tally) in stages {
        let tallies = all.entry(StageName { level: 0, ..name });
        let order = tally.order;
        let sum = tallies.or_insert_with(|| StageTally {
            order,
            ..StageTally::default()
        });
        let first = sum.order.min(order);
        sum.add(tally);
        sum.order = first;
    }
    all
}

#[cfg(test)]
mod tests;
