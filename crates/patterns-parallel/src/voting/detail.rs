//! Decides an election by any voting rule: what the counts of votes don't say is its detail.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ballot::{Ballot, Question};
use super::field::{FieldRules, ObjectElection, decide_fields};
use super::judging::{JudgedElection, Judging};
use super::numeric::{NumericElection, NumericRule, decide_numbers, read_number};
use super::ranked::{RankedElection, RankedRule, Rankings};
use super::rule::{Decision, Election, TieBreak, decide};
use super::voting_rule::VotingRule;
use super::weighted::{WeightedElection, decide_weighted};

/// What a rule found that counts of votes don't say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleDetail {
    /// Of weighted votes.
    Weighted(WeightedElection),
    /// Of numbers.
    Numeric(NumericElection),
    /// Of rankings.
    Ranked(RankedElection),
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
        question: &Question,
        ballots: Vec<Ballot>,
        weights: &[f64],
        judging: Option<&Judging>,
    ) -> Election {
        let tie_break = self.tie_break;
        let finding = match self.rule {
            VotingRule::Votes(rule) => return decide(ballots, *rule, tie_break, self.quorum),
            VotingRule::Weighted => weighted(&ballots, weights, tie_break),
            VotingRule::Numeric(rule) => numeric(&ballots, *rule, tie_break),
            VotingRule::Ranked(rule) => ranked(question, &ballots, *rule, tie_break),
            VotingRule::Judged(_) => judging.map(|it| judged(it, &ballots, tie_break)),
            VotingRule::Fields { schema, rules } => {
                Some(fields(schema, rules, &ballots, tie_break))
            }
        };
        let mut election = decide(ballots, super::Rule::Plurality, tie_break, self.quorum);
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

fn weighted(ballots: &[Ballot], weights: &[f64], tie_break: TieBreak) -> Option<Finding> {
    // A weight that is none does not make the others worthless.
    let usable = |it: &f64| {
        if it.is_finite() && *it > 0.0 {
            *it
        } else {
            0.0
        }
    };
    let weights: Vec<f64> = weights.iter().map(usable).collect();
    let it = decide_weighted(ballots, &weights, tie_break).ok()?;
    Some(Finding {
        winner: it.winning_answer.clone(),
        decision: it.decision,
        vote_count: it.counts.first().map_or(0, |it| it.votes),
        total_votes: it.total_votes,
        share: it.share,
        detail: RuleDetail::Weighted(it),
    })
}

fn numeric(ballots: &[Ballot], rule: NumericRule, tie_break: TieBreak) -> Option<Finding> {
    let numbers = ballots.iter().map(|it| read_number(it.answer.as_deref()?));
    let numbers: Vec<Option<f64>> = numbers.collect();
    let it = decide_numbers(&numbers, rule, tie_break).ok()?;
    Some(Finding {
        winner: it.value.map(|it| it.to_string()),
        decision: it.decision,
        vote_count: it.vote_count,
        total_votes: it.total_votes,
        share: it.share,
        detail: RuleDetail::Numeric(it),
    })
}

fn ranked(
    question: &Question,
    ballots: &[Ballot],
    rule: RankedRule,
    tie_break: TieBreak,
) -> Option<Finding> {
    let read = |it: &Ballot| it.answer.as_deref().map(read_ranking).unwrap_or_default();
    let lists: Vec<Vec<String>> = ballots.iter().map(read).collect();
    let rankings = match question.options.as_slice() {
        [] => Rankings::open(&lists),
        options => Rankings::among(options, &lists).ok()?,
    };
    let it = rankings.elect(rule, tie_break).ok()?;
    let is_first = |list: &&Vec<String>| {
        let first = list.first().and_then(|it| super::normalise(it));
        first.is_some() && first == it.winner.as_deref().and_then(super::normalise)
    };
    let vote_count = lists.iter().filter(is_first).count() as u64;
    Some(Finding {
        winner: it.winner.clone(),
        decision: it.decision,
        vote_count,
        total_votes: it.total_votes,
        share: vote_count as f64 / it.total_votes.max(1) as f64,
        detail: RuleDetail::Ranked(it),
    })
}

/// Reads `["b", "a"]` or `b > a`.
fn read_ranking(answer: &str) -> Vec<String> {
    serde_json::from_str(answer).unwrap_or_else(|_| {
        let options = answer.split('>').map(str::trim);
        options
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    })
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
