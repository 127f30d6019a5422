//! Foresees how an election goes on: who wins when all votes are cast, what a further call is worth, and how
//! many calls are cheapest.
//!
//! It is one table, worked out from the last vote back to the first over all states of an election, under a
//! mixture of Pitman–Yor processes that is fitted to recorded votes of language models. The number of
//! answers need not be known.

use std::cmp::Ordering;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap as HashMap, FxHashSet as HashSet};

use super::pitman_yor::{Chances, Mixture};
use super::tally::{MOST_VOTES, State, Tally};
use crate::RunError;

/// λ: what it costs, in calls, to stop at an answer that all N votes would not have chosen.
const LAMBDA: f64 = 300.0;
/// What a round of calls costs, in calls, for the time it takes.
const ROUND: f64 = 1.0;
/// The most calls in one wave.
const WIDEST: usize = 12;
/// The most further calls that are looked at for what a call is worth.
const REACH: usize = 8;

/// How elections with N votes go on, by what their leaders see. Its clones are one table.
#[derive(Clone, Debug)]
pub(in crate::voting) struct Foresight(Arc<HashMap<State, Foreseen>>);

#[derive(Clone, Copy, Debug)]
struct Foreseen {
    win: f64,
    worth: f64,
    wave: u8,
}

/// What the states with one vote less ask of a state.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    /// P(the answer looked at wins), a tie counting half.
    win: f64,
    /// P(the leader does not win) expected after 0 to 8 further calls.
    wrong: [f64; REACH + 1],
    /// What is to come, by how many calls of a wave are still out.
    costs: [f64; WIDEST + 1],
}

impl Foresight {
    /// Looks so many votes ahead.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] for no votes and for more than [`MOST_VOTES`].
    pub(in crate::voting) fn new(max_votes: u64) -> Result<Self, RunError> {
        Self::at_price(max_votes, LAMBDA)
    }

    pub(super) fn at_price(max_votes: u64, lambda: f64) -> Result<Self, RunError> {
        let votes = usize::try_from(max_votes).ok();
        let Some(votes) = votes.filter(|_| (1..=MOST_VOTES).contains(&max_votes)) else {
            return Err(RunError::Part(format!(
                "elections of 1 to {MOST_VOTES} votes can be foreseen, not those of {max_votes}"
            )));
        };
        let mut table = HashMap::default();
        let mut next = HashMap::default();
        for (left, states) in states(votes).into_iter().rev().enumerate() {
            let mut now = HashMap::with_capacity_and_hasher(states.len(), FxBuildHasher);
            for (state, chances) in states {
                let (ahead, foreseen) = work_back(state, chances, left, &next, lambda);
                now.insert(state, ahead);
                table.extend(foreseen.map(|it| (state, it)));
            }
            next = now;
        }
        Ok(Self(Arc::new(table)))
    }

    fn get(&self, tally: &Tally) -> Option<&Foreseen> {
        self.0.get(&State::of(tally)?)
    }

    /// Returns the probability that the leader is the winner once all N votes are cast, a tie
    /// counting half; `None` before the first vote and beyond N votes.
    pub(in crate::voting) fn win_probability(&self, tally: &Tally) -> Option<f64> {
        let foreseen = self.get(tally).filter(|_| tally.votes() > 0);
        foreseen.map(|it| it.win)
    }

    /// Returns what a further call is worth to an election that has one left, 0 to 1.
    ///
    /// Giving each call to the election with the highest worth spends a shared budget where it
    /// decides most: neither on what is settled nor on hopeless ties. In the words of the knowledge
    /// gradient (Frazier et al. 2008): the best expected fall of P(wrong winner) per call over the
    /// next 1 to 8 calls.
    pub(in crate::voting) fn worth(&self, tally: &Tally) -> f64 {
        self.get(tally).map_or(0.0, |it| it.worth)
    }

    /// Returns how many calls to make next by the cheapest plan, 0 to stop; `None` beyond N votes.
    pub(super) fn wave(&self, tally: &Tally) -> Option<u64> {
        self.get(tally).map(|it| u64::from(it.wave))
    }
}

/// Returns the states that 0 to `votes` votes can lead to, and how likely each leads to which.
pub(super) fn states(votes: usize) -> Vec<Vec<(State, Chances)>> {
    let mixture = Mixture::new(votes);
    let mut layers = Vec::with_capacity(votes + 1);
    let mut now = HashSet::from_iter([State::EMPTY]);
    for left in (0..=votes).rev() {
        let mut next = HashSet::default();
        let mut layer = Vec::with_capacity(now.len());
        for state in now {
            let chances = match left {
                0 => Chances::default(),
                _ => mixture.chances(state),
            };
            next.extend(likely(state, chances).map(|it| it.0));
            layer.push((state, chances));
        }
        layers.push(layer);
        now = next;
    }
    layers
}

/// Returns where the next vote can lead, and how likely.
fn likely(state: State, chances: Chances) -> impl Iterator<Item = (State, f64)> {
    let successors = state.successors().into_iter().zip(chances);
    successors.filter(|(_, chance)| *chance > 0.0)
}

/// Works out a state by those with one vote more; of a leader's, what is foreseen, too.
///
/// With j calls of a wave still out, U(s, j) = 1 + E U(s', j − 1) is what is to come, and
/// U(s, 0) = W(s) = min(λ · P(another answer), 1 + min over j of U(s, j)) when the wave is in.
fn work_back(
    state: State,
    chances: Chances,
    left: usize,
    next: &HashMap<State, Ahead>,
    lambda: f64,
) -> (Ahead, Option<Foreseen>) {
    let mut ahead = Ahead {
        win: match state.own.cmp(&state.rival) {
            // Nobody wins before the first vote.
            _ if state == State::EMPTY => 0.0,
            _ if left > 0 => likely(state, chances)
                .map(|(to, it)| it * next[&to].win)
                .sum(),
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        },
        ..Ahead::default()
    };
    if state.own < state.rival {
        return (ahead, None);
    }
    ahead.wrong[0] = 1.0 - ahead.win;
    ahead.costs = [1.0; WIDEST + 1];
    for (to, chance) in likely(state, chances) {
        let to = &next[&to.as_leader()];
        let add = |all: &mut [f64], later: &[f64]| {
            let all = all[1..].iter_mut().zip(later);
            all.for_each(|(sum, later)| *sum += chance * later);
        };
        add(&mut ahead.wrong, &to.wrong);
        add(&mut ahead.costs, &to.costs);
    }
    let falls = (1..=REACH.min(left)).map(|it| (ahead.wrong[0] - ahead.wrong[it]) / it as f64);
    let worth = falls.fold(0.0, f64::max);
    let stopping = lambda * ahead.wrong[0];
    let (mut wave, mut cost) = (0, f64::INFINITY);
    for (calls, more) in (0..).zip(&ahead.costs[..=WIDEST.min(left)]).skip(1) {
        if ROUND + more < cost {
            (wave, cost) = (calls, ROUND + more);
        }
    }
    // Without a vote there is no answer to stop at.
    let is_going_on = state == State::EMPTY || cost < stopping;
    ahead.costs[0] = if is_going_on { cost } else { stopping };
    let foreseen = Foreseen {
        win: ahead.win,
        worth,
        wave: if is_going_on { wave } else { 0 },
    };
    (ahead, Some(foreseen))
}
