//! A knockout of pairwise judgements: which pairs are to be judged, and who wins.
//!
//! Each meeting is judged twice, once in each order, as judges favour a place (arXiv 2305.17926,
//! 2406.07791). Who is better in both wins; all else, a verdict that flips with the order above all,
//! is a tie (as in arXiv 2306.05685), and the earlier entrant goes on.
//!
//! It is a knockout and not everybody against everybody because ballots of a free question are often
//! all different: twenty drafts cost 38 judgements instead of 380.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::voting::rule::{Decision, TieBreak, by_tie_break};

/// A pair to judge, in the order in which the judge sees it. Entrants are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::voting) struct Match {
    pub(super) first: usize,
    pub(super) second: usize,
}

/// What a judge says of two answers.
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

/// A knockout under way. It asks for matches and takes verdicts; it calls nobody.
///
/// The places are a binary tree: the children of place `n` are `2n` and `2n + 1`; place 1 is the
/// winner's, and the leaves are the second half.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Knockout {
    entrants: usize,
    places: Vec<Place>,
    /// By their entrants, the earlier one first.
    meetings: BTreeMap<(usize, usize), Meeting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Not decided yet.
    Open,
    /// Nobody's: who would meet nobody goes on.
    Free,
    Taken(usize),
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

impl Knockout {
    /// Starts with so many entrants. Where they don't come out even, the first ones go on without a
    /// match.
    pub(super) fn new(entrants: usize) -> Self {
        let leaves = entrants.next_power_of_two();
        let mut places = vec![Place::Open; leaves];
        for entrant in 0..entrants {
            places.push(Place::Taken(entrant));
            if entrant < leaves - entrants {
                places.push(Place::Free);
            }
        }
        // Without entrants there is one leaf, and nobody on it.
        places.resize(2 * leaves, Place::Free);
        let mut knockout = Self {
            entrants,
            places,
            meetings: BTreeMap::new(),
        };
        knockout.advance();
        knockout
    }

    /// Returns the matches that can be judged now, each until its verdict is recorded. None is
    /// left when it is over.
    pub(super) fn due(&self) -> Vec<Match> {
        let mut due = Vec::new();
        for (&(a, b), meeting) in &self.meetings {
            let orders = [(meeting.forward, a, b), (meeting.backward, b, a)];
            let open = orders.into_iter().filter(|it| it.0.is_none());
            due.extend(open.map(|(_, first, second)| Match { first, second }));
        }
        due
    }

    /// Takes the verdict on a match that is due.
    pub(super) fn record(&mut self, judged: Match, verdict: Verdict) {
        let Match { first, second } = judged;
        let key = (first.min(second), first.max(second));
        if let Some(meeting) = self.meetings.get_mut(&key) {
            let place = if first < second {
                &mut meeting.forward
            } else {
                &mut meeting.backward
            };
            place.get_or_insert(verdict);
            self.advance();
        }
    }

    /// Fills all places that are decided, and lets those meet who are known to.
    fn advance(&mut self) {
        for place in (1..self.places.len() / 2).rev() {
            let below = (self.places[2 * place], self.places[2 * place + 1]);
            self.places[place] = match below {
                (Place::Open, _) | (_, Place::Open) => Place::Open,
                (Place::Free, other) | (other, Place::Free) => other,
                (Place::Taken(a), Place::Taken(b)) => {
                    let (a, b) = (a.min(b), a.max(b));
                    match self.meetings.entry((a, b)).or_default().end() {
                        None => Place::Open,
                        Some(End::Won | End::Tied) => Place::Taken(a),
                        Some(End::Lost) => Place::Taken(b),
                    }
                }
            };
        }
    }

    /// Returns all entrants, the best first, each with the number of meetings that it won; and
    /// whether the first of them has won. Those who went out in the same round keep their order.
    ///
    /// It is a tie if the winner came through a meeting without a winner as the earlier entrant.
    pub(super) fn result(&self, tie_break: TieBreak) -> (Vec<(usize, u64)>, Decision) {
        let depths = self.depths();
        let mut order: Vec<usize> = (0..self.entrants).collect();
        order.sort_by_key(|it| depths[*it]);
        let decision = match order.first() {
            Some(first) if self.due().is_empty() => {
                by_tie_break(self.count(*first, End::Tied) > 0, tie_break)
            }
            Some(_) => Decision::NotJudged,
            None => Decision::QuorumMissed,
        };
        let with_wins = |it: usize| (it, self.count(it, End::Won));
        (order.into_iter().map(with_wins).collect(), decision)
    }

    /// Returns how many pairs got another verdict in the other order.
    pub(super) fn flipped(&self) -> u64 {
        let flipped = self.meetings.values().filter(|it| it.is_flipped());
        flipped.count() as u64
    }

    /// Returns how many meetings ended like that for an entrant.
    fn count(&self, entrant: usize, wanted: End) -> u64 {
        let ends = self.meetings.iter().filter_map(|(&(a, b), meeting)| {
            let end = meeting.end()?;
            match end {
                _ if a == entrant => Some(end),
                End::Won if b == entrant => Some(End::Lost),
                End::Lost if b == entrant => Some(End::Won),
                End::Tied if b == entrant => Some(End::Tied),
                _ => None,
            }
        });
        ends.filter(|it| *it == wanted).count() as u64
    }

    /// Returns how many steps below the top each entrant came.
    fn depths(&self) -> Vec<u32> {
        let mut depths = vec![u32::MAX; self.entrants];
        for (number, place) in self.places.iter().enumerate().skip(1) {
            if let Place::Taken(entrant) = place {
                depths[*entrant] = depths[*entrant].min(number.ilog2());
            }
        }
        depths
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
