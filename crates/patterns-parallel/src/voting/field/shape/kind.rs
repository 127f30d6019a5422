//! Says what kind of value a field holds, and the names of the rules that can decide on it.

use serde_json::Value;

use super::{Shape, constants};
use crate::voting::field::canonical::canonical;

/// What kind of value a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::voting::field) enum Kind<'a> {
    Object,
    List,
    Choice(Vec<&'a Value>),
    Integer,
    Number,
    Flag,
    Text,
    /// Several kinds, or no telling.
    Any,
}

impl<'a> Shape<'a> {
    pub(in crate::voting::field) fn kind(&self) -> Kind<'a> {
        if self.is_union {
            return Kind::Any;
        }
        let mut choices = self.constants.clone();
        choices.extend(self.schemas.iter().filter_map(|it| constants(it)).flatten());
        choices.retain(|it| !it.is_null());
        if !choices.is_empty() {
            return Kind::Choice(choices);
        }
        match self.type_names().as_slice() {
            ["object"] => Kind::Object,
            ["array"] => Kind::List,
            ["integer"] => Kind::Integer,
            ["number"] | ["integer", "number"] | ["number", "integer"] => Kind::Number,
            ["boolean"] => Kind::Flag,
            ["string"] => Kind::Text,
            [] if self.keyword("properties").next().is_some() => Kind::Object,
            [] if self.keyword("items").next().is_some() => Kind::List,
            _ => Kind::Any,
        }
    }

    /// Returns whether the schema leaves open what is here.
    pub(super) fn says_nothing(&self) -> bool {
        self.type_names().is_empty() && !self.is_union && self.kind() == Kind::Any
    }

    fn type_names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for types in self.keyword("type") {
            let several = types.as_array().into_iter().flatten();
            let found = several.chain([types]).filter_map(Value::as_str);
            for name in found.filter(|it| *it != "null") {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

impl<'a> Kind<'a> {
    /// Returns the names of the rules that can decide on such values.
    pub(in crate::voting::field) fn fitting(&self) -> &'static [&'static str] {
        match self {
            Self::Object | Self::Flag => &["plurality", "majority", "threshold"],
            Self::List => &["union", "plurality", "majority", "threshold"],
            // Free text that happens to be a number is not worth a vote that may find none.
            Self::Choice(_) | Self::Text => &["plurality", "majority", "threshold"],
            Self::Integer | Self::Number | Self::Any => {
                &["median", "plurality", "majority", "threshold"]
            }
        }
    }

    /// Returns what to call such a value in an error.
    pub(in crate::voting::field) fn name(&self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::Choice(_) => "a choice",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Text => "text",
            Self::Any => "of no single kind",
        }
    }

    /// Returns a ballot's value as one of this kind, or nothing if it is of another; a choice
    /// that is spelled differently becomes the one that is meant.
    pub(in crate::voting::field) fn read(&self, value: &'a Value) -> Option<&'a Value> {
        let fits = match self {
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
            Self::Choice(choices) => return meant(choices, value),
            Self::Integer => value.is_i64() || value.is_u64() || is_whole(value),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::Any => true,
        };
        fits.then_some(value)
    }
}

fn meant<'a>(choices: &[&'a Value], value: &Value) -> Option<&'a Value> {
    if let Some(choice) = choices.iter().find(|it| **it == value) {
        return Some(choice);
    }
    let counted = canonical(value);
    let mut alike = choices.iter().filter(|it| canonical(it) == counted);
    let choice = alike.next()?;
    alike.next().is_none().then_some(*choice)
}

fn is_whole(value: &Value) -> bool {
    value.as_f64().is_some_and(|it| it.fract() == 0.0)
}
