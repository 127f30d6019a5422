//! Notices that no answer of a model ever keeps the contract.
//!
//! A model that is too small for a schema, or a schema that asks for what nobody has, fails every document
//! of a run alike, and each of them is paid for several times. A handful tells: where steps fail one in
//! two, ten in a row fail in one of a thousand runs, and then not all in the same place.

use std::sync::{Mutex, PoisonError};

use crate::Violation;

/// So many steps that fail alike, and none with an answer, are enough.
const ENOUGH: u32 = 10;

/// How the steps of an agent have ended.
#[derive(Debug, Default)]
pub(crate) struct NeverValid(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    was_valid: bool,
    place: String,
    times: u32,
}

impl NeverValid {
    /// Takes note of a step whose answer kept the contract.
    pub(crate) fn answered(&self) {
        self.state().was_valid = true;
    }

    /// Takes note of a step that was given up over these violations; returns whether all of them end so.
    pub(crate) fn rejected(&self, violations: &[Violation]) -> bool {
        let mut state = self.state();
        if state.was_valid {
            return false;
        }
        let place = violations.first().map(place).unwrap_or_default();
        state.times = if state.place == place {
            state.times + 1
        } else {
            1
        };
        state.place = place;
        state.times >= ENOUGH
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns where an answer is wrong, whatever the number of the item.
fn place(violation: &Violation) -> String {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let parts = violation.pointer.split('/');
    let parts: Vec<_> = parts
        .map(|it| if is_number(it) { "#" } else { it })
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at which of the steps all are said to fail; a dot is an answer.
    fn after(steps: impl IntoIterator<Item = &'static str>) -> Option<usize> {
        let seen = NeverValid::default();
        let mut steps = steps.into_iter();
        let ends = steps.position(|pointer| {
            if pointer == "." {
                seen.answered();
                return false;
            }
            seen.rejected(&[Violation::new(pointer, "is missing")])
        });
        ends.map(|it| it + 1)
    }

    #[test]
    fn ten_that_fail_alike_are_enough_if_none_was_answered() {
        assert_eq!(after(["/name"; 9]), None);
        assert_eq!(after(["/name"; 30]), Some(10));
        assert_eq!(after(["/rows/0/id", "/rows/17/id"].repeat(9)), Some(10));
        assert_eq!(after(["/name", "/age"].repeat(30)), None);
        assert_eq!(after(["."].into_iter().chain(["/name"; 30])), None);
    }
}
