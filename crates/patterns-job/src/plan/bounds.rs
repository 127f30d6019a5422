//! Rehearses a job: as it is likely to go, and where its calls depend on what is answered, at the bounds of that, too.

use std::mem;

use patterns_core::StepRole;
use patterns_parallel::map_reduce::KeyedReduce;

use super::ballots::{Ballots, Fall};
use super::rehearsal::{Ended, Extent, Rehearsal};
use super::seen::Seen;
use super::stage_tally::{Rehearsed, Stages, add, widen};
use super::warnings::not_known;
use crate::input::{Reader, Taken};
use crate::job::{CodePart, Job, MapReduceJob, Reduce, StoreMode};
use crate::job_error::JobError;
use crate::setup::PlanSetup;
use crate::work::{MapReduceWork, ModelRoles, Questions, Work};

/// Elections that are rehearsed at least, the same ones again and again if they are fewer.
const ELECTIONS: usize = 400;

/// So many ballots are cast for that at most, but in any case in so few elections.
const BALLOTS: usize = 20_000;
const FEW_ROUNDS: usize = 4;

/// Elections of sections that are votes are rehearsed so often, since all of the job is rehearsed with them.
const ELECTIONS_WITHIN: usize = 40;

/// Rehearses a job. Where the store has some of the answers, the others are taken to be like them.
pub(super) async fn rehearsed(
    job: Job,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<Rehearsed, JobError> {
    let (mode, not_known) = (job.store().mode, not_known(&job));
    let work = Work::read(job, reader)?;
    let rehearse = Rehearse {
        work: &work,
        mode,
        with,
        reader,
    };
    let none = Seen::default();
    let decides = rehearse.decides();
    // Where no answer decides anything, what is likely is the least and the most, too.
    let (extent, fall) = match decides {
        true => (Extent::Least, Fall::Agree),
        false => (Extent::Likely, Fall::Foreseen(0)),
    };
    let (first, taken) = rehearse.once((extent, fall), Vec::new(), &none).await?;
    let (known, seen) = (first.ballots.known(), first.seen);
    let is_like_others = !seen.is_empty() && first.stages.values().any(|it| it.calls > 0);
    let (mut likely, mut warnings, mut rounds) = (Stages::new(), Vec::new(), 1);
    if decides || is_like_others {
        rounds = rehearse.rounds();
        for round in 0..rounds {
            let way = (Extent::Likely, Fall::Foreseen(round));
            let (ended, _) = rehearse.once(way, known.clone(), &seen).await?;
            add(&mut likely, ended.stages);
            let new = ended.warnings.into_iter();
            warnings.extend(new.filter(|_| round == 0));
        }
    } else {
        likely.clone_from(&first.stages);
        warnings = first.warnings;
    }
    let (mut low, mut high) = match decides {
        true => (first.stages, rehearse.most(&mut warnings).await?),
        false => (likely.clone(), likely.clone()),
    };
    // Some rules ask the fewest where voters differ.
    let calls = |it: &Stages| it.values().map(|it| it.calls).sum::<u64>();
    if calls(&high) < calls(&low) {
        mem::swap(&mut low, &mut high);
    }
    widen(&mut high, low.clone());
    warnings.extend(not_known);
    let mut budget = None;
    if let Work::MapReduce(work) = &work {
        warnings.extend(bound_comparisons(work, &mut low, &mut high));
        budget = work.reduce_budget(&with.setup.models);
    }
    Ok(Rehearsed {
        low,
        likely,
        rounds,
        high,
        warnings,
        taken,
        identity: work.identity(roles, &with.setup.settings),
        budget,
    })
}

/// Bounds how often keys are compared, which depends on what they are: at least never, and at most each with each
/// other one, or as often as a table ever has them compared. Returns a warning where no figure can say so, since
/// no two of the answers that were drafted are alike.
fn bound_comparisons(work: &MapReduceWork, low: &mut Stages, high: &mut Stages) -> Option<String> {
    let Reduce::Code(CodePart {
        resolve_keys: true,
        each,
        group_by,
        ..
    }) = &work.job.reduce
    else {
        return None;
    };
    // A list puts an answer into several groups.
    let properties = work.map_schema.as_ref().map(|it| &it["properties"]);
    let is_list = |name: &String| properties.is_none_or(|it| it[name]["type"] == "array");
    let has_one_key = each.is_none() && !group_by.as_ref().is_some_and(is_list);
    low.retain(|name, _| name.stage != StepRole::Reduce.name());
    let maps = high.iter().filter(|it| it.0.stage == StepRole::Map.name());
    let rows: u64 = maps.map(|(_, it)| it.calls + it.found).sum();
    let most = KeyedReduce::MOST_PAIRS as u64;
    let pairs = match has_one_key {
        true => (rows.saturating_mul(rows.saturating_sub(1)) / 2).min(most),
        false => most,
    };
    let mut has_figure = false;
    for (_, it) in high
        .iter_mut()
        .filter(|it| it.0.stage == StepRole::Reduce.name())
    {
        it.scale(pairs.saturating_sub(it.found));
        has_figure = true;
    }
    let is_silent = pairs > 0 && !has_figure;
    is_silent.then(|| format!("up to {pairs} pairs of keys may be compared, which no figure has"))
}

/// What is rehearsed, and with what.
struct Rehearse<'a> {
    work: &'a Work,
    mode: StoreMode,
    with: &'a PlanSetup,
    reader: &'a Reader,
}

