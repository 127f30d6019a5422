//! A newcomer who looks for a behaviour opens the right file first: the table in ARCHITECTURE.md names
//! thirty of them in the words of users, and where each is.
//!
//! That a file's name says so is judged by its words: one of them begins like one of the behaviour's.

use super::{Problem, Source};

/// Where the table is, below the root.
pub(super) const LIST: &str = "ARCHITECTURE.md";

/// How the head of the table begins.
const HEAD: &str = "| what | where |";

/// So many behaviours are named …
const ROWS: usize = 30;

/// … and so many of them are in a file whose name says so.
const HITS: usize = 27;

/// So many letters at the beginning make a word the same; a shorter one is the same as a whole.
const LETTERS: usize = 4;

/// Finds rows whose file or item is not there, and a table of too few or too many surprises.
pub(super) fn check(list: &str, sources: &[Source]) -> Vec<Problem> {
    let rows: Vec<Row<'_>> = rows(list).collect();
    let mut problems: Vec<Problem> = rows.iter().filter_map(|row| row.check(sources)).collect();
    let hits = rows.iter().filter(|row| row.is_told_by_its_name()).count();
    if rows.len() < ROWS || hits < HITS {
        let surprising = rows.iter().filter(|row| !row.is_told_by_its_name());
        let surprising: Vec<&str> = surprising.map(|row| row.path).collect();
        let message = format!(
            "{hits} of {} behaviours are in a file whose name says so; {HITS} of {ROWS} are to be. Others \
             are in {}",
            rows.len(),
            surprising.join(", ")
        );
        problems.push(Problem::new(LIST, message));
    }
    problems
}

/// A row of the table: ``| a behaviour | `path/of/file.rs`, `item` |``.
struct Row<'a> {
    line: usize,
    behaviour: &'a str,
    path: &'a str,
    item: &'a str,
}

fn rows(list: &str) -> impl Iterator<Item = Row<'_>> {
    let lines = list.lines().enumerate();
    let table = lines
        .skip_while(|(_, line)| !line.starts_with(HEAD))
        .skip(2);
    table
        .take_while(|(_, line)| line.starts_with('|'))
        .map(|(at, line)| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let behaviour = cells.next().unwrap_or_default();
            let mut named = cells
                .next()
                .unwrap_or_default()
                .split('`')
                .skip(1)
                .step_by(2);
            Row {
                line: at + 1,
                behaviour,
                path: named.next().unwrap_or_default(),
                item: named.next().unwrap_or_default(),
            }
        })
}

impl Row<'_> {
    fn check(&self, sources: &[Source]) -> Option<Problem> {
        let place = format!("{LIST}:{}", self.line);
        let Some(source) = sources.iter().find(|it| it.path == self.path) else {
            return Some(Problem::new(
                place,
                format!("there is no file {:?}", self.path),
            ));
        };
        let defined = ["fn ", "struct ", "enum ", "trait ", "const "];
        let is_there = !self.item.is_empty()
            && defined.iter().any(|kind| {
                let definition = format!("{kind}{}", self.item);
                let mut found = source.text.match_indices(&definition);
                found.any(|(at, _)| {
                    let next = source.text[at + definition.len()..].chars().next();
                    next.is_none_or(|it| !it.is_alphanumeric() && it != '_')
                })
            });
        (!is_there).then(|| {
            let message = format!("{} does not define {:?}", self.path, self.item);
            Problem::new(place, message)
        })
    }

    fn is_told_by_its_name(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let name = match file {
            "mod.rs" | "tests.rs" => parts.next().unwrap_or_default(),
            file => file.trim_end_matches(".rs"),
        };
        let words: Vec<String> = words(self.behaviour).collect();
        name.split('_')
            .any(|part| words.iter().any(|word| is_alike(part, word)))
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| it.len() > 2).map(str::to_lowercase)
}

fn is_alike(one: &str, other: &str) -> bool {
    let beginning = |it: &str| it.chars().take(LETTERS).collect::<String>();
    one == other || (one.len() >= LETTERS && beginning(one) == beginning(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(behaviour: &str, path: &str) -> bool {
        let list = format!("text\n\n{HEAD}\n|---|---|\n| {behaviour} | `{path}`, `x` |\n");
        rows(&list).next().unwrap().is_told_by_its_name()
    }

    #[test]
    fn a_name_tells_by_its_words() {
        assert!(told("a tie is broken", "a/tie_break.rs"));
        assert!(told("a chunk is asked about in halves", "a/halve.rs"));
        assert!(told("identical ballots are folded", "a/ballots/mod.rs"));
        assert!(!told("a Retry-After is parsed", "a/hint.rs"));
        assert!(!told("an answer is read", "a/ans.rs"));
    }

    #[test]
    fn the_table_is_checked_against_the_tree() {
        let list = format!("{HEAD}\n|---|---|\n| a tie is broken | `a/tie.rs`, `broken` |\n");
        let source = |text: &str| Source {
            path: "a/tie.rs".to_owned(),
            text: text.to_owned(),
        };
        let found = |text: &str| check(&list, &[source(text)]).len();
        // One is that there are fewer rows than there are to be.
        assert_eq!(found("fn broken() {}"), 1);
        assert_eq!(found("fn brokenly() {}"), 2);
        assert_eq!(check(&list, &[]).len(), 2);
    }
}
