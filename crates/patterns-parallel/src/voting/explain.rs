//! The course of an election, vote by vote.

use serde::Serialize;

use super::ballot::Ballot;
use super::stop::{Step, StopReason, Stopper, Tally};

/// How an election stood after a ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CourseStep {
    /// Who voted.
    pub voter: String,
    /// The ballot as it was counted; `None` for an abstention.
    pub counted: Option<String>,
    /// In which wave, from 1. The voters of a wave are asked at once.
    pub wave: u64,
    /// Each answer with its votes, most votes first, ties in the order seen.
    pub counts: Vec<(String, u64)>,
    /// By how many votes the leader is ahead.
    pub lead: u64,
    /// At the end of a wave: how many more voters are asked, or why none.
    pub next: Option<Next>,
}

/// What follows a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// So many more voters, none of whose votes can be in vain.
    Ask(u64),
    /// Nobody.
    Stop(StopReason),
}

/// Returns how an election stood after each of its ballots, which are counted in voter order.
///
/// `stopper` is that of the election; see [`Voting::stopper`](super::Voting::stopper).
pub fn course(ballots: &[Ballot], stopper: &Stopper) -> Vec<CourseStep> {
    let mut tally: Tally = Tally::new();
    let (mut wave, mut left) = (0, 0);
    let mut steps = Vec::with_capacity(ballots.len());
    for ballot in ballots {
        if left == 0
            && let Step::Draw(ballots) = stopper.next(&tally)
        {
            (wave, left) = (wave + 1, ballots);
        }
        tally.count(ballot.normalised.as_deref());
        left = left.saturating_sub(1);
        let next = match stopper.next(&tally) {
            _ if left > 0 => None,
            Step::Draw(more) => Some(Next::Ask(more)),
            Step::Stop(reason) => Some(Next::Stop(reason)),
        };
        let votes = |place: Option<(&String, u64)>| place.map_or(0, |it| it.1);
        let mut counts: Vec<(String, u64)> =
            tally.counts().map(|(it, n)| (it.clone(), n)).collect();
        counts.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        steps.push(CourseStep {
            voter: ballot.voter.clone(),
            counted: ballot.normalised.clone(),
            wave,
            counts,
            lead: votes(tally.leader()) - votes(tally.runner_up()),
            next,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoppingRule;

    #[test]
    fn waves_end_where_the_stopper_decides_again() {
        let ballots = ["a", "a", "b", "a", ""].map(|answer| Ballot {
            voter: "v".to_owned(),
            answer: None,
            normalised: (!answer.is_empty()).then(|| answer.to_owned()),
        });
        let stopper = Stopper::new(&StoppingRule::AheadBy(2), 5).unwrap();
        let shown = course(&ballots[..4], &stopper);
        let line =
            |it: &CourseStep| format!("{} {:?} +{} {:?}", it.wave, it.counts, it.lead, it.next);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 Some(Stop(AheadEnough))
        1 [("a", 2), ("b", 1)] +1 Some(Ask(1))
        2 [("a", 3), ("b", 1)] +2 Some(Stop(AheadEnough))
        "#);
        let stopper = Stopper::new(&StoppingRule::Fixed, 5).unwrap();
        let shown = course(&ballots, &stopper);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 None
        1 [("a", 2), ("b", 1)] +1 None
        1 [("a", 3), ("b", 1)] +2 None
        1 [("a", 3), ("b", 1)] +2 Some(Stop(AllVotesCast))
        "#);
    }
}
