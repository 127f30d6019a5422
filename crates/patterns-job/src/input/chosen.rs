//! Chooses which documents of a source are read, and counts what there is as far as that is cheap: names of
//! files are counted, rows only as far as needed to see that there are more. A sample has to know all names,
//! so it reads all rows once before.

use std::collections::{BTreeMap, BTreeSet};

use patterns_source::{Documents, Sample, Sourced, Unreadable};

use super::taken::{Taken, Total};
use crate::job::Choice;
use crate::job_error::JobError;

/// How many files are counted before the first is worked on, so that it can be said how many there are.
pub(super) const MOST_COUNTED: usize = 100_000;

type Item = Result<Sourced, Unreadable>;

/// Which documents of a source that can be read twice are read.
pub(super) enum Chosen {
    All,
    First(u64, Taken),
    Those(BTreeSet<u64>, Taken),
}

impl Chosen {
    /// Chooses; `open` opens the source, from its beginning each time.
    pub(super) fn of(
        open: impl Fn() -> Result<Documents, JobError>,
        choice: Choice,
    ) -> Result<Self, JobError> {
        Ok(match choice {
            Choice::All => Self::All,
            Choice::First(most) => {
                let most = most.get() as u64;
                let of = total(open, most)?;
                let (Total::Exactly(some) | Total::AtLeast(some)) = of;
                Self::First(most, Taken::first(some.min(most), of))
            }
            Choice::Drawn { size, seed } => {
                let mut sample = Sample::new(size, seed);
                open()?.offer_to(&mut sample);
                let all = sample.offered();
                let numbers = sample.numbers();
                let taken = Taken::drawn(numbers.len() as u64, all);
                Self::Those(numbers, taken)
            }
        })
    }

    /// Leaves out what is not chosen.
    pub(super) fn of_these(&self, documents: Documents) -> Documents {
        match self {
            Self::All => documents,
            Self::First(most, _) => documents.first(*most),
            Self::Those(numbers, _) => documents.only(numbers.clone()),
        }
    }

    /// Returns how many are chosen, if not all are.
    pub(super) fn count(&self) -> Option<usize> {
        usize::try_from(self.taken()?.taken).ok()
    }

    pub(super) fn taken(&self) -> Option<Taken> {
        match self {
            Self::All => None,
            Self::First(_, taken) | Self::Those(_, taken) => Some(*taken),
        }
    }
}

/// Counts the documents of a source: files all of them, rows until there are more than `most`.
fn total(open: impl Fn() -> Result<Documents, JobError>, most: u64) -> Result<Total, JobError> {
    if let Some(files) = open()?.count_files(MOST_COUNTED) {
        return Ok(Total::Exactly(files as u64));
    }
    let some = open()?.count_up_to(most.saturating_add(1));
    Ok(match some > most {
        true => Total::AtLeast(some),
        false => Total::Exactly(some),
    })
}

/// Reads what is chosen of something that can be read only once; `None` if that is all of it. Of a pipe
/// that goes on for ever, the first ones are read and nothing behind them.
pub(super) fn piped(documents: &mut Documents, choice: Choice) -> Option<(Vec<Item>, Taken)> {
    match choice {
        Choice::All => None,
        Choice::First(most) => {
            let items: Vec<Item> = documents.take(most.get()).collect();
            let taken = items.len() as u64;
            let of = match items.len() < most.get() {
                true => Total::Exactly(taken),
                false => Total::AtLeast(taken),
            };
            Some((items, Taken::first(taken, of)))
        }
        Choice::Drawn { size, seed } => {
            let mut sample = Sample::new(size, seed);
            let mut drawn = BTreeMap::new();
            for item in documents {
                let name = match &item {
                    Ok(it) => &*it.document.id,
                    Err(error) => error.place(),
                };
                let out = sample.offer(name);
                drawn.insert(sample.offered() - 1, item);
                out.map(|it| drawn.remove(&it));
            }
            let taken = Taken::drawn(drawn.len() as u64, sample.offered());
            Some((drawn.into_values().collect(), taken))
        }
    }
}
