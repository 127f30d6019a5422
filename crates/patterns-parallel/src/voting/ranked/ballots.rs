//! Reads ballots that rank options.

use std::collections::HashMap;

use crate::normalise;

/// Ballots that rank options, best first.
///
/// Options are told apart by what [`normalise`] makes of them. A ballot may rank some of the
/// options only; what it repeats counts at its best place; an empty one is an abstention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rankings {
    /// In the order first seen; those that no ballot has come last.
    pub(super) options: Vec<String>,
    /// Places in `options`, best first; none of them empty.
    pub(super) ballots: Vec<Vec<usize>>,
    pub(super) abstentions: u64,
    pub(super) unknown: u64,
}

/// Why ballots cannot be counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RankingError {
    /// A ballot has an option that is not to be voted on.
    #[error("ballot {} ranks {option:?}, which is no option", .ballot + 1)]
    UnknownOption {
        /// The ballot's place, from 0.
        ballot: usize,
        /// What it ranks.
        option: String,
    },
    /// Two options are the same once spelling is set aside, or one says nothing.
    #[error("the option {0:?} is empty, or the same as another once spelling is set aside")]
    UnclearOption(String),
}

impl Rankings {
    /// Reads ballots on an open question: the options are what they rank.
    pub fn open<S: AsRef<str>>(ballots: &[Vec<S>]) -> Self {
        let mut rankings = Self::default();
        let mut places = HashMap::new();
        for ballot in ballots {
            let names = ballot
                .iter()
                .map(|it| (it.as_ref(), normalise(it.as_ref())));
            let places = names.filter_map(|(name, key)| {
                let place = *places.entry(key?).or_insert(rankings.options.len());
                if place == rankings.options.len() {
                    rankings.options.push(name.trim().to_owned());
                }
                Some(place)
            });
            let places = places.collect();
            rankings.push(places);
        }
        rankings
    }

    /// Reads ballots on the given options; what else they rank is set aside and counted.
    ///
    /// # Errors
    ///
    /// Returns [`RankingError::UnclearOption`] if two options cannot be told apart.
    pub fn among<O: AsRef<str>, S: AsRef<str>>(
        options: &[O],
        ballots: &[Vec<S>],
    ) -> Result<Self, RankingError> {
        let places = places(options)?;
        let mut rankings = Self::default();
        for ballot in ballots {
            let place = |it: &S| places.get(&normalise(it.as_ref())?).copied();
            let known: Vec<usize> = ballot.iter().filter_map(place).collect();
            rankings.unknown += (ballot.len() - known.len()) as u64;
            rankings.push(known);
        }
        rankings.sort(options);
        Ok(rankings)
    }

    /// Reads ballots on the given options, and nothing else.
    ///
    /// # Errors
    ///
    /// Returns a [`RankingError`] if a ballot ranks something else, or if two options cannot be
    /// told apart.
    pub fn strictly_among<O: AsRef<str>, S: AsRef<str>>(
        options: &[O],
        ballots: &[Vec<S>],
    ) -> Result<Self, RankingError> {
        let places = places(options)?;
        for (ballot, names) in ballots.iter().enumerate() {
            let is_known = |it: &&str| normalise(it).is_some_and(|it| places.contains_key(&it));
            if let Some(option) = names.iter().map(AsRef::as_ref).find(|it| !is_known(it)) {
                let option = option.to_owned();
                return Err(RankingError::UnknownOption { ballot, option });
            }
        }
        Self::among(options, ballots)
    }

    /// Returns how many ballots rank anything.
    pub fn total_votes(&self) -> u64 {
        self.ballots.len() as u64
    }

    /// Adds a ballot without what it repeats.
    fn push(&mut self, places: Vec<usize>) {
        let mut ballot = Vec::with_capacity(places.len());
        for place in places {
            if !ballot.contains(&place) {
                ballot.push(place);
            }
        }
        match ballot.is_empty() {
            true => self.abstentions += 1,
            false => self.ballots.push(ballot),
        }
    }

    /// Brings the options into the order first seen.
    fn sort<O: AsRef<str>>(&mut self, options: &[O]) {
        let mut order: Vec<usize> = Vec::with_capacity(options.len());
        let mut new_places = vec![None; options.len()];
        for place in self
            .ballots
            .iter()
            .flatten()
            .copied()
            .chain(0..options.len())
        {
            if new_places[place].is_none() {
                new_places[place] = Some(order.len());
                order.push(place);
            }
        }
        for place in self.ballots.iter_mut().flatten() {
            *place = new_places[*place].unwrap_or(*place);
        }
        let name = |it: &usize| options[*it].as_ref().trim().to_owned();
        self.options = order.iter().map(name).collect();
    }
}

/// Returns each option's place by its counted form.
fn places<O: AsRef<str>>(options: &[O]) -> Result<HashMap<String, usize>, RankingError> {
    let mut places = HashMap::new();
    for (place, option) in options.iter().map(AsRef::as_ref).enumerate() {
        let key = normalise(option);
        if key.is_none_or(|key| places.insert(key, place).is_some()) {
            return Err(RankingError::UnclearOption(option.to_owned()));
        }
    }
    Ok(places)
}
