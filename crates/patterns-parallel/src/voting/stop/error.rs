//! What can be wrong with a stopping rule.

/// A stopping rule that cannot be understood or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoppingRuleError {
    /// There is no rule of that name.
    #[error(
        "there is no stopping rule {name:?}; there are fixed, exact, ahead-by, adaptive and plan"
    )]
    UnknownRule {
        /// The name.
        name: String,
    },
    /// The rule cannot do without a value.
    #[error("the stopping rule {rule} needs a value, as in {rule}:3")]
    MissingValue {
        /// The rule's name.
        rule: &'static str,
    },
    /// The value is of the wrong kind or out of range.
    #[error("{value:?} is no value of the stopping rule {rule}, which takes {expected}")]
    InvalidValue {
        /// The rule's name.
        rule: &'static str,
        /// The value.
        value: String,
        /// What the rule takes.
        expected: &'static str,
    },
    /// There is no vote to stop.
    #[error("a vote needs at least one voter")]
    NoVotes,
    /// The rule looks ahead, and that far it cannot see.
    #[error("the stopping rule {rule} works for at most {most} votes, not for {votes}")]
    TooManyVotes {
        /// The rule's name.
        rule: &'static str,
        /// The most votes that may be cast.
        votes: u64,
        /// The most votes that the rule can see ahead.
        most: u64,
    },
}
