//! Rehearses a vote: how many ballots it takes depends on how they fall.

use patterns_core::Caps;
use patterns_parallel::RunError;

use super::ballots::{Ballots, Fall};
use super::plan_setup::PlanSetup;
use super::rehearsal::{Ended, Extent, Rehearsal};
use super::rehearsed::{Rehearsed, Stages, add, widen};
use super::seen::Seen;
use crate::input::Reader;
use crate::job::VoteJob;
use crate::job_error::{JobError, JobErrorKind};
use crate::work::{ModelRoles, Questions, VoteWork};

/// Elections that are rehearsed at least, the same ones again and again if they are fewer.
const ELECTIONS: usize = 400;

/// So many ballots are cast for that at most, but in any case in so few elections.
const BALLOTS: usize = 20_000;
const FEW_ROUNDS: usize = 4;

/// Rehearses elections: with ballots that agree, ballots as they are foreseen, and ballots that differ.
pub(super) async fn elections(
    job: VoteJob,
    roles: &ModelRoles,
    with: &PlanSetup,
    reader: &Reader,
) -> Result<Rehearsed, JobError> {
    let mode = job.store.mode;
    let work = VoteWork::read(job, reader)?;
    let vote = async |(extent, fall), known, like: &Seen| -> Result<Ended, JobError> {
        let pointer = match &work.ballot {
            Some(spec) => spec.answer.clone(),
            None => "/answer".to_owned(),
        };
        let ballots = Ballots::new(fall, known, pointer);
        let rehearsal = Rehearsal::new(with, mode, (0, extent), ballots, like);
        hold_elections(&work, &rehearsal, with).await?;
        Ok(rehearsal.end())
    };
    let (most, none) = (Extent::Most, Seen::default());
    let low = vote((Extent::Least, Fall::Agree), Vec::new(), &none).await?;
    let (known, seen) = (low.ballots.known(), low.seen);
    let questions = match &work.questions {
        Questions::One(_) => 1,
        Questions::Batch(rows) => rows.len().max(1),
    };
    let rounds = rounds(questions, work.job.most_ballots());
    let mut likely = Stages::new();
    for round in 0..rounds {
        let way = (Extent::Likely, Fall::Foreseen(round));
        add(&mut likely, vote(way, known.clone(), &seen).await?.stages);
    }
    let mut high = vote((most, Fall::Differ), Vec::new(), &none).await?.stages;
    let contest = Fall::Contest(work.job.most_ballots());
    widen(
        &mut high,
        vote((most, contest), Vec::new(), &none).await?.stages,
    );
    Ok(Rehearsed {
        low: low.stages,
        likely,
        rounds,
        high,
        warnings: low.warnings,
        taken: work.taken,
        identity: work.identity(roles, &with.setup.settings),
        budget: None,
    })
}

/// Returns how often elections are rehearsed: that a mean is of enough of them, and not so often that the votes of
/// many voters are cast for minutes; the more voters, the less do elections differ.
fn rounds(questions: usize, ballots: usize) -> u64 {
    let enough = ELECTIONS.div_ceil(questions);
    let at_most = BALLOTS / (questions * ballots.max(1)).max(1);
    enough.min(at_most.max(FEW_ROUNDS.div_ceil(questions))) as u64
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
    let voting = work.voting(&setup);
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
