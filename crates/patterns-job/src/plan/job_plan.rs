//! Plans a job: rehearses it as often as its figures need, and adds up.

use std::collections::BTreeMap;

use patterns_core::{Caps, ModelId, Pattern};
use patterns_llm::token_counter;
use patterns_parallel::RunError;
use patterns_store::Experience;

use super::ballots::{Ballots, Fall};
use super::figures::{Counted, Known, time};
use super::plan_setup::PlanSetup;
use super::rehearsal::{Ended, Extent, Rehearsal};
use super::stage_tally::StageTally;
use super::written_plan::{Plan, PlanTotal, Stage};
use crate::input::{Reader, Taken};
use crate::job::{Job, VoteJob};
use crate::job_error::{JobError, JobErrorKind};
use crate::work::{MapReduceWork, ModelRoles, Questions, SectionWork, Settings, VoteWork};

/// Elections that are rehearsed at least, the same ones again and again if they are fewer.
const ELECTIONS: usize = 400;

/// Calls by stage and model.
type Stages = BTreeMap<(String, String), StageTally>;

/// What was rehearsed: at least, on average over so many rehearsals, and at most.
struct Rehearsed {
    low: Stages,
    likely: Stages,
    rounds: u64,
    high: Stages,
    warnings: Vec<String>,
    taken: Option<Taken>,
    identity: [u8; 32],
}

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
        let roles = ModelRoles::of(&self)?;
        let rehearsed = match self {
            Self::Vote(job) => Box::pin(elections(*job, &roles, with, reader)).await?,
            other => Box::pin(once(other, &roles, with, reader)).await?,
        };
        Ok(plan(pattern, rehearsed, with, &experience))
    }
}

