//! Finds what a text says that its agent cannot have from what it was given.

use patterns_core::text::SeenWords;
use patterns_core::{Part, Prompt};
use serde::Serialize;

/// Returns the numbers and names in these texts that are neither in the prompt nor in the instructions. Nothing is
/// said where there are pictures, which cannot be looked through.
pub(super) fn unseen(texts: &impl Serialize, told: Option<&str>, given: &Prompt) -> Vec<String> {
    let mut words = SeenWords::default();
    words.add_name(told.unwrap_or_default());
    for part in &given.parts {
        match part {
            Part::Text(text) => words.add_name(text),
            Part::Document(it) if it.attachment.is_some() => return Vec::new(),
            Part::Document(it) => {
                words.add_name(&it.id);
                words.add(it);
            }
        }
    }
    words.unseen(texts)
}
