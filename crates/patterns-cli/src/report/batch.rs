//! What a batch of elections says about its voters: how much they agree, and how often they are right.

mod agreement;
mod reliability;

use std::num::NonZeroUsize;

use patterns_core::text::read_number;
use patterns_job::{AnyRule, BallotSpec, BatchQuestion, VoteWork};
use patterns_parallel::voting::{Decision, Election, Question, ShareInterval, StopReason};
use serde::Serialize;

use self::agreement::{Agreement, VoteTable};
use self::reliability::{Reliability, reliability};
use super::human::Page;
use crate::terminal::Style;

/// The elections of a batch so far.
#[derive(Debug)]
pub(crate) struct BatchReport<'a> {
    work: &'a VoteWork,
    /// The texts that the answer of the user's own ballot is one of.
    choices: Vec<String>,
    votes: VoteTable,
    /// The winner's share, and whether the winner is right.
    judged: Vec<(f64, bool)>,
    /// Elections without a winner whose right answer is known.
    missed: u64,
    /// Elections whose right answer is known and that no voter got right.
    hopeless: u64,
    saved: u64,
    counted: u64,
}

/// What came of them.
#[derive(Debug, Serialize)]
pub(crate) struct BatchFigures {
    agreement: Agreement,
    /// Ballots that were not asked for.
    ballots_saved: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gold: Option<Gold>,
}

/// How the elections compare with right answers.
#[derive(Debug, Serialize)]
struct Gold {
    right: u64,
    wrong: u64,
    without_consensus: u64,
    /// Questions that no voter got right: what no count of these votes can mend (arXiv 2606.27288).
    no_voter_right: u64,
    /// The 95 % interval of their share.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_voter_right_interval: Option<ShareInterval>,
    reliability: Reliability,
}

/// How many bins shares are sorted into.
const BINS: NonZeroUsize = NonZeroUsize::new(10).expect("it is not zero");

impl<'a> BatchReport<'a> {
    /// Begins without an election.
    pub(crate) fn new(work: &'a VoteWork) -> Self {
        Self {
            work,
            choices: work
                .ballot
                .as_ref()
                .map(BallotSpec::choices)
                .unwrap_or_default(),
            votes: VoteTable::default(),
            judged: Vec::new(),
            missed: 0,
            hopeless: 0,
            saved: 0,
            counted: 0,
        }
    }

    /// Adds an election; returns whether its winner is right, if that is known. A question that was
    /// not asked is neither right nor wrong, and nothing was saved on it.
    pub(crate) fn add(&mut self, election: &Election, row: Option<&BatchQuestion>) -> Option<bool> {
        if election.decision == Decision::NotAsked {
            return None;
        }
        let ballots = &election.ballots;
        self.votes
            .push(ballots.iter().map(|it| it.normalised.as_deref()));
        self.counted += ballots.len() as u64;
        if election.stop_reason != StopReason::CallsSpent {
            self.saved += election.voters.saturating_sub(ballots.len() as u64);
        }
        let gold = row?.gold.as_deref()?;
        let is_right = |answer: Option<&str>| answer.is_some_and(|it| self.agree(it, gold, row));
        let given = ballots.iter().map(|it| it.answer.as_deref());
        let escalated = election.escalation.iter().map(|it| it.answer.as_deref());
        let is_hopeless = !given.chain(escalated).any(is_right);
        let is_won = is_right(election.winning_answer.as_deref());
        self.hopeless += u64::from(is_hopeless && !is_won);
        match election.winning_answer {
            Some(_) => self.judged.push((election.share, is_won)),
            None => self.missed += 1,
        }
        Some(is_won)
    }

    /// Returns whether an answer is the right one, as the question and the rule put it.
    fn agree(&self, answer: &str, gold: &str, row: Option<&BatchQuestion>) -> bool {
        if let AnyRule::Median(rule) = &self.work.rule {
            let both = read_number(answer).zip(read_number(gold));
            return both.is_some_and(|(answer, gold)| rule.agree(answer, gold));
        }
        let options = match self.work.options_of(row) {
            [] => &self.choices,
            options => options,
        };
        let question = Question::default().options(options);
        let counted = question.counted(answer);
        counted.is_some() && counted == question.counted(gold)
    }

    /// Returns how many ballots were not asked for.
    pub(crate) fn saved(&self) -> u64 {
        self.saved
    }

    /// Returns how many ballots were counted.
    pub(crate) fn ballots(&self) -> u64 {
        self.counted
    }

    /// Returns what came of the elections.
    pub(crate) fn figures(&self) -> BatchFigures {
        let right = self.judged.iter().filter(|it| it.1).count() as u64;
        let gold = || Gold {
            right,
            wrong: self.judged.len() as u64 - right,
            without_consensus: self.missed,
            no_voter_right: self.hopeless,
            no_voter_right_interval: ShareInterval::wilson(
                self.hopeless,
                self.judged.len() as u64 + self.missed,
            ),
            reliability: reliability(&self.judged, BINS),
        };
        let is_judged = !self.judged.is_empty() || self.missed > 0;
        BatchFigures {
            agreement: self.votes.agreement(),
            ballots_saved: self.saved,
            gold: is_judged.then(gold),
        }
    }
}

impl BatchFigures {
    /// Adds them for people, and what was saved by ballots that nobody needed.
    pub(crate) fn page(&self, page: &mut Page, cost_saved: Option<&str>) {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let mut parts = Vec::new();
        if let Some(agreement) = self.agreement.pairwise_agreement {
            parts.push(format!("two voters agree on {}", percent(agreement)));
        }
        if let Some(alpha) = self.agreement.krippendorff_alpha {
            parts.push(format!("Krippendorff's alpha {alpha:.2}"));
        }
        if self.ballots_saved > 0 {
            let cost = cost_saved.map_or_else(String::new, |it| format!(", about {it}"));
            parts.push(format!("ballots saved: {}{cost}", self.ballots_saved));
        }
        if !parts.is_empty() {
            page.line(Style::Dim, &parts.join(" · "));
        }
        if let Some(gold) = &self.gold {
            gold.page(page);
        }
    }
}

impl Gold {
    fn page(&self, page: &mut Page) {
        let Self {
            right,
            wrong,
            without_consensus,
            no_voter_right,
            no_voter_right_interval,
            reliability,
        } = self;
        let all = right + wrong + without_consensus;
        let accuracy = 100.0 * *right as f64 / all.max(1) as f64;
        let line = format!(
            "right: {right} of {all} ({accuracy:.1} %), {without_consensus} without consensus"
        );
        page.line(Style::Bold, &line);
        if let Some(interval) = no_voter_right_interval.filter(|_| *no_voter_right > 0) {
            let share = 100.0 * *no_voter_right as f64 / all.max(1) as f64;
            page.paragraph(&format!(
                "no voter was right on {no_voter_right} of {all} ({:.0} to {:.0} %): more votes cannot \
                 pass {:.0} %",
                100.0 * interval.low,
                100.0 * interval.high,
                100.0 - share,
            ));
        }
        for bin in &reliability.bins {
            if let Some(accuracy) = bin.accuracy {
                let (low, high) = (100.0 * bin.low, 100.0 * bin.high);
                page.paragraph(&format!(
                    "  shares of {low:>3.0} to {high:>3.0} %: {:>5.1} % right of {}",
                    100.0 * accuracy,
                    bin.elections
                ));
            }
        }
        if let Some(error) = reliability.expected_calibration_error {
            page.line(
                Style::Dim,
                &format!("expected calibration error of the share: {error:.3}"),
            );
        }
    }
}
