//! Tournaments of pairwise judgements: which matches are to be judged, and who wins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod best_of;
mod bracket;
mod result;

pub use best_of::{BestOf, ScoredCandidate, best_of_n};
use bracket::Bracket;
pub use result::{Standing, TournamentResult};

/// Who meets whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TournamentKind {
    /// Who loses is out: one meeting fewer than entrants, and as many rounds as the bracket is
    /// deep. Where that does not come out even, the first entrants go on without a match.
    #[default]
    Knockout,
    /// Everybody meets everybody once: a point for a win, half a point for a tie.
    RoundRobin,
}

/// A pair to judge, in the order in which the judge sees it. Entrants are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Match {
    /// Who is shown first.
    pub first: usize,
    /// Who is shown second.
    pub second: usize,
}

/// What the judge says of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The one shown first is better.
    First,
    /// The one shown second is better.
    Second,
    /// Neither is; also for a judgement that failed.
    Tie,
}

/// Why a verdict does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// These two do not meet, or not yet.
    #[error("entrants {} and {} do not meet now", .0.first, .0.second)]
    NotDue(Match),
    /// The match has its verdict.
    #[error("the match of {} against {} has been judged", .0.first, .0.second)]
    JudgedTwice(Match),
}

/// A tournament under way. It asks for matches and takes verdicts; it calls nobody.
///
/// Each meeting is two matches, one in each order, as judges favour a place (arXiv 2305.17926,
/// 2406.07791). Who is better in both wins; all else, a verdict that flips with the order above
/// all, is a tie (as in arXiv 2306.05685).
///
/// ```
/// use patterns_parallel::{TieBreak, Tournament, TournamentKind, Verdict};
///
/// let essays = ["long", "longest", "longer"];
/// let mut tournament = Tournament::new(essays.len(), TournamentKind::Knockout);
/// while let Some(due) = tournament.due().first().copied() {
///     let is_longer = essays[due.first].len() > essays[due.second].len();
///     tournament.record(due, if is_longer { Verdict::First } else { Verdict::Second })?;
/// }
/// let result = tournament.result(TieBreak::FirstSeen);
/// assert_eq!((result.winner, result.meetings), (Some(1), 2));
/// # Ok::<(), patterns_parallel::MatchError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tournament {
    entrants: usize,
    /// The tree of a knockout.
    bracket: Option<Bracket>,
    /// By its entrants, the earlier one first.
    meetings: BTreeMap<(usize, usize), Meeting>,
}

/// The verdicts on two entrants, the earlier one shown first and second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Meeting {
    forward: Option<Verdict>,
    backward: Option<Verdict>,
}

/// How a meeting ended, for the earlier entrant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Won,
    Lost,
    Tied,
}

impl Tournament {
    /// Starts a tournament. Entrants are taken in their order: it decides who meets whom.
    pub fn new(entrants: usize, kind: TournamentKind) -> Self {
        let mut tournament = Self {
            entrants,
            bracket: None,
            meetings: BTreeMap::new(),
        };
        match kind {
            TournamentKind::Knockout => {
                tournament.bracket = Some(Bracket::new(entrants));
                tournament.advance();
            }
            TournamentKind::RoundRobin => {
                let pairs = (0..entrants).flat_map(|a| (a + 1..entrants).map(move |b| (a, b)));
                tournament.meetings = pairs.map(|it| (it, Meeting::default())).collect();
            }
        }
        tournament
    }

    /// Returns the matches that can be judged now, each until its verdict is recorded. None is
    /// left when the tournament is over.
    pub fn due(&self) -> Vec<Match> {
        let mut due = Vec::new();
        for (&(a, b), meeting) in &self.meetings {
            let orders = [(meeting.forward, a, b), (meeting.backward, b, a)];
            let open = orders.into_iter().filter(|it| it.0.is_none());
            due.extend(open.map(|(_, first, second)| Match { first, second }));
        }
        due
    }

    /// Takes a verdict.
    ///
    /// # Errors
    ///
    /// Returns a [`MatchError`] if these two do not meet now, or have been judged in this order.
    pub fn record(&mut self, judged: Match, verdict: Verdict) -> Result<(), MatchError> {
        let Match { first, second } = judged;
        let key = (first.min(second), first.max(second));
        let meeting = self.meetings.get_mut(&key);
        let meeting = meeting.ok_or(MatchError::NotDue(judged))?;
        let place = match first < second {
            true => &mut meeting.forward,
            false => &mut meeting.backward,
        };
        if place.is_some() {
            return Err(MatchError::JudgedTwice(judged));
        }
        *place = Some(verdict);
        self.advance();
        Ok(())
    }

    /// Fills the bracket as far as it is decided.
    fn advance(&mut self) {
        if let Some(bracket) = &mut self.bracket {
            let meetings = &mut self.meetings;
            bracket.advance(|a, b| meetings.entry((a, b)).or_default().end());
        }
    }
}

impl Meeting {
    fn end(self) -> Option<End> {
        Some(match (self.forward?, self.backward?) {
            (Verdict::First, Verdict::Second) => End::Won,
            (Verdict::Second, Verdict::First) => End::Lost,
            _ => End::Tied,
        })
    }

    /// Returns whether the judge preferred a place, not an entrant.
    fn is_flipped(self) -> bool {
        self.forward == self.backward && self.forward.is_some_and(|it| it != Verdict::Tie)
    }
}

#[cfg(test)]
mod tests;
