//! Casts the ballots of a rehearsal: as votes of language models fall, all alike, or all different.
//!
//! Where the store has whole elections of the same batch, say of a run with a limit before, the others are
//! taken to go as those did; otherwise as recorded votes did that a model of elections is fitted to.

use std::collections::HashMap;

use patterns_parallel::voting::StoppingRule;
use serde_json::Value;

/// How ballots fall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fall {
    /// All are of one answer: as few are needed as can be.
    #[default]
    Agree,
    /// As they are foreseen; drawn anew for each number.
    Foreseen(u64),
    /// Of so many, two answers have as many each, and whatever is cast beside them is another: an election stays
    /// open to its end, and comes to none.
    Contest(usize),
    /// Each is of another answer: there is as much to judge as can be.
    Differ,
}

/// The fewest elections that say more than what is usual.
const FEW: usize = 20;

/// How often an answer is drafted to find another one than there is.
const TRIES: u64 = 16;

/// The ballots of a rehearsal.
#[derive(Debug, Default)]
pub(super) struct Ballots {
    fall: Fall,
    /// How the votes fell in elections that are known.
    known: Vec<Vec<usize>>,
    /// Where the answer is in a ballot, as a JSON pointer.
    pointer: String,
    elections: HashMap<[u8; 32], Election>,
    /// How many elections have followed a known one, vote by vote.
    scripted: u64,
}

/// An election by its question.
#[derive(Debug, Default)]
struct Election {
    /// Answers in the order of first appearance, each with a ballot for it.
    answers: Vec<(String, String)>,
    /// The answers of the ballots so far.
    cast: Vec<usize>,
    /// How many ballots each answer has.
    counts: Vec<u64>,
    /// What votes are drawn by.
    seed: u64,
    /// The votes of a known election that it is taken to go as, as long as it does.
    script: Option<Vec<usize>>,
    is_drafted: bool,
}

impl Ballots {
    pub(super) fn new(fall: Fall, known: Vec<Vec<usize>>, pointer: String) -> Self {
        Self {
            fall,
            known,
            pointer,
            ..Self::default()
        }
    }

    /// Takes note of a ballot that the store has.
    pub(super) fn note(&mut self, question: [u8; 32], text: &str) {
        let answer = answer_of(text, &self.pointer);
        let election = self.election(question);
        let found = election.answers.iter().position(|it| it.0 == answer);
        let place = found.unwrap_or(election.answers.len());
        if found.is_none() {
            election.answers.push((answer, text.to_owned()));
        }
        election.count(place);
    }

    /// Casts a ballot that would be asked for; `draft` writes one by a seed.
    pub(super) fn cast(
        &mut self,
        question: [u8; 32],
        draft: impl Fn(u64) -> Option<String>,
    ) -> Option<String> {
        let fall = self.fall;
        let pointer = self.pointer.clone();
        let election = self.election(question);
        election.is_drafted = true;
        let place = match fall {
            Fall::Agree => election.leader(),
            Fall::Contest(votes) => election.contested(votes),
            Fall::Differ => election.answers.len(),
            Fall::Foreseen(_) => election.next(),
        };
        let place = match election.answers.get(place) {
            Some(_) => place,
            None => {
                let drafts =
                    (0..TRIES).filter_map(|n| draft(seed_of(&question) ^ (n << 32 | place as u64)));
                let known = |text: &String| {
                    let answer = answer_of(text, &pointer);
                    election.answers.iter().position(|it| it.0 == answer)
                };
                let mut drafts = drafts.filter(|text| known(text).is_none());
                match drafts.next() {
                    Some(text) => {
                        let answer = answer_of(&text, &pointer);
                        election.answers.push((answer, text));
                        election.answers.len() - 1
                    }
                    // There are no more answers than these.
                    None => election.fewest(),
                }
            }
        };
        election.count(place);
        Some(election.answers.get(place)?.1.clone())
    }

    /// Returns how the votes fell in the elections that the store has wholly, if they are enough.
    pub(super) fn known(self) -> Vec<Vec<usize>> {
        let whole = self.elections.into_values().filter(|it| !it.is_drafted);
        let mut known: Vec<Vec<usize>> = whole.map(|it| it.cast).collect();
        // Whatever order a table of hashes has.
        known.sort();
        if known.len() < FEW { Vec::new() } else { known }
    }

    fn election(&mut self, question: [u8; 32]) -> &mut Election {
        let (fall, known, scripted) = (self.fall, &self.known, &mut self.scripted);
        self.elections.entry(question).or_insert_with(|| {
            let round = match fall {
                Fall::Foreseen(round) => round,
                Fall::Agree | Fall::Contest(_) | Fall::Differ => 0,
            };
            let seed = seed_of(&question) ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            // The golden ratio spreads them evenly however many elections there are.
            *scripted += 1;
            let share = (*scripted as f64 * 0.618_033_988_749_894_9 + round as f64 * 0.37).fract();
            let place = (share * known.len() as f64) as usize;
            Election {
                seed,
                script: known.get(place).cloned(),
                ..Election::default()
            }
        })
    }
}

impl Election {
    /// Returns the answer of the next ballot.
    fn next(&self) -> usize {
        let scripted = self.scripted();
        scripted.unwrap_or_else(|| StoppingRule::foreseen_vote(self.seed, &self.counts))
    }

    /// Returns what the script says of the next ballot.
    fn scripted(&self) -> Option<usize> {
        self.script.as_ref()?.get(self.cast.len()).copied()
    }

