//! Rehearses sections and a map-reduce: once, or at the bounds of what their answers decide.

use patterns_core::StepRole;
use patterns_parallel::map_reduce::KeyedReduce;

use super::ballots::{Ballots, Fall};
use super::plan_setup::PlanSetup;
use super::rehearsal::{Ended, Extent, Rehearsal};
use super::rehearsed::{Rehearsed, Stages, add, widen};
use super::seen::Seen;
use super::warnings::not_known;
use crate::input::{Reader, Taken};
use crate::job::{CodePart, Job, MapReduceJob, Reduce};
use crate::job_error::JobError;
use crate::pattern::ReduceBudget;
use crate::work::{MapReduceWork, ModelRoles, SectionWork, VoteWork};

/// Elections of sections that are votes are rehearsed so often, since all of the job is rehearsed with them.
const ELECTIONS_WITHIN: usize = 40;

/// Rehearses a job: once where its calls do not depend on what is answered, and else at its bounds, too. Where the
/// store has some of the answers, the others are taken to be like them.
pub(super) async fn once(
    job: Job,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<Rehearsed, JobError> {
    let (identity, budget) = identity(&job, roles, with, reader)?;
    let rehearse = Rehearse { job, with, reader };
    let (extent, fall) = (Extent::Likely, Fall::Foreseen(0));
    let (mut likely, taken) = rehearse.once(extent, fall, &Seen::default()).await?;
    let seen = std::mem::take(&mut likely.seen);
    if !seen.is_empty() && likely.stages.values().any(|it| it.calls > 0) {
        likely = rehearse.once(extent, fall, &seen).await?.0;
    }
    let rounds = rehearse.rounds();
    for round in 1..rounds {
        let (ended, _) = rehearse.once(extent, Fall::Foreseen(round), &seen).await?;
        add(&mut likely.stages, ended.stages);
    }
    let (mut low, mut high) = match rehearse.decides() {
        true => rehearse.bounds(&mut likely.warnings).await?,
        false => (likely.stages.clone(), likely.stages.clone()),
    };
    if let Job::MapReduce(job) = &rehearse.job {
        bound_comparisons(job, &mut low, &mut high);
    }
    likely.warnings.extend(not_known(&rehearse.job));
    Ok(Rehearsed {
        low,
        likely: likely.stages,
        rounds,
        high,
        warnings: likely.warnings,
        taken,
        identity,
        budget,
    })
}

/// Bounds how often keys are compared, which depends on what they are: at least never, and at most each with each
/// other one, or as often as a table ever has them compared.
fn bound_comparisons(job: &MapReduceJob, low: &mut Stages, high: &mut Stages) {
    let Reduce::Code(CodePart {
        resolve_keys: true,
        each,
        ..
    }) = &job.reduce
    else {
        return;
    };
    low.retain(|name, _| name.stage != StepRole::Reduce.name());
    let maps = high.iter().filter(|it| it.0.stage == StepRole::Map.name());
    let rows: u64 = maps.map(|(_, it)| it.calls + it.found).sum();
    let most = KeyedReduce::MOST_PAIRS as u64;
    let pairs = match each {
        Some(_) => most,
        None => (rows * rows.saturating_sub(1) / 2).min(most),
    };
    for (_, it) in high
        .iter_mut()
        .filter(|it| it.0.stage == StepRole::Reduce.name())
    {
        it.scale(pairs.saturating_sub(it.found));
    }
}

/// What is rehearsed, and with what.
struct Rehearse<'a> {
    job: Job,
    with: &'a PlanSetup,
    reader: &'a Reader,
}

impl Rehearse<'_> {
    /// Returns the elections of sections that are votes, by how many ballots each has at most.
    fn elections(&self) -> impl Iterator<Item = usize> {
        let sections = match &self.job {
            Job::Section(job) => Some(job.nested()),
            _ => None,
        };
        let nested = sections.into_iter().flatten();
        nested.filter_map(|it| match it {
            Job::Vote(vote) => Some(vote.most_ballots()),
            _ => None,
        })
    }

    /// Returns how often it is rehearsed, so that what is likely of its elections is a mean of some.
    fn rounds(&self) -> u64 {
        match self.elections().count() {
            0 => 1,
            elections => ELECTIONS_WITHIN.div_ceil(elections) as u64,
        }
    }

    /// Returns whether how many calls there are depends on what is answered.
    fn decides(&self) -> bool {
        let gleans = |it: &MapReduceJob| it.map.glean.is_some();
        match &self.job {
            Job::Section(job) => {
                let asks_again = |it: &Job| matches!(it, Job::MapReduce(job) if gleans(job));
                let decides = job.gate || job.grow.is_some() || job.consistency;
                decides || self.elections().next().is_some() || job.nested().any(asks_again)
            }
            Job::MapReduce(job) => gleans(job),
            Job::Vote(_) => true,
        }
    }

    /// Rehearses it with the least and with the most that may come of it.
    async fn bounds(&self, warnings: &mut Vec<String>) -> Result<(Stages, Stages), JobError> {
        let none = Seen::default();
        let (low, _) = self.once(Extent::Least, Fall::Agree, &none).await?;
        let (mut high, _) = self.once(Extent::Most, Fall::Differ, &none).await?;
        if let Some(votes) = self.elections().max() {
            let (contested, _) = self.once(Extent::Most, Fall::Contest(votes), &none).await?;
            widen(&mut high.stages, contested.stages);
        }
        let of_high = high.warnings.into_iter();
        warnings.extend(of_high.map(|it| format!("at most: {it}")));
        Ok((low.stages, high.stages))
    }

    /// Rehearses it once.
    async fn once(
        &self,
        extent: Extent,
        fall: Fall,
        like: &Seen,
    ) -> Result<(Ended, Option<Taken>), JobError> {
        let sections = match &self.job {
            Job::Section(job) => job.planned(),
            _ => 0,
        };
        let ballots = Ballots::new(fall, Vec::new(), "/answer".to_owned());
        let (mode, extent) = (self.job.store().mode, (sections, extent));
        let rehearsal = Rehearsal::new(self.with, mode, extent, ballots, like);
        let setup = rehearsal.setup(&self.with.setup);
        let (failure, taken) = match self.job.clone() {
            Job::MapReduce(job) => {
                let (outcome, taken) = Box::pin(job.carry_out(&setup, self.reader, false)).await?;
                (outcome.value.err(), taken)
            }
            other => {
                let outcome = Box::pin(other.run(&setup, self.reader)).await?;
                (outcome.value.err(), None)
            }
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
}

/// Returns what a run of the job would be known by, and how much a call of it combines, if any does.
fn identity(
    job: &Job,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<([u8; 32], Option<ReduceBudget>), JobError> {
    let (settings, models) = (&with.setup.settings, &with.setup.models);
    Ok(match job.clone() {
        Job::Section(job) => (
            SectionWork::read(*job, reader)?.identity(roles, settings),
            None,
        ),
        Job::Vote(job) => (
            VoteWork::read(*job, reader)?.identity(roles, settings),
            None,
        ),
        Job::MapReduce(job) => {
            let work = MapReduceWork::read(*job)?;
            (work.identity(roles, settings), work.reduce_budget(models))
        }
    })
}
