//! Names the rule that decides a field, and checks that there is such a field and that it can have the rule.

use std::fmt;
use std::str::FromStr;

use patterns_core::{SchemaKind, SchemaView, name_and_value, nearest, pointer};
use serde_json::Value;

use crate::RunError;
use crate::voting::rules::{Median, Plurality, Share};

/// How the values of one field become one. It is written as its rule is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FieldRule {
    /// The rule for strings, choices and yes/no. A list or an object is then one value, decided as a
    /// whole.
    Plurality(Plurality),
    /// The rule for numbers. Here the winner is always a value that was voted for, so it is an integer
    /// where they are and satisfies the schema: of two values in the middle, the one seen first. They
    /// are a tie if they lie further apart than the tolerance.
    Median(Median),
    /// The rule for lists: the items win that enough of the ballots have, in the order first seen. It is
    /// written as `union` (more than half) or `union:0.6` (at least this share).
    Union(Share),
}

const UNION: &str = "union";

impl FieldRule {
    /// Returns the rule of a kind where none is set; `None` if fields within decide.
    pub(super) fn usual(kind: &SchemaKind<'_>) -> Option<Self> {
        match kind {
            SchemaKind::Object => None,
            SchemaKind::List => Some(Self::Union(Share::MORE_THAN_HALF)),
            SchemaKind::Integer | SchemaKind::Number => Some(Self::Median(Median::default())),
            SchemaKind::Choice(_) | SchemaKind::Flag | SchemaKind::Text | SchemaKind::Any => {
                Some(Self::Plurality(Plurality::new()))
            }
        }
    }

    /// Checks that the rule can decide on such values.
    pub(super) fn check(self, path: &str, kind: &SchemaKind<'_>) -> Result<(), RunError> {
        // Free text that happens to be a number is not worth a vote that may find none.
        let (kind, own) = match kind {
            SchemaKind::Object => ("an object", None),
            SchemaKind::List => ("a list", Some(UNION)),
            SchemaKind::Choice(_) => ("a choice", None),
            SchemaKind::Integer => ("an integer", Some(Median::NAME)),
            SchemaKind::Number => ("a number", Some(Median::NAME)),
            SchemaKind::Flag => ("true or false", None),
            SchemaKind::Text => ("text", None),
            SchemaKind::Any => ("of no single kind", Some(Median::NAME)),
        };
        let rule = match self {
            Self::Plurality(_) => return Ok(()),
            Self::Median(_) => Median::NAME,
            Self::Union(_) => UNION,
        };
        if own == Some(rule) {
            return Ok(());
        }
        let fitting = own.map_or(String::new(), |it| format!("{it}, "));
        Err(RunError::Part(format!(
            "`{path}` is {kind}, which `{rule}` cannot decide (use one of {fitting}plurality, \
             majority, threshold)"
        )))
    }
}

impl FromStr for FieldRule {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let text = text.to_lowercase();
        let (name, value) = name_and_value(&text);
        Ok(match name {
            Median::NAME => Self::Median(text.parse()?),
            UNION if value.is_none() => Self::Union(Share::MORE_THAN_HALF),
            UNION => Self::Union(Share::read(name, value)?),
            name if Plurality::NAMES.contains(&name) => Self::Plurality(text.parse()?),
            name => {
                let mut names = Plurality::NAMES.to_vec();
                names.extend([Median::NAME, UNION]);
                let hint = hint(nearest(name, names.iter().copied()));
                let known = names.join(", ");
                return Err(RunError::Part(format!(
                    "there is no rule `{name}` for a field{hint} (known: {known})"
                )));
            }
        })
    }
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plurality(rule) => rule.fmt(f),
            Self::Median(rule) => rule.fmt(f),
            Self::Union(Share::MORE_THAN_HALF) => f.write_str(UNION),
            Self::Union(share) => write!(f, "{UNION}:{}", share.get()),
        }
    }
}

/// Finds a field for which a rule may be set.
pub(super) fn find<'a>(schema: &'a Value, path: &str) -> Result<SchemaView<'a>, RunError> {
    let mut field = SchemaView::new(schema);
    for name in pointer::names(path) {
        let is_open = field.keyword("additionalProperties").next().is_some();
        let additional = || field.additional().filter(|_| is_open);
        let inner = field.property(&name).or_else(additional);
        field = inner.ok_or_else(|| unknown(schema, path))?;
    }
    Ok(field)
}

fn unknown(schema: &Value, path: &str) -> RunError {
    let written = pointer::names(path);
    let full = pointer::join("", &written);
    let known = pointers(schema);
    let last_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let names: Vec<String> = known.iter().map(|it| last_name(it)).collect();
    // A name may be right where the way to it is not.
    let by_name = written.last().and_then(|last| {
        let name = nearest(last, names.iter().map(String::as_str))?;
        let alike = known.iter().filter(|it| last_name(it) == name);
        alike.min_by_key(|it| it.len())
    });
    let by_path = || nearest(&full, known.iter().map(String::as_str));
    let hint = hint(by_name.map(String::as_str).or_else(by_path));
    RunError::Part(format!("the answer has no field `{path}`{hint}"))
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
}

/// Returns the pointers of all fields; where a schema contains itself, down to some depth.
fn pointers(schema: &Value) -> Vec<String> {
    const DEEPEST: usize = 5;
    const MOST: usize = 1000;
    let mut found = Vec::new();
    let mut due = vec![(String::new(), SchemaView::new(schema), 0)];
    while let Some((path, view, depth)) = due.pop() {
        if depth < DEEPEST && found.len() < MOST {
            for (name, view) in view.properties() {
                due.push((pointer::join(&path, [name]), view, depth + 1));
            }
        }
        if !path.is_empty() {
            found.push(path);
        }
    }
    found
}
