//! Drops what reasoning models think aloud before they answer: drafts in it are no answers.
//!
//! Servers that know a model's markup take its thoughts out themselves; others leave them in, and
//! where the prompt's template has opened them already, only the closing tag is left.

use std::ops::Range;

use super::json::parse;
use super::slice::slices;

/// How models mark the beginning and the end of their thoughts, in lower case.
const TAGS: [(&str, &str); 17] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<thoughts>", "</thoughts>"),
    ("<analysis>", "</analysis>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<antthinking>", "</antthinking>"),
    ("<|think|>", "<|/think|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|startofthink|>", "<|endofthink|>"),
    ("<|channel>thought", "<channel|>"),
    ("[think]", "[/think]"),
    ("\u{25c1}think\u{25b7}", "\u{25c1}/think\u{25b7}"),
];

/// What begins the answer in the harmony format of gpt-oss, up to the `<|message|>` behind it.
const FINAL_CHANNEL: &str = "<|channel|>final";
const CHANNEL: &str = "<|channel|>";
const MESSAGE: &str = "<|message|>";

/// How models mark the end of their turn, in lower case: what is behind it is nobody's answer.
const ENDS_OF_TURN: [&str; 6] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<\u{ff5c}end\u{2581}of\u{2581}sentence\u{ff5c}>",
    "</s>",
];

/// How the user's turn begins behind that.
const USERS_TURNS: [&str; 6] = [
    "<|im_start|>user",
    "<|start_header_id|>user",
    "<start_of_turn>user",
    "<|user|>",
    "<\u{ff5c}user\u{ff5c}>",
    "[inst]",
];

/// Returns the beginning of `text` up to where the model ended its turn, if it went on with words of
/// the user. Behind a further turn of its own, nobody knows which answer is meant.
pub(super) fn own_turn(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let ends = ENDS_OF_TURN.iter().flat_map(|it| {
        let places = lower.match_indices(it);
        places.map(|(at, mark)| (at, lower[at + mark.len()..].trim_start()))
    });
    let of_user = |rest: &str| USERS_TURNS.iter().any(|it| rest.starts_with(it));
    let end = ends.filter(|(_, rest)| of_user(rest)).map(|(at, _)| at);
    let end = end.min()?;
    // One that the answer itself quotes ends nothing.
    let is_quoted = quoting(text).iter().any(|it| it.contains(&end));
    (!is_quoted).then(|| &text[..end])
}

/// Returns what is left of `text` without thoughts, if there are any.
pub(super) fn without_thoughts(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if let Some(range) = final_channel(&lower) {
        return Some(text[range].to_owned());
    }
    let mut marks = marks(&lower);
    if marks.is_empty() {
        return None;
    }
    // A tag that the answer itself quotes ends no thoughts.
    let quoting = quoting(text);
    marks.retain(|mark| !quoting.iter().any(|it| it.contains(&mark.range.start)));
    (!marks.is_empty()).then(|| outside(text, &marks))
}

/// A tag in a text.
struct Mark {
    range: Range<usize>,
    opens: bool,
}

/// Finds all tags, in the order of the text.
fn marks(lower: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (open, close) in TAGS {
        for (tag, opens) in [(open, true), (close, false)] {
            marks.extend(lower.match_indices(tag).map(|(at, _)| Mark {
                range: at..at + tag.len(),
                opens,
            }));
        }
    }
    marks.sort_by_key(|it| it.range.start);
    marks
}

/// Returns where the JSON objects of `text` are that quote a tag and can be read as they are.
fn quoting(text: &str) -> Vec<Range<usize>> {
    let readable = slices(text).into_iter();
    let readable = readable.filter(|it| it.text.len() > 8 && parse(it.text).is_ok());
    readable.map(|it| it.at..it.at + it.text.len()).collect()
}

/// Returns what stands outside of all thoughts. What is closed without having been opened began
/// with the text; what is never closed goes on to its end.
fn outside(text: &str, marks: &[Mark]) -> String {
    let mut kept = String::new();
    let mut opened = Vec::new();
    let mut from = 0;
    for mark in marks {
        kept.push_str(&text[from..mark.range.start]);
        from = mark.range.end;
        if mark.opens {
            opened.push(kept.len());
        } else {
            kept.truncate(opened.pop().unwrap_or(0));
        }
    }
    kept.push_str(&text[from..]);
    if let Some(first) = opened.first() {
        kept.truncate(*first);
    }
    kept
}

/// Returns where the answer is in a text of several channels; nowhere, if its channel is missing.
fn final_channel(lower: &str) -> Option<Range<usize>> {
    if let Some(channel) = lower.rfind(FINAL_CHANNEL) {
        let after = channel + FINAL_CHANNEL.len();
        let message = lower[after..].find(MESSAGE);
        let start = message.map_or(after, |it| after + it + MESSAGE.len());
        let ends = ["<|end|>", "<|return|>", "<|start|>", "<|call|>"];
        let ends = ends.iter().filter_map(|it| lower[start..].find(it));
        return Some(start..ends.min().map_or(lower.len(), |it| start + it));
    }
    if lower.trim_start().starts_with(CHANNEL) {
        return Some(lower.len()..lower.len());
    }
    // Servers that drop the markers leave the words between them.
    let word = "assistantfinal";
    let start = lower.starts_with("analysis").then(|| lower.rfind(word))??;
    Some(start + word.len()..lower.len())
}