impl Rehearse<'_> {
    /// Returns how many ballots its elections have at most: each of its sections that are votes, or all of a vote's.
    fn elections(&self) -> Vec<usize> {
        match self.work {
            Work::Vote(work) => vec![work.job.most_ballots()],
            Work::MapReduce(_) => Vec::new(),
            Work::Section(work) => {
                let votes = work.job.nested().filter_map(|it| match it {
                    Job::Vote(vote) => Some(vote.most_ballots()),
                    _ => None,
                });
                votes.collect()
            }
        }
    }

    /// Returns how often it is rehearsed, so that what is likely of its elections is a mean of some.
    fn rounds(&self) -> u64 {
        match self.work {
            Work::Vote(work) => {
                let questions = match &work.questions {
                    Questions::One(_) => 1,
                    Questions::Batch(rows) => rows.len().max(1),
                };
                rounds(questions, work.job.most_ballots())
            }
            _ => match self.elections().len() {
                0 => 1,
                elections => ELECTIONS_WITHIN.div_ceil(elections) as u64,
            },
        }
    }

    /// Returns whether how many calls there are depends on what is answered.
    fn decides(&self) -> bool {
        let gleans = |it: &MapReduceJob| it.map.glean.is_some();
        match self.work {
            Work::Section(work) => {
                let job = &work.job;
                let asks_again = |it: &Job| matches!(it, Job::MapReduce(job) if gleans(job));
                let decides = job.gate || job.grow.is_some() || job.consistency;
                decides || !self.elections().is_empty() || job.nested().any(asks_again)
            }
            Work::MapReduce(work) => gleans(&work.job),
            Work::Vote(_) => true,
        }
    }

    /// Rehearses it with the most that may come of it.
    async fn most(&self, warnings: &mut Vec<String>) -> Result<Stages, JobError> {
        let none = Seen::default();
        let mut high = Stages::new();
        let contest = self.elections().into_iter().max().map(Fall::Contest);
        for fall in [Some(Fall::Differ), contest].into_iter().flatten() {
            let (ended, _) = self.once((Extent::Most, fall), Vec::new(), &none).await?;
            widen(&mut high, ended.stages);
            for warning in ended.warnings {
                let said = format!("at most: {warning}");
                if !warnings.contains(&warning) && !warnings.contains(&said) {
                    warnings.push(said);
                }
            }
        }
        Ok(high)
    }

    /// Rehearses it once.
    async fn once(
        &self,
        (extent, fall): (Extent, Fall),
        known: Vec<Vec<usize>>,
        like: &Seen,
    ) -> Result<(Ended, Option<Taken>), JobError> {
        let (sections, pointer) = match self.work {
            Work::Section(work) => (work.job.planned(), None),
            Work::Vote(work) => (0, work.ballot.as_ref().map(|it| it.answer.clone())),
            Work::MapReduce(_) => (0, None),
        };
        let pointer = pointer.unwrap_or_else(|| "/answer".to_owned());
        let ballots = Ballots::new(fall, known, pointer);
        let rehearsal = Rehearsal::new(self.with, self.mode, (sections, extent), ballots, like);
        let setup = rehearsal.setup(&self.with.setup);
        let (outcome, taken) = Box::pin(self.work.run(&setup, self.reader, false)).await?;
        let mut ended = rehearsal.end();
        ended.warnings.extend(outcome.value.err().map(|it| {
            let cause = it
                .agent_error()
                .map_or_else(String::new, |it| format!(" ({it})"));
            format!("the plan breaks off: {it}{cause}; what would follow is not in it")
        }));
        Ok((ended, taken))
    }
}

/// Returns how often elections are rehearsed: that a mean is of enough of them, and not so often that the votes of
/// many voters are cast for minutes; the more voters, the less do elections differ.
fn rounds(questions: usize, ballots: usize) -> u64 {
    let enough = ELECTIONS.div_ceil(questions);
    let at_most = BALLOTS / (questions * ballots.max(1)).max(1);
    enough.min(at_most.max(FEW_ROUNDS.div_ceil(questions))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_votes_are_cast_the_fewer_elections_are_rehearsed() {
        for (questions, ballots, expected) in [
            (1, 5, 400),
            (1, 1_000, 20),
            (1, 60_000, 4),
            (80, 7, 5),
            (400, 5, 1),
            (5_000, 9, 1),
            (3, 9_000, 2),
        ] {
            assert_eq!(
                rounds(questions, ballots),
                expected,
                "{questions} × {ballots}"
            );
        }
    }
}
