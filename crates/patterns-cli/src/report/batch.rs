//! What a batch of elections says about its voters: how much they agree, and how often they are right.

use patterns_parallel::{Agreement, Election, Reliability, VoteTable, normalise, reliability};
use serde::Serialize;

use super::human::Page;
use crate::terminal::Style;

/// The elections of a batch so far.
#[derive(Debug, Default)]
pub(crate) struct BatchReport {
    votes: VoteTable,
    /// The winner's share, and whether the winner is right.
    judged: Vec<(f64, bool)>,
    /// Elections without a winner whose right answer is known.
    missed: u64,
    saved: u64,
    counted: u64,
}

/// What came of them.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
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
    reliability: Reliability,
}

/// How many bins shares are sorted into.
const BINS: usize = 10;

impl BatchReport {
    /// Adds an election; returns whether its winner is right, if that is known.
    pub(crate) fn add(&mut self, election: &Election, gold: Option<&str>) -> Option<bool> {
        let ballots = &election.ballots;
        self.votes
            .push(ballots.iter().map(|it| it.normalised.as_deref()));
        self.counted += ballots.len() as u64;
        self.saved += election.voters.saturating_sub(ballots.len() as u64);
        let gold = gold?;
        let Some(winner) = &election.winning_answer else {
            self.missed += 1;
            return Some(false);
        };
        let is_right = normalise(winner).is_some() && normalise(winner) == normalise(gold);
        self.judged.push((election.share, is_right));
        Some(is_right)
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
    pub(crate) fn findings(&self) -> Findings {
        let right = self.judged.iter().filter(|it| it.1).count() as u64;
        let gold = || {
            Some(Gold {
                right,
                wrong: self.judged.len() as u64 - right,
                without_consensus: self.missed,
                reliability: reliability(&self.judged, BINS).ok()?,
            })
        };
        let is_judged = !self.judged.is_empty() || self.missed > 0;
        Findings {
            agreement: self.votes.agreement(),
            ballots_saved: self.saved,
            gold: is_judged.then(gold).flatten(),
        }
    }
}

impl Findings {
    /// Adds them for people.
    pub(crate) fn page(&self, page: &mut Page) {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let mut parts = Vec::new();
        if let Some(agreement) = self.agreement.pairwise_agreement {
            parts.push(format!("two voters agree on {}", percent(agreement)));
        }
        if let Some(alpha) = self.agreement.krippendorff_alpha {
            parts.push(format!("Krippendorff's alpha {alpha:.2}"));
        }
        if self.ballots_saved > 0 {
            parts.push(format!("ballots saved: {}", self.ballots_saved));
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
            reliability,
        } = self;
        let all = right + wrong + without_consensus;
        let accuracy = 100.0 * *right as f64 / all.max(1) as f64;
        let line = format!(
            "right: {right} of {all} ({accuracy:.1} %), {without_consensus} without consensus"
        );
        page.line(Style::Bold, &line);
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
