//! The functions of code reductions, and what they work on.

/// What a code reduction computes.
///
/// All of them are exact and need neither an order of arrival nor all answers at once: states of
/// parts of the answers can be merged. Sums are of decimal numbers as they are written, without
/// rounding; only means and results with a fraction are rounded, to the nearest float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFunction {
    /// `count`: how many answers there are, or with a field, how many values of it. Constant
    /// memory.
    Count,
    /// `distinct:FIELD`: how many different values there are. Holds each of them.
    Distinct,
    /// `sum:FIELD`: the sum of numbers; 0 of none. Constant memory.
    Sum,
    /// `mean:FIELD`: the arithmetic mean of numbers; null of none. Constant memory.
    Mean,
    /// `min:FIELD`: the least number; null of none. Constant memory.
    Min,
    /// `max:FIELD`: the greatest number; null of none. Constant memory.
    Max,
    /// `median:FIELD`: the number in the middle, or the mean of the two there; null of none. Holds
    /// each different number.
    Median,
    /// `top:K:FIELD`: the `K` most frequent values with their counts; the first seen goes first in
    /// a tie. Holds each different value.
    Top(usize),
    /// `union:FIELD`: each different value once, in the order of their first answers. Objects are
    /// the same if their members are, in whatever order. Holds each of them.
    Union,
}

impl CodeFunction {
    /// The names of all functions.
    pub const NAMES: [&'static str; 9] = [
        "count", "distinct", "sum", "mean", "min", "max", "median", "top", "union",
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
            Self::Top(_) => "top",
            Self::Union => "union",
        }
    }

    /// Returns whether it works on numbers only.
    pub fn is_of_numbers(self) -> bool {
        match self {
            Self::Sum | Self::Mean | Self::Min | Self::Max | Self::Median => true,
            Self::Count | Self::Distinct | Self::Top(_) | Self::Union => false,
        }
    }

    /// Returns the written form of its argument, if it has one.
    pub(super) fn argument(self) -> Option<String> {
        match self {
            Self::Top(count) => Some(count.to_string()),
            _ => None,
        }
    }
}
