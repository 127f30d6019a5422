//! Says why a field cannot have a rule.

use crate::voting::rules::RuleError;

/// Why a rule cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// There is no equals sign.
    #[error("`{0}` is no PATH=RULE, such as /price=median:1%")]
    NotAnAssignment(String),
    /// No rule has this name.
    #[error("there is no rule `{name}` for a field{} (known: {})", hint(.nearest), .known)]
    UnknownRule {
        /// What was written.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// The rule's value is missing, of no use, or out of range.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The schema has no such field.
    #[error("the answer has no field `{path}`{}", hint(.nearest))]
    UnknownPath {
        /// What was written.
        path: String,
        /// The field most like it.
        nearest: Option<String>,
    },
    /// The rule cannot decide on such values.
    #[error("`{path}` is {kind}, which `{rule}` cannot decide (use one of {})", .fitting.join(", "))]
    Unfit {
        /// The field.
        path: String,
        /// What the field holds.
        kind: &'static str,
        /// The rule's name.
        rule: &'static str,
        /// The names of rules that can.
        fitting: Vec<&'static str>,
    },
    /// A field has two rules.
    #[error("`{0}` has two rules")]
    Twice(String),
}

fn hint(nearest: &Option<String>) -> String {
    let hint = nearest.as_ref();
    hint.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
}
