//! Estimates how good each voter is from the votes alone.

use serde::{Deserialize, Serialize};

use super::VoteTable;

/// What the votes of a batch say about the voters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelEstimate {
    /// The voters, the most accurate first; equal ones in their order. Voters without a vote are
    /// last.
    pub voters: Vec<VoterEstimate>,
    /// The likeliest answer of each question; `None` if nobody voted.
    pub answers: Vec<Option<LikelyAnswer>>,
    /// How many rounds were computed.
    pub iterations: u32,
    /// Whether the estimate had settled by then.
    pub has_converged: bool,
}

/// How good one voter seems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoterEstimate {
    /// The voter's column in the table, from 0.
    pub voter: usize,
    /// How likely its answer is right, 0 to 1.
    pub accuracy: f64,
    /// How many votes that rests on.
    pub votes: u64,
}

/// An answer that is likely right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LikelyAnswer {
    /// The answer, in counted form.
    pub answer: String,
    /// How likely it is right if voters err independently, 0 to 1. They do not, so that this is
    /// overconfident: use the order, not the number.
    pub probability: f64,
}

/// One question: its answers, and who gave which.
struct Question {
    answers: Vec<usize>,
    /// Voter and place in `answers`.
    votes: Vec<(usize, usize)>,
    /// How likely each of the answers is right.
    likely: Vec<f64>,
}

impl VoteTable {
    /// The most rounds that [`dawid_skene`](Self::dawid_skene) computes.
    pub const MOST_ITERATIONS: u32 = 100;

    /// Estimates each voter's accuracy without knowing what is right, by expectation and
    /// maximisation in turn (Dawid and Skene 1979).
    ///
    /// Each voter has one accuracy for all questions (the "one-coin" form of the model), and errs
    /// evenly among the other answers that were given; so answers need not come from one small
    /// set. It starts from the shares of the votes, works with logarithms, and counts one right
    /// and one wrong vote more for everybody, so that nobody is certain. It ranks voters well, and
    /// is meant to advise whom to drop; a panel whose majority errs together misleads it.
    pub fn dawid_skene(&self) -> PanelEstimate {
        let mut questions: Vec<Question> = self.rows.iter().map(|it| Question::new(it)).collect();
        let mut accuracy = accuracies(&questions, self.voters());
        let mut iterations = 0;
        let mut has_converged = false;
        while iterations < Self::MOST_ITERATIONS && !has_converged {
            questions.iter_mut().for_each(|it| it.expect(&accuracy));
            let next = accuracies(&questions, self.voters());
            let change = accuracy.iter().zip(&next).map(|(a, b)| (a - b).abs());
            has_converged = change.fold(0.0, f64::max) < 1e-9;
            accuracy = next;
            iterations += 1;
        }
        PanelEstimate {
            voters: ranked(&accuracy, &questions),
            answers: questions
                .iter()
                .map(|it| it.likeliest(&self.answers))
                .collect(),
            iterations,
            has_converged,
        }
    }
}

impl Question {
    fn new(row: &[Option<usize>]) -> Self {
        let counts = VoteTable::row_counts(row);
        let total: u64 = counts.iter().map(|it| it.1).sum();
        let answers: Vec<usize> = counts.iter().map(|it| it.0).collect();
        let vote = |(voter, answer): (usize, &Option<usize>)| {
            let answer = (*answer)?;
            Some((voter, answers.iter().position(|it| *it == answer)?))
        };
        Self {
            votes: row.iter().enumerate().filter_map(vote).collect(),
            likely: counts.iter().map(|it| it.1 as f64 / total as f64).collect(),
            answers,
        }
    }

    /// Computes how likely each answer is right, given how accurate the voters are.
    fn expect(&mut self, accuracy: &[f64]) {
        let others = self.answers.len().saturating_sub(1).max(1) as f64;
        let mut weights = vec![0.0; self.answers.len()];
        for (voter, answer) in &self.votes {
            let accuracy = accuracy[*voter];
            weights[*answer] += accuracy.ln() - ((1.0 - accuracy) / others).ln();
        }
        let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        weights.iter_mut().for_each(|it| *it = (*it - most).exp());
        let sum: f64 = weights.iter().sum();
        self.likely = weights.into_iter().map(|it| it / sum).collect();
    }

    /// Returns the likeliest answer; the first seen of equals.
    fn likeliest(&self, answers: &[String]) -> Option<LikelyAnswer> {
        let both = self.answers.iter().zip(&self.likely).rev();
        let (answer, probability) = both.max_by(|a, b| a.1.total_cmp(b.1))?;
        Some(LikelyAnswer {
            answer: answers[*answer].clone(),
            probability: *probability,
        })
    }
}

/// Computes how accurate the voters are, given how likely each answer is right.
fn accuracies(questions: &[Question], voters: usize) -> Vec<f64> {
    let mut sums = vec![(1.0, 2.0); voters];
    for question in questions {
        for (voter, answer) in &question.votes {
            let (right, all) = &mut sums[*voter];
            *right += question.likely[*answer];
            *all += 1.0;
        }
    }
    sums.into_iter().map(|(right, all)| right / all).collect()
}

fn ranked(accuracy: &[f64], questions: &[Question]) -> Vec<VoterEstimate> {
    let mut votes = vec![0_u64; accuracy.len()];
    for (voter, _) in questions.iter().flat_map(|it| &it.votes) {
        votes[*voter] += 1;
    }
    let estimate = |(voter, accuracy): (usize, &f64)| VoterEstimate {
        voter,
        accuracy: *accuracy,
        votes: votes[voter],
    };
    let mut voters: Vec<_> = accuracy.iter().enumerate().map(estimate).collect();
    voters.sort_by(|a, b| {
        let by_votes = (b.votes > 0).cmp(&(a.votes > 0));
        by_votes.then(b.accuracy.total_cmp(&a.accuracy))
    });
    voters
}