/// Rehearses a job: once where its calls do not depend on what is answered, and else at its bounds, too.
async fn once(
    job: Job,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<Rehearsed, JobError> {
    let identity = identity(&job, roles, &with.setup.settings, reader)?;
    let decides = match &job {
        Job::Section(job) => job.gate || job.grow.is_some() || job.consistency,
        _ => false,
    };
    let (mut likely, taken) = rehearsed(job.clone(), Extent::Likely, with, reader).await?;
    let (low, high) = match decides {
        true => {
            let (low, _) = rehearsed(job.clone(), Extent::Least, with, reader).await?;
            let (high, _) = rehearsed(job, Extent::Most, with, reader).await?;
            let of_high = high.warnings.into_iter();
            let of_high = of_high.map(|it| format!("at most: {it}"));
            likely.warnings.extend(of_high);
            (low.stages, high.stages)
        }
        false => (likely.stages.clone(), likely.stages.clone()),
    };
    Ok(Rehearsed {
        low,
        likely: likely.stages,
        rounds: 1,
        high,
        warnings: likely.warnings,
        taken,
        identity,
    })
}

/// Rehearses a job once.
async fn rehearsed(
    job: Job,
    extent: Extent,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<(Ended, Option<Taken>), JobError> {
    let sections = match &job {
        Job::Section(job) => job.planned(),
        _ => 0,
    };
    let ballots = Ballots::new(Fall::Agree, Vec::new(), String::new());
    let rehearsal = Rehearsal::new(with, job.store().mode, (sections, extent), ballots);
    let setup = rehearsal.setup(&with.setup);
    let (failure, taken) = match job {
        Job::MapReduce(job) => {
            let (outcome, taken) = Box::pin(job.carry_out(&setup, reader, false)).await?;
            (outcome.value.err(), taken)
        }
        other => (Box::pin(other.run(&setup, reader)).await?.value.err(), None),
    };
    let mut ended = rehearsal.end();
    ended.warnings.extend(failure.map(|it| {
        let cause = it
            .agent_error()
            .map_or_else(String::new, |it| format!(" ({it})"));
        format!("the plan breaks off: {it}{cause}; what would follow is not in it")
    }));
    Ok((ended, taken))
}

/// Returns what a run of the job would be known by.
fn identity(
    job: &Job,
    roles: &ModelRoles,
    settings: &Settings,
    reader: &Reader,
) -> Result<[u8; 32], JobError> {
    Ok(match job.clone() {
        Job::Section(job) => SectionWork::read(*job, reader)?.identity(roles, settings),
        Job::Vote(job) => VoteWork::read(*job, reader)?.identity(roles, settings),
        Job::MapReduce(job) => MapReduceWork::read(*job)?.identity(roles, settings),
    })
}

/// Rehearses elections: with ballots that agree, ballots as they are foreseen, and ballots that differ.
async fn elections(
    job: VoteJob,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<Rehearsed, JobError> {
    let mode = job.store.mode;
    let work = VoteWork::read(job, reader)?;
    let vote = async |fall, known| -> Result<Ended, JobError> {
        let pointer = match &work.ballot {
            Some(spec) => spec.answer.clone(),
            None => "/answer".to_owned(),
        };
        let ballots = Ballots::new(fall, known, pointer);
        let rehearsal = Rehearsal::new(with, mode, (0, Extent::Likely), ballots);
        hold_elections(&work, &rehearsal, with).await?;
        Ok(rehearsal.end())
    };
    let low = vote(Fall::Agree, Vec::new()).await?;
    let known = low.ballots.known();
    let questions = match &work.questions {
        Questions::One(_) => 1,
        Questions::Batch(rows) => rows.len().max(1),
    };
    let rounds = ELECTIONS.div_ceil(questions) as u64;
    let mut likely = Stages::new();
    for round in 0..rounds {
        let ended = vote(Fall::Foreseen(round), known.clone()).await?;
        for (stage, tally) in ended.stages {
            likely.entry(stage).or_default().add(tally);
        }
    }
    let high = vote(Fall::Differ, Vec::new()).await?.stages;
    Ok(Rehearsed {
        low: low.stages,
        likely,
        rounds,
        high,
        warnings: low.warnings,
        taken: work.taken,
        identity: work.identity(roles, &with.setup.settings),
    })
}

/// Holds all elections of a vote with stand-ins.
async fn hold_elections(
    work: &VoteWork,
    rehearsal: &Rehearsal,
    with: &PlanSetup,
) -> Result<(), JobError> {
    let mut setup = rehearsal.setup(&with.setup);
    // A budget that elections share would end them where it ends; the plan is what they need.
    setup.settings.caps = Caps::default();
    let voting = work.voting(&setup)?;
    let options = setup.run_options();
    let ended = match &work.questions {
        Questions::One(text) => voting
            .run(work.question(text, None), &options)
            .await
            .map(|_| ()),
        Questions::Batch(rows) => voting
            .run_batch(work.asked(rows.iter()), &options)
            .each(drop)
            .await
            .map(|_| ()),
    };
    ended.map_err(|error: RunError| JobError::new(JobErrorKind::Invalid, error.to_string()))
}

fn unreadable(error: patterns_store::StoreError) -> JobError {
    JobError::new(
        JobErrorKind::Io,
        format!("the store cannot be read: {error}"),
    )
    .help("`patterns store verify` says what is damaged")
}

/// Makes figures of what was rehearsed.
fn plan(pattern: Pattern, it: Rehearsed, with: &PlanSetup, experience: &Experience) -> Plan {
    let settings = &with.setup.settings;
    let ids = with.setup.models.iter().map(|model| model.id().clone());
    let models: BTreeMap<String, ModelId> = ids.map(|id| (id.to_string(), id)).collect();
    let counted = models.iter().filter(|(_, id)| token_counter(id).is_some());
    let counted: Vec<String> = counted.map(|(name, _)| name.clone()).collect();
    let known = Known {
        prices: &settings.prices,
        tier: settings.tier.into(),
        experience,
        most_written: settings.sampling.max_output_tokens.map(u64::from),
        models: &models,
        counted: &counted,
    };
    let nothing = StageTally::default();
    let mut names: Vec<(usize, &(String, String))> = [&it.low, &it.likely, &it.high]
        .into_iter()
        .flatten()
        .map(|(name, tally)| (tally.order, name))
        .collect();
    names.sort();
    names.dedup_by_key(|it| it.1.clone());
    let mut seen = std::collections::HashSet::new();
    names.retain(|(_, name)| seen.insert((*name).clone()));
    let stages: Vec<Stage> = names
        .into_iter()
        .map(|(_, name)| {
            let of = |stages: &'_ Stages| stages.get(name).cloned().unwrap_or(nothing.clone());
            let (low, likely, high) = (of(&it.low), of(&it.likely), of(&it.high));
            let counted = Counted {
                low: &low,
                likely: &likely,
                rounds: it.rounds,
                high: &high,
            };
            known.stage(&name.0, &name.1, &counted)
        })
        .collect();
    let total = PlanTotal::of(&stages);
    let (seconds, time_rests_on) = time(&stages, with);
    let mut warnings = it.warnings;
    warnings.dedup();
    warnings.extend(too_long(&it.high, with));
    warnings.extend(not_asked(&it.high, with));
    warnings.extend(without_price(&stages));
    warnings.extend(over_caps(&total, settings.caps));
    Plan {
        identity: it.identity,
        pattern,
        models: models.into_keys().collect(),
        input: it.taken,
        stages,
        total,
        seconds,
        time_rests_on,
        warnings,
    }
}

/// Says which calls do not fit into what their model reads at once.
fn too_long(stages: &Stages, with: &PlanSetup) -> Vec<String> {
    let windows = with.setup.models.windows();
    let too_long = stages.iter().filter_map(|((stage, model), tally)| {
        let window = *windows.get(model)?;
        (tally.longest > window).then(|| {
            format!(
                "the longest call of {stage} reads about {} tokens, and {model} takes {window}: it is \
                 asked about in parts, or fails; `source.chunk_tokens` cuts documents before",
                tally.longest
            )
        })
    });
    too_long.collect()
}

/// Says what models that are asked instead of others may add.
fn not_asked(stages: &Stages, with: &PlanSetup) -> Option<String> {
    let names: Vec<String> = with.setup.models.fallbacks().collect();
    let calls: u64 = stages.values().map(|it| it.calls).sum();
    (!names.is_empty() && calls > 0).then(|| {
        format!(
            "what {} is asked instead is not in the plan: nothing, if all answers keep their schema, and for \
             each of the {calls} calls one more and its re-asks at most",
            names.join(" or ")
        )
    })
}

fn without_price(stages: &[Stage]) -> Vec<String> {
    let mut names: Vec<&str> = stages
        .iter()
        .filter(|it| it.cost.is_none() && it.calls.high > 0 && it.model != "offline")
        .map(|it| &*it.model)
        .collect();
    names.dedup();
    let say = |name: &&str| format!("the price of {name} is not known, so neither is the cost");
    names.iter().map(say).collect()
}

/// Says which caps will probably end the run, or may.
fn over_caps(total: &PlanTotal, caps: Caps) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut look = |key: &str, likely: bool, high: bool| {
        let word = match (likely, high) {
            (true, _) => "will probably end",
            (false, true) => "may end",
            (false, false) => return,
        };
        warnings.push(format!("`{key}` {word} the run before its time"));
    };
    if let Some(most) = caps.max_calls {
        look(
            "spend.max_calls",
            total.calls.likely > most,
            total.calls.high > most,
        );
    }
    if let Some(most) = caps.max_tokens {
        let (read, written) = (total.read, total.written);
        let likely = read.likely + written.likely;
        look(
            "spend.max_tokens",
            likely > most,
            read.high + written.high > most,
        );
    }
    if let (Some(most), Some(cost)) = (caps.max_cost, total.cost) {
        look("spend.max_cost", cost.likely > most, cost.high > most);
    }
    warnings
}

#[cfg(test)]
mod tests;
