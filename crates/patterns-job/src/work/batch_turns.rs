//! Tells which questions of a batch have come to a result, while its elections are handed over in the
//! order of their questions. A run that is broken off leaves gaps.

use super::BatchQuestion;

/// The questions of a batch that no election was handed over of yet.
#[derive(Clone, Debug)]
pub struct BatchTurns<'a> {
    left: &'a [BatchQuestion],
}

impl<'a> BatchTurns<'a> {
    /// Begins with all of them.
    pub fn new(questions: &'a [BatchQuestion]) -> Self {
        Self { left: questions }
    }

    /// Takes the question of an election that is handed over, and those before it, which were broken
    /// off.
    pub fn take(&mut self, id: &str) -> (&'a [BatchQuestion], Option<&'a BatchQuestion>) {
        let left = self.left;
        let Some(at) = left.iter().position(|it| it.id == id) else {
            return (&[], None);
        };
        self.left = &left[at + 1..];
        (&left[..at], Some(&left[at]))
    }

    /// Returns the questions that were broken off at the end of the run, and those of which it had not
    /// begun so many.
    pub fn rest(&self, not_begun: usize) -> (&'a [BatchQuestion], &'a [BatchQuestion]) {
        let begun = self.left.len().saturating_sub(not_begun);
        self.left.split_at(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_handed_over_or_broken_off_or_not_begun() {
        let rows = ["a", "b", "c", "d", "e", "f"].map(|id| BatchQuestion {
            id: id.to_owned(),
            question: "?".to_owned(),
            options: None,
            gold: None,
            columns: None,
        });
        let ids = |rows: &[BatchQuestion]| rows.iter().map(|it| &*it.id).collect::<String>();
        let mut turns = BatchTurns::new(&rows);
        let mut take = |id| {
            let (before, row) = turns.take(id);
            (ids(before), row.map(|it| it.id.clone()))
        };
        assert_eq!(take("a"), (String::new(), Some("a".to_owned())));
        assert_eq!(take("c"), ("b".to_owned(), Some("c".to_owned())));
        assert_eq!(take("x"), (String::new(), None));
        let (broken_off, not_begun) = turns.rest(2);
        assert_eq!((&*ids(broken_off), &*ids(not_begun)), ("d", "ef"));
    }
}
