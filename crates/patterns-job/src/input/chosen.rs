//! Chooses which documents of a source are read, and counts what there is as far as that is cheap: names of
//! files are counted, rows only as far as needed to see that there are more. A sample has to know all names,
//! so it reads all rows once before.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use patterns_source::{Documents, Sample, Sourced, Unreadable};
use serde::Serialize;

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
            let name = |it: &Item| match it {
                Ok(it) => it.document.id.clone(),
                Err(error) => error.place().to_owned(),
            };
            Some(drawn(documents, name, (size, seed)))
        }
    }
}

/// Draws so many of what comes, by its names, and holds no more than that.
pub(crate) fn drawn<T>(
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> String,
    (size, seed): (NonZeroUsize, u64),
) -> (Vec<T>, Taken) {
    let mut sample = Sample::new(size, seed);
    let mut drawn = BTreeMap::new();
    for item in items {
        let out = sample.offer(&name(&item));
        drawn.insert(sample.offered() - 1, item);
        out.map(|it| drawn.remove(&it));
    }
    let taken = Taken::drawn(drawn.len() as u64, sample.offered());
    (drawn.into_values().collect(), taken)
}

/// How much of the input a run takes.
///
/// ```
/// use patterns_job::{Taken, Total};
///
/// let taken = Taken::first(10, Total::AtLeast(11));
/// assert_eq!(taken.words("documents").as_deref(), Some("the first 10 of at least 11 documents"));
/// assert_eq!(Taken::first(5, Total::Exactly(5)).words("documents"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// How many documents or questions are worked on.
    pub taken: u64,
    /// How many there are.
    #[serde(flatten)]
    pub of: Total,
    /// Whether they are drawn, and not the first ones.
    pub drawn: bool,
}

/// How many documents or questions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Total {
    /// So many.
    #[serde(rename = "of")]
    Exactly(u64),
    /// So many or more: they were not all read.
    #[serde(rename = "of_at_least")]
    AtLeast(u64),
}

impl Taken {
    /// Takes the first ones.
    pub fn first(taken: u64, of: Total) -> Self {
        let drawn = false;
        Self { taken, of, drawn }
    }

    /// Takes some that are drawn.
    pub fn drawn(taken: u64, of: u64) -> Self {
        let (of, drawn) = (Total::Exactly(of), true);
        Self { taken, of, drawn }
    }

    /// Says what the result is of; `None` if that is all there is. `what` is "documents" or "questions".
    pub fn words(&self, what: &str) -> Option<String> {
        let taken = self.taken;
        let of = match self.of {
            Total::Exactly(all) if all <= taken => return None,
            Total::Exactly(all) => all.to_string(),
            Total::AtLeast(some) if some > taken => format!("at least {some}"),
            Total::AtLeast(_) => {
                return Some(format!("the first {taken} {what}; the rest was not read"));
            }
        };
        Some(match self.drawn {
            true => format!("{taken} of {of} {what}, drawn evenly"),
            false => format!("the first {taken} of {of} {what}"),
        })
    }
}
