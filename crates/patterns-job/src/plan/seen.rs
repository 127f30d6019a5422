//! Keeps answers that the store has, so that those that it has not are taken to be like them: as long, as often
//! yes, with as much in their lists.

use std::collections::HashMap;

use patterns_core::{ModelId, Request, StepRole};

/// What the answers to a call are alike in: what it is for, who is asked, and their schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind(StepRole, ModelId, Option<[u8; 32]>);

/// So many answers of a kind are kept.
const MOST: usize = 256;

/// Answers by their kind, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(HashMap<Kind, Vec<String>>);

impl Kind {
    pub(super) fn of(role: StepRole, model: &ModelId, request: &Request) -> Self {
        let schema = request.schema.as_ref().map(|it| *it.digest());
        Self(role, model.clone(), schema)
    }
}

impl Seen {
    /// Keeps an answer. Votes and outlines are foreseen in ways of their own.
    pub(super) fn note(&mut self, kind: Kind, answer: &str) {
        if matches!(kind.0, StepRole::Ballot | StepRole::Outline) {
            return;
        }
        let answers = self.0.entry(kind).or_default();
        if answers.len() < MOST {
            answers.push(answer.to_owned());
        }
    }

    /// Returns one of the answers of a kind, by a number.
    pub(super) fn like(&self, kind: &Kind, number: u64) -> Option<String> {
        let answers = self.0.get(kind)?;
        let place = usize::try_from(number % answers.len() as u64).unwrap_or_default();
        answers.get(place).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_like_those_of_their_kind_only() {
        let kind = |role, model| Kind(role, ModelId::new("p", model), None);
        let mut seen = Seen::default();
        seen.note(kind(StepRole::Ballot, "m"), "a vote");
        assert!(seen.is_empty());
        for answer in ["yes", "no"] {
            seen.note(kind(StepRole::Judge, "m"), answer);
        }
        let like = |role, model, number| seen.like(&kind(role, model), number);
        assert_eq!(like(StepRole::Judge, "m", 4).as_deref(), Some("yes"));
        assert_eq!(like(StepRole::Judge, "m", 7).as_deref(), Some("no"));
        assert_eq!(like(StepRole::Judge, "other", 4), None);
        assert_eq!(like(StepRole::Map, "m", 4), None);
    }
}
