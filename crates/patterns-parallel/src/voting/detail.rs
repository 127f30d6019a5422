//! Decides an election by any voting rule: what the counts of votes don't say is its detail.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ballot::Ballot;
use super::field::{FieldRules, ObjectElection, decide_fields};
use super::judging::{JudgedElection, Judging};
use super::numeric::{NumericElection, Tolerance, decide_numbers, read_number};
use super::rule::{Decision, Election, Rule, TieBreak, decide};
use super::voting_rule::VotingRule;
use super::weighted::{WeightedElection, decide_weighted};

/// What a rule found that counts of votes don't say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleDetail {
    /// Of votes that weigh differently.
    Weighted(WeightedElection),
    /// Of numbers.
    Numeric(NumericElection),
    /// Of answers that a judge was asked about.
    Judged(JudgedElection),
    /// Of objects, field by field.
    Fields(ObjectElection),
}

/// How an election is decided.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) rule: &'a VotingRule,
    pub(super) tie_break: TieBreak,
    pub(super) quorum: u64,
}

/// What decides, in the terms of an [`Election`].
struct Finding {
    winner: Option<String>,
    decision: Decision,
    vote_count: u64,
    total_votes: u64,
    share: f64,
    detail: RuleDetail,
}

impl Terms<'_> {
    /// Decides on ballots with a weight each, or by what a judge has said of them.
    pub(super) fn decide(
        self,
        ballots: Vec<Ballot>,
        weights: &[f64],
        judging: Option<&Judging>,
    ) -> Election {
        let tie_break = self.tie_break;
        let finding = match self.rule {
            VotingRule::Votes(rule) if weights.windows(2).all(|pair| pair[0] == pair[1]) => {
                return decide(ballots, *rule, tie_break, self.quorum);
            }
            VotingRule::Votes(rule) => Some(weighted(&ballots, weights, *rule, tie_break)),
            VotingRule::Median(tolerance) => Some(numeric(&ballots, *tolerance)),
            VotingRule::Judged(_) => judging.map(|it| judged(it, &ballots, tie_break)),
            VotingRule::Fields { schema, rules } => {
                Some(fields(schema, rules, &ballots, tie_break))
            }
        };
        let mut election = decide(ballots, Rule::Plurality, tie_break, self.quorum);
        let Some(finding) = finding else {
            election.winning_answer = None;
            election.decision = Decision::QuorumMissed;
            return election;
        };
        election.total_votes = finding.total_votes;
        election.abstentions = election.ballots.len() as u64 - finding.total_votes;
        election.vote_count = finding.vote_count;
        election.share = finding.share;
        election.share_interval = None;
        election.decision = if finding.total_votes < self.quorum.max(1) {
            Decision::QuorumMissed
        } else {
            finding.decision
        };
        election.winning_answer = finding.winner.filter(|_| election.decision.is_won());
        election.detail = Some(finding.detail);
        election
    }
}

fn judged(judging: &Judging, ballots: &[Ballot], tie_break: TieBreak) -> Finding {
    let (winner, decision, it) = judging.result(tie_break);
    let total_votes = ballots.iter().filter(|it| it.normalised.is_some()).count() as u64;
    let vote_count = it.answers.first().map_or(0, |it| it.votes);
    Finding {
        winner,
        decision,
        vote_count,
        total_votes,
        share: vote_count as f64 / total_votes.max(1) as f64,
        detail: RuleDetail::Judged(it),
    }
}

fn weighted(ballots: &[Ballot], weights: &[f64], rule: Rule, tie_break: TieBreak) -> Finding {
    let it = decide_weighted(ballots, weights, rule, tie_break);
    Finding {
        winner: it.winning_answer.clone(),
        decision: it.decision,
        vote_count: it.counts.first().map_or(0, |it| it.votes),
        total_votes: it.total_votes,
        share: it.share,
        detail: RuleDetail::Weighted(it),
    }
}

fn numeric(ballots: &[Ballot], tolerance: Tolerance) -> Finding {
    let numbers = ballots.iter().map(|it| read_number(it.answer.as_deref()?));
    let numbers: Vec<Option<f64>> = numbers.collect();
    let it = decide_numbers(&numbers, tolerance);
    Finding {
        winner: it.value.map(|it| it.to_string()),
        decision: it.decision,
        vote_count: it.vote_count,
        total_votes: it.total_votes,
        share: it.share,
        detail: RuleDetail::Numeric(it),
    }
}

fn fields(schema: &Value, rules: &FieldRules, ballots: &[Ballot], tie_break: TieBreak) -> Finding {
    let values = ballots
        .iter()
        .filter_map(|it| serde_json::from_str(it.answer.as_deref()?).ok());
    let values: Vec<Value> = values.collect();
    let it = decide_fields(schema, &values, rules, tie_break);
    let shares: Vec<f64> = it.fields.iter().map(|it| it.share).collect();
    Finding {
        winner: Some(it.value.to_string()),
        decision: if it.is_complete {
            Decision::Won
        } else {
            Decision::ThresholdMissed
        },
        vote_count: values.iter().filter(|value| **value == it.value).count() as u64,
        total_votes: it.total_ballots,
        share: shares.iter().sum::<f64>() / shares.len().max(1) as f64,
        detail: RuleDetail::Fields(it),
    }
}
