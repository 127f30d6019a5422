//! Decides by a voting rule that is chosen at run time.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use patterns_core::{Model, meant, name_and_value};
use patterns_parallel::voting::{
    Ballot, BestOf, Fields, Judgement, Median, Rule, Ruling, SameMeaning, TieBreak,
};
use patterns_parallel::{AgentOptions, Plurality, RunError};

/// Any of the voting rules; its winner is text.
///
/// It is read as its rule is. Only [`Fields`] have no such form, as they need a schema.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyRule {
    /// The most votes win.
    Plurality(Plurality),
    /// The number in the middle wins.
    Median(Median),
    /// Every field of an object is decided on its own.
    Fields(Box<Fields>),
    /// The best answer wins, by a judge.
    BestOf,
    /// The meaning with the most votes wins, by a judge.
    SameMeaning,
}

impl AnyRule {
    /// Returns the rule, with a model as its judge if it needs one.
    pub(crate) fn judged_by(
        &self,
        model: &Arc<dyn Model>,
        options: &AgentOptions,
    ) -> Box<dyn Rule<Winner = String>> {
        let model = Arc::clone(model);
        match self {
            Self::Plurality(rule) => Box::new(*rule),
            Self::Median(rule) => Box::new(InWords(*rule)),
            Self::Fields(rule) => Box::new(InWords(Fields::clone(rule))),
            Self::BestOf => Box::new(BestOf::by_model(model, options)),
            Self::SameMeaning => Box::new(SameMeaning::by_model(model, options)),
        }
    }

    /// Returns whether the rule needs a judge.
    pub fn is_judged(&self) -> bool {
        matches!(self, Self::BestOf | Self::SameMeaning)
    }
}

impl Default for AnyRule {
    fn default() -> Self {
        Self::Plurality(Plurality::new())
    }
}

impl FromStr for AnyRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = name_and_value(text);
        let judged = match name {
            BestOf::NAME => Self::BestOf,
            SameMeaning::NAME => Self::SameMeaning,
            Median::NAME => return text.parse().map(Self::Median).map_err(said),
            name if Plurality::NAMES.contains(&name) => {
                return text.parse().map(Self::Plurality).map_err(said);
            }
            name => {
                let mut names = Plurality::NAMES.to_vec();
                names.extend([Median::NAME, BestOf::NAME, SameMeaning::NAME]);
                let meant = meant(name, &names);
                return Err(format!("there is no voting rule {name:?}; {meant}"));
            }
        };
        match value {
            None => Ok(judged),
            Some(value) => Err(format!(
                "the rule `{name}`: it takes no value, but has `{value}`"
            )),
        }
    }
}

fn said(error: RunError) -> String {
    error.to_string()
}

/// What a judge has said.
type Judgements = BTreeMap<(usize, usize), Option<Judgement>>;

/// A rule that counts no votes and asks nobody, whose winner is put into words.
struct InWords<R>(R);

impl<R: Rule<Winner: Display>> Rule for InWords<R> {
    type Winner = String;

    fn decide(&self, ballots: &[Ballot], tie_break: TieBreak, said: &Judgements) -> Ruling<String> {
        let ruling = self.0.decide(ballots, tie_break, said);
        ruling.map(|it| it.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood() {
        let names = ["median", "best-of", "same-meaning"];
        for name in Plurality::NAMES.into_iter().chain(names) {
            let value = if name == "threshold" { ":60%" } else { "" };
            let text = format!("{name}{value}");
            assert!(text.parse::<AnyRule>().is_ok(), "{name}");
        }
        let read = |text: &str| text.parse::<AnyRule>().unwrap();
        assert_eq!(read("threshold:2/3"), read("supermajority"));
        assert_eq!(read("median"), AnyRule::Median(Median::default()));
        assert_ne!(read("median:1%"), read("median"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<AnyRule>().unwrap_err();
        insta::assert_snapshot!(
            ["borda", "majorty", "majority:1", "threshold", "threshold:2", "median:-1", "median:x"]
                .map(error)
                .join("\n"),
            @r#"
        there is no voting rule "borda"; there are plurality, majority, supermajority, unanimous, threshold, median, best-of, same-meaning
        there is no voting rule "majorty"; did you mean "majority"?
        the rule `majority`: it takes no value, but has `1`
        the rule `threshold`: it needs a share, such as 0.6, 60% or 2/3
        the rule `threshold`: 2 is no share from 0 to 1
        the rule `median`: `-1` is no tolerance: a distance from 0, such as 0.5, or less than 100%, such as 1%
        the rule `median`: `x` is no tolerance: a distance from 0, such as 0.5, or less than 100%, such as 1%
        "#
        );
    }
}
