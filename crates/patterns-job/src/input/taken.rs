//! Says how much of the input a run takes, so that nobody mistakes a try for the whole.

use serde::Serialize;

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
