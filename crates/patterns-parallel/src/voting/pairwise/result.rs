//! Who won a tournament.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{End, Tournament};
use crate::voting::numeric::by_tie_break;
use crate::voting::rule::{Decision, TieBreak};

/// The result of a tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TournamentResult {
    /// The winner's number; `None` without a consensus, and before the end.
    pub winner: Option<usize>,
    /// Why there is a winner, or none; [`Decision::QuorumMissed`] before the end, and without
    /// entrants.
    pub decision: Decision,
    /// All entrants, best first; equal ones in their order.
    pub ranking: Vec<Standing>,
    /// How many pairs met, each of them judged twice.
    pub meetings: u64,
    /// How many of these verdicts flipped with the order: the judge preferred a place.
    pub flipped: u64,
}

/// One entrant's place in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The entrant's number, from 0.
    pub entrant: usize,
    /// Its place, from 1; equal ones share the best of their places. In a knockout, those who went
    /// out in the same round are equal.
    pub rank: usize,
    /// Meetings won.
    pub wins: u64,
    /// Meetings without a winner. In a knockout the earlier entrant goes on.
    pub ties: u64,
    /// Meetings lost.
    pub losses: u64,
}

impl Tournament {
    /// Returns the result so far.
    ///
    /// A round robin is tied if several have the most points. A knockout is tied if its winner
    /// came through a meeting without a winner as the earlier entrant. With
    /// [`TieBreak::FirstSeen`] that stands, with [`TieBreak::NoConsensus`] nobody wins.
    pub fn result(&self, tie_break: TieBreak) -> TournamentResult {
        let mut standings = self.standings();
        let keys = self.keys(&standings);
        for standing in &mut standings {
            let better = keys.iter().filter(|it| **it > keys[standing.entrant]);
            standing.rank = better.count() + 1;
        }
        standings.sort_by_key(|it| it.rank);
        let leaders = standings.iter().filter(|it| it.rank == 1).count();
        let is_tied = match (&self.bracket, standings.first()) {
            (Some(_), Some(winner)) => winner.ties > 0,
            _ => leaders > 1,
        };
        let decision = match self.entrants == 0 || !self.due().is_empty() {
            true => Decision::QuorumMissed,
            false => by_tie_break(is_tied, tie_break),
        };
        let winner = standings.first().filter(|_| decision.is_won());
        let ended = self.meetings.values().filter(|it| it.end().is_some());
        TournamentResult {
            winner: winner.map(|it| it.entrant),
            decision,
            meetings: ended.clone().count() as u64,
            flipped: ended.filter(|it| it.is_flipped()).count() as u64,
            ranking: standings,
        }
    }

    /// Counts wins, ties and losses, by entrant.
    fn standings(&self) -> Vec<Standing> {
        let standing = |entrant| Standing {
            entrant,
            rank: 0,
            wins: 0,
            ties: 0,
            losses: 0,
        };
        let mut standings: Vec<Standing> = (0..self.entrants).map(standing).collect();
        for (&(a, b), meeting) in &self.meetings {
            match meeting.end() {
                Some(End::Tied) => {
                    standings[a].ties += 1;
                    standings[b].ties += 1;
                }
                Some(End::Won) => {
                    standings[a].wins += 1;
                    standings[b].losses += 1;
                }
                Some(End::Lost) => {
                    standings[b].wins += 1;
                    standings[a].losses += 1;
                }
                None => {}
            }
        }
        standings
    }

    /// Returns what entrants are ranked by; the greater, the better.
    fn keys(&self, standings: &[Standing]) -> Vec<(Reverse<u32>, u64)> {
        match &self.bracket {
            Some(bracket) => {
                let depths = bracket.depths(self.entrants).into_iter();
                depths.map(|depth| (Reverse(depth), 0)).collect()
            }
            None => {
                let points = |it: &Standing| (Reverse(0), 2 * it.wins + it.ties);
                standings.iter().map(points).collect()
            }
        }
    }
}
