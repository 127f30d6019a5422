//! When gleaning ends: after so many rounds, or as soon as one brings nothing new.

use serde_json::Value;

use super::merge::merge;

/// An answer that is added to, round by round.
#[derive(Debug)]
pub(super) struct Rounds {
    found: Value,
    round: u32,
    most: u32,
    is_complete: bool,
}

impl Rounds {
    pub(super) fn new(found: Value, most: u32) -> Self {
        Self {
            found,
            round: 0,
            most,
            is_complete: false,
        }
    }

    /// Returns the number of the next round, from 1, and what was found before it.
    pub(super) fn next(&mut self) -> Option<(u32, &Value)> {
        if self.is_complete || self.round == self.most {
            return None;
        }
        self.round += 1;
        Some((self.round, &self.found))
    }

    /// Takes the answer to a follow-up.
    pub(super) fn add(&mut self, more: Value) {
        self.is_complete = merge(&mut self.found, more) == 0;
    }

    /// Takes it that nothing was missed.
    pub(super) fn complete(&mut self) {
        self.is_complete = true;
    }

    pub(super) fn into_found(self) -> Value {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Plays follow-ups and returns how many were asked for, and what was found.
    fn play(most: u32, answers: &[Value]) -> (u32, Value) {
        let mut rounds = Rounds::new(json!(["a"]), most);
        let mut asked = 0;
        while let Some((round, _)) = rounds.next() {
            asked += 1;
            assert_eq!(round, asked);
            match answers.get(asked as usize - 1) {
                Some(more) => rounds.add(more.clone()),
                None => rounds.complete(),
            }
        }
        (asked, rounds.into_found())
    }

    #[test]
    fn it_ends_after_the_last_round_or_when_nothing_new_comes() {
        let answers = [
            json!(["b"]),
            json!(["c", "a"]),
            json!(["B", "c"]),
            json!(["d"]),
        ];
        assert_eq!(play(0, &answers), (0, json!(["a"])));
        assert_eq!(play(1, &answers), (1, json!(["a", "b"])));
        assert_eq!(play(2, &answers), (2, json!(["a", "b", "c"])));
        assert_eq!(play(9, &answers), (3, json!(["a", "b", "c"])));
        assert_eq!(play(9, &answers[..1]), (2, json!(["a", "b"])));
        assert_eq!(play(9, &[json!({"a": ["b"]})]), (1, json!(["a"])));
    }
}
