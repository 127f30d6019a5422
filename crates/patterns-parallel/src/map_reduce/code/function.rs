//! The functions of code reductions, and what they work on.

/// What a code reduction computes.
///
/// All of them are exact and need neither an order of arrival nor all answers at once: states of
/// parts of the answers can be merged. Sums are of decimal numbers as they are written, without
/// rounding; only a result is rounded, to the nearest float, if it is no whole number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// `median:FIELD`: the quantile of one half.
    Median,
    /// `quantile:P:FIELD`: the number that a share `P` (0 to 1) of the numbers are below,
    /// interpolated linearly (definition 7 of Hyndman and Fan 1996); null of none. Holds each
    /// different number.
    Quantile(f64),
    /// `stats:FIELD`: count, sum, mean, least, greatest, and the standard deviation of a sample (null of
    /// fewer than two). Constant memory.
    Stats,
    /// `union:FIELD`: each different value once, in the order of their first answers. Objects are
    /// the same if their members are, in whatever order. Holds each of them.
    Union,
    /// `top:K:FIELD`: the `K` most frequent values with their counts; the first seen goes first in
    /// a tie. Holds each different value.
    Top(usize),
    /// `histogram:FIELD`: all values with their counts, most frequent first. Holds each different
    /// value.
    Histogram,
    /// `bins:WIDTH:FIELD`: how many numbers are in each bin `[n·WIDTH, (n + 1)·WIDTH)` that is not
    /// empty. Holds each such bin.
    Bins(f64),
    /// `vote:FIELD`: the most frequent answer in the form in which votes are counted
    /// ([`normalise`](crate::normalise)), the first seen in a tie, with its votes and all votes.
    /// Holds each different value.
    Vote,
    /// `dedupe` or `dedupe:FIELD`: the answers without those whose field has the same values as in an earlier
    /// one. Holds what it returns.
    Dedupe,
}

impl CodeFunction {
    /// The names of all functions.
    pub const NAMES: [&'static str; 15] = [
        "count",
        "distinct",
        "sum",
        "mean",
        "min",
        "max",
        "median",
        "quantile",
        "stats",
        "union",
        "top",
        "histogram",
        "bins",
        "vote",
        "dedupe",
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
            Self::Quantile(_) => "quantile",
            Self::Stats => "stats",
            Self::Union => "union",
            Self::Top(_) => "top",
            Self::Histogram => "histogram",
            Self::Bins(_) => "bins",
            Self::Vote => "vote",
            Self::Dedupe => "dedupe",
        }
    }

    /// Returns whether it can do without a field.
    pub(super) fn is_of_answers(self) -> bool {
        matches!(self, Self::Count | Self::Dedupe)
    }

    /// Returns whether it works on numbers only.
    pub(super) fn is_of_numbers(self) -> bool {
        match self {
            Self::Sum | Self::Mean | Self::Min | Self::Max | Self::Median => true,
            Self::Quantile(_) | Self::Stats | Self::Bins(_) => true,
            Self::Count | Self::Distinct | Self::Union | Self::Top(_) => false,
            Self::Histogram | Self::Vote | Self::Dedupe => false,
        }
    }

    /// Returns the written form of its argument, if it has one.
    pub(super) fn argument(self) -> Option<String> {
        match self {
            Self::Quantile(argument) | Self::Bins(argument) => Some(argument.to_string()),
            Self::Top(count) => Some(count.to_string()),
            _ => None,
        }
    }
}
