//! The importer, against rows of its source that are kept here as they were (but for prices of sound and
//! of the priority tier, which nobody asks for).

use std::fs;

use serde_json::Value;

use super::{FILE, lines};
use crate::cargo::root;

fn twenty() -> Vec<String> {
    let rows: Value = serde_json::from_str(include_str!("twenty.json")).unwrap();
    lines(&rows)
}

/// What is expected was worked out by another program, with exact decimals.
#[test]
fn twenty_rows_say_what_their_source_says() {
    let expected: Vec<&str> = include_str!("twenty.txt").lines().collect();
    assert!(expected.len() > 20);
    assert_eq!(twenty(), expected);
}

#[test]
fn the_committed_table_has_these_rows_and_nothing_that_cannot_be_asked() {
    let table = fs::read_to_string(root().join(FILE)).unwrap();
    for line in twenty() {
        assert!(table.lines().any(|it| it == line), "{line}");
    }
    for name in [
        "gpt-5-pro",
        "gpt-4o-audio",
        "azure:eu",
        "text-embedding",
        "ft:",
        "lyria",
    ] {
        assert!(!table.contains(name), "{name}");
    }
}