    /// Counts a ballot for an answer.
    fn count(&mut self, place: usize) {
        if self.scripted().is_some_and(|it| it != place) {
            self.script = None;
        }
        self.counts.resize(self.counts.len().max(place + 1), 0);
        self.counts[place] += 1;
        self.cast.push(place);
    }

    /// Returns the answer that keeps an election of so many votes open: one of two in turn, and then others.
    fn contested(&self, votes: usize) -> usize {
        match self.cast.len() {
            cast if cast / 2 < votes / 2 => cast % 2,
            _ => self.answers.len(),
        }
    }

    /// Returns the answer with the fewest ballots, of equal ones the last.
    fn fewest(&self) -> usize {
        let places = (0..self.counts.len()).rev();
        places.min_by_key(|it| self.counts[*it]).unwrap_or_default()
    }

    /// Returns the answer with the most ballots, of equal ones the first.
    fn leader(&self) -> usize {
        let places = (0..self.counts.len()).rev();
        places.max_by_key(|it| self.counts[*it]).unwrap_or_default()
    }
}

fn seed_of(question: &[u8; 32]) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&question[..8]);
    u64::from_le_bytes(half)
}

/// Returns the answer of a ballot, or all of it.
fn answer_of(text: &str, pointer: &str) -> String {
    let ballot: Option<Value> = serde_json::from_str(text).ok();
    let answer = ballot.as_ref().and_then(|it| it.pointer(pointer));
    answer.map_or_else(|| text.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(seed: u64) -> Option<String> {
        Some(format!(
            "{{\"answer\": \"a{}\", \"why\": \"{seed}\"}}",
            seed % 3
        ))
    }

    fn cast(ballots: &mut Ballots, question: u8, votes: usize) -> Vec<String> {
        let cast = (0..votes).map(|_| ballots.cast([question; 32], draft));
        cast.map(|it| answer_of(&it.unwrap(), "/answer")).collect()
    }

    #[test]
    fn ballots_agree_or_differ_as_far_as_there_are_answers() {
        let new = |fall| Ballots::new(fall, Vec::new(), "/answer".to_owned());
        let same = cast(&mut new(Fall::Agree), 1, 4);
        assert!(same.iter().all(|it| *it == same[0]), "{same:?}");
        let mut differ = new(Fall::Differ);
        let all = cast(&mut differ, 1, 5);
        let first: std::collections::HashSet<_> = all[..3].iter().collect();
        assert_eq!(first.len(), 3, "{all:?}");
        assert_eq!(cast(&mut new(Fall::Foreseen(1)), 1, 9).len(), 9);
    }

    #[test]
    fn a_contest_stays_open_as_long_as_votes_allow() {
        let fall = |votes| {
            let mut ballots = Ballots::new(Fall::Contest(votes), Vec::new(), "/answer".to_owned());
            let cast = cast(&mut ballots, 1, 6);
            let mut names: Vec<&String> = Vec::new();
            for answer in &cast {
                if !names.contains(&answer) {
                    names.push(answer);
                }
            }
            let place = |it| names.iter().position(|name| *name == it).unwrap();
            cast.iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(fall(5), [0, 1, 0, 1, 2, 2]);
        // Of three answers that there are, the one that would not win.
        assert_eq!(fall(2), [0, 1, 2, 2, 1, 0]);
        assert_eq!(fall(1), [0, 1, 2, 2, 1, 0]);
    }

    #[test]
    fn what_is_recorded_is_gone_on_with() {
        let mut ballots = Ballots::new(Fall::Agree, Vec::new(), "/answer".to_owned());
        ballots.note([1; 32], "{\"answer\": \"yes\"}");
        assert_eq!(cast(&mut ballots, 1, 2), ["\"yes\"", "\"yes\""]);
        for question in 2..30 {
            ballots.note([question; 32], "{\"answer\": \"yes\"}");
            ballots.note([question; 32], "{\"answer\": \"no\"}");
        }
        // The first was not whole.
        let known = ballots.known();
        assert_eq!(known, vec![vec![0, 1]; 28]);
        let mut like_those = Ballots::new(Fall::Foreseen(0), known, "/answer".to_owned());
        let two = cast(&mut like_those, 77, 2);
        assert_ne!(two[0], two[1]);
    }

    #[test]
    fn an_election_that_goes_another_way_than_a_known_one_is_drawn() {
        let known = vec![vec![0, 1, 1, 1, 1, 1, 1, 1, 1, 1]; FEW];
        let mut ballots = Ballots::new(Fall::Foreseen(0), known, "/answer".to_owned());
        ballots.note([1; 32], "{\"answer\": \"yes\"}");
        ballots.note([1; 32], "{\"answer\": \"yes\"}");
        let drawn = cast(&mut ballots, 1, 8);
        assert!(drawn.iter().any(|it| it == "\"yes\""), "{drawn:?}");
    }

    #[test]
    fn ballots_that_agree_are_for_the_answer_with_the_most_votes_so_far() {
        let mut ballots = Ballots::new(Fall::Agree, Vec::new(), "/answer".to_owned());
        for answer in ["yes", "no", "no", "yes", "no"] {
            ballots.note([1; 32], &format!("{{\"answer\": \"{answer}\"}}"));
        }
        assert_eq!(cast(&mut ballots, 1, 2), ["\"no\"", "\"no\""]);
    }
}
