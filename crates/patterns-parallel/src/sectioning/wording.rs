//! How things are put to the models of sectioning, and what they have said is put on one line.

use std::sync::Arc;

use patterns_core::text::one_line;
use patterns_core::{Document, Part, Prompt};
use serde::Serialize;

/// Asks something about a topic, behind the material for it.
pub(super) fn ask_about(
    topic: &str,
    material: impl Iterator<Item = Document>,
    ask: impl Into<Arc<str>>,
) -> Prompt {
    let mut parts = vec![Part::text(format!("Topic: {topic}"))];
    parts.extend(material.map(Part::Document));
    parts.push(Part::text(ask));
    Prompt::new(parts)
}

/// Writes what a model has planned so that it stays where it is put: on one line, within its quotes,
/// and without a bracket that could begin a tag. A plan is made of topics and documents that may come
/// from anybody.
pub(super) fn quotable(text: &str) -> String {
    let line = one_line(text).replace('"', "'");
    line.replace('<', "\u{2039}").replace('>', "\u{203a}")
}

/// Joins what is between gaps.
pub(super) fn joined(text: &str, is_gap: impl Fn(char) -> bool, by: &str) -> String {
    let words: Vec<&str> = text.split(is_gap).filter(|it| !it.is_empty()).collect();
    words.join(by)
}

/// Writes an answer of a type that nothing else is known of. What cannot be written as JSON could not
/// have been read from it.
pub(super) fn json(answer: &impl Serialize) -> String {
    serde_json::to_string_pretty(answer).unwrap_or_default()
}
