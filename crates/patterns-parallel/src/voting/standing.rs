//! Shows how an election stood after each of its ballots.

use serde::Serialize;

use super::ballot::Ballot;
use super::stop::{Step, Stopper, Tally};

/// How an election stood after a ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
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
    pub next: Option<Step>,
}

/// Returns how an election stood after each of its ballots, which are counted in voter order.
pub(super) fn standings(ballots: &[Ballot], stopper: &Stopper) -> Vec<Standing> {
    let mut tally = Tally::default();
    let (mut wave, mut left) = (0, 0);
    let mut steps = Vec::with_capacity(ballots.len());
    for ballot in ballots {
        if left == 0
            && let Step::Ask(ballots) = stopper.next(&tally)
        {
            (wave, left) = (wave + 1, ballots);
        }
        tally.count(ballot.normalised.as_deref());
        left = left.saturating_sub(1);
        let next = (left == 0).then(|| stopper.next(&tally));
        let (leader, runner_up) = tally.front();
        let mut counts = tally.counts().to_vec();
        counts.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        steps.push(Standing {
            voter: ballot.voter.clone(),
            counted: ballot.normalised.clone(),
            wave,
            counts,
            lead: leader - runner_up,
            next,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::StoppingRule;

    #[test]
    fn waves_end_where_the_stopper_decides_again() {
        let ballots = ["a", "a", "b", "a", ""].map(|answer| {
            let counted = (!answer.is_empty()).then(|| answer.to_owned());
            Ballot::new("v", None, counted)
        });
        let stopper = Stopper::new(StoppingRule::AheadBy(2), 7).unwrap();
        let shown = standings(&ballots[..4], &stopper);
        let line =
            |it: &Standing| format!("{} {:?} +{} {:?}", it.wave, it.counts, it.lead, it.next);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 Some(Stop(AheadEnough))
        1 [("a", 2), ("b", 1)] +1 Some(Ask(1))
        2 [("a", 3), ("b", 1)] +2 Some(Stop(AheadEnough))
        "#);
        let stopper = Stopper::new(StoppingRule::Fixed, 5).unwrap();
        let shown = standings(&ballots, &stopper);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 None
        1 [("a", 2), ("b", 1)] +1 None
        1 [("a", 3), ("b", 1)] +2 None
        1 [("a", 3), ("b", 1)] +2 Some(Stop(AllVotesCast))
        "#);
    }
}
