//! What a call that was not recorded has different from the nearest one that was.

use std::fmt;
use std::path::PathBuf;

use patterns_core::{Message, ModelId, Part, Role};

use super::line::{Asked, Line};

/// A call that a cassette has no answer to; the source of the error that a replay gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCall {
    /// The cassette.
    pub path: PathBuf,
    /// The line of the recorded call that is most like it, from 1; `None` if there is none.
    pub nearest: Option<usize>,
    /// What is different from that one.
    pub differences: Vec<Difference>,
}

/// A part of a request that has changed since it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which part: `model`, `instructions`, `messages`, `schema`, `sampling` or `sample`.
    pub part: &'static str,
    /// What was recorded, redacted, from shortly before the first change.
    pub recorded: String,
    /// What is asked now, likewise.
    pub asked: String,
}

impl fmt::Display for MissingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cassette {}: no answer is recorded", self.path.display())?;
        let Some(line) = self.nearest else {
            return f.write_str(", and nothing like it");
        };
        write!(f, "; line {line} is nearest and differs in ")?;
        let mut between = "";
        for Difference {
            part,
            recorded,
            asked,
        } in &self.differences
        {
            write!(
                f,
                "{between}{part} (recorded {recorded:?}, asked {asked:?})"
            )?;
            between = ", ";
        }
        Ok(())
    }
}

impl std::error::Error for MissingCall {}

/// Returns the index of the recorded call that is most like a request, and what differs: the fewest
/// parts, and among equals the longest common beginning of what differs.
pub(super) fn nearest(
    lines: &[Line],
    model: &ModelId,
    asked: &Asked,
) -> Option<(usize, Vec<Difference>)> {
    let wanted = parts(model, asked);
    let likeness = |line: &Line| {
        let recorded = parts(&line.model, &line.request);
        let different = wanted.iter().zip(&recorded).filter(|(a, b)| a != b);
        let (mut count, mut common) = (0_usize, 0);
        for ((_, asked), (_, recorded)) in different {
            count += 1;
            common += common_beginning(asked, recorded);
        }
        (std::cmp::Reverse(count), common)
    };
    let best = lines.iter().enumerate().map(|(n, it)| (likeness(it), n));
    // Of equals, the first.
    let (_, n) = best.max_by_key(|(likeness, n)| (*likeness, std::cmp::Reverse(*n)))?;
    let recorded = parts(&lines[n].model, &lines[n].request);
    let pairs = wanted.into_iter().zip(recorded);
    let differences = pairs.filter(|(asked, recorded)| asked != recorded);
    let differences = differences.map(|((part, asked), (_, recorded))| {
        let at = common_beginning(&asked, &recorded);
        Difference {
            part,
            recorded: excerpt(&recorded, at),
            asked: excerpt(&asked, at),
        }
    });
    Some((n, differences.collect()))
}

/// Returns the parts of a call as texts.
fn parts(model: &ModelId, asked: &Asked) -> [(&'static str, String); 6] {
    let messages: Vec<String> = asked.messages.iter().map(message).collect();
    let schema = asked.schema.as_ref();
    let schema = schema.map(|it| format!("{} {}", it.name, it.digest));
    [
        ("model", model.to_string()),
        ("instructions", asked.instructions.to_string()),
        ("messages", messages.join("\n")),
        ("schema", schema.unwrap_or_default()),
        ("sampling", sampling(asked)),
        ("sample", asked.sample.to_string()),
    ]
}

/// Returns a message as a text without fences, which carry digests.
fn message(Message { role, parts }: &Message) -> String {
    let role = match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let parts = parts.iter().map(|part| match part {
        Part::Text(text) => format!("{role}: {text}"),
        Part::Document(it) => {
            let attached = it.attachment.as_ref().map(|it| format!(" {it:?}"));
            format!(
                "{role}: document {:?}: {}{}",
                it.id,
                it.text,
                attached.unwrap_or_default()
            )
        }
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn sampling(asked: &Asked) -> String {
    // Plain data always has a written form.
    serde_json::to_string(&asked.sampling).unwrap_or_default()
}

/// Counts the bytes of the characters that two texts begin with.
fn common_beginning(one: &str, other: &str) -> usize {
    let pairs = one.chars().zip(other.chars());
    let common = pairs.take_while(|(a, b)| a == b);
    common.map(|(a, _)| a.len_utf8()).sum()
}

/// Returns what stands around a place in a text, which is between two characters.
fn excerpt(text: &str, at: usize) -> String {
    const BEFORE: usize = 16;
    const AFTER: usize = 48;
    let (before, after) = text.split_at(at);
    let start = before.char_indices().rev().nth(BEFORE - 1);
    let start = start.map_or(0, |(n, _)| n);
    let end = after.char_indices().nth(AFTER);
    let end = end.map_or(text.len(), |(n, _)| at + n);
    let dots = |is_cut| if is_cut { "…" } else { "" };
    let (cut_before, cut_after) = (dots(start > 0), dots(end < text.len()));
    format!("{cut_before}{}{cut_after}", &text[start..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_excerpt_is_around_the_first_change() {
        let long = "a".repeat(100);
        assert_eq!(excerpt("short", 3), "short");
        let expected = format!("…{}…", "a".repeat(64));
        assert_eq!(excerpt(&long, 40), expected);
    }

    proptest! {
        #[test]
        fn any_two_texts_can_be_compared(one: String, other: String) {
            let at = common_beginning(&one, &other);
            prop_assert_eq!(&one[..at], &other[..at]);
            prop_assert!(excerpt(&one, at).chars().count() <= 66);
            prop_assert!(excerpt(&other, at).chars().count() <= 66);
        }
    }
}
