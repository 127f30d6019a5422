//! Takes the tags of documents out of answers.
//!
//! Small models copy the tags that stand around a document in their prompt along with its words. They are
//! ours and belong to no answer; the words between them stay, and are judged as any others.

use serde_json::Value;

/// Takes them out of every text in `answer`, and returns whether there were any.
pub(super) fn remove(answer: &mut Value) -> bool {
    match answer {
        Value::String(text) => match without_tags(text) {
            Some(rest) => {
                *text = rest;
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().fold(false, |any, it| remove(it) | any),
        Value::Object(map) => map.values_mut().fold(false, |any, it| remove(it) | any),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns `text` without them; nothing if it has none.
fn without_tags(text: &str) -> Option<String> {
    let mut kept = String::new();
    let mut rest = text;
    let mut seen = 0;
    while let Some(at) = rest[seen..].find('<').map(|it| it + seen) {
        let Some(tag) = tag_length(&rest[at..]) else {
            seen = at + 1;
            continue;
        };
        kept += &rest[..at];
        rest = &rest[at + tag..];
        seen = 0;
        // A tag on a line of its own takes the line with it.
        if kept.is_empty() || kept.ends_with('\n') {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
    let any = rest.len() < text.len();
    any.then(|| (kept + rest).trim().to_owned())
}

/// How many bytes the tag has that `text` begins with, if it is one of those that
/// [`Document`](crate::Document) writes.
fn tag_length(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?;
    let name = name.strip_prefix('/').unwrap_or(name);
    let rest = name.strip_prefix("document-")?;
    let is_digit = |it: &u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
    let digits = rest.bytes().take_while(|it| is_digit(it)).count();
    let rest = rest.get(digits..).filter(|_| digits >= 8)?;
    // Angle brackets within an attribute are escaped, and so are ends of lines.
    let end = rest.find(['>', '<', '\n'])?;
    let (attributes, close) = rest.split_at(end);
    let is_tag = attributes.is_empty() || attributes.starts_with(" id=");
    (is_tag && close.starts_with('>')).then(|| text.len() - rest.len() + end + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Document;

    #[test]
    fn the_tags_of_documents_go_and_all_else_stays() {
        let document = Document::new("a \"b\" <c>.md", "It silts up.").context("page 3");
        for (text, rest) in [
            (document.to_string(), "It silts up."),
            (
                format!("Before.\n\n{document}\n\nAfter."),
                "Before.\n\nIt silts up.\n\nAfter.",
            ),
            ("See </document-0a1b2c3d> it.".to_owned(), "See  it."),
            ("<document-0a1b2c3d id=\"x\"> a < b".to_owned(), "a < b"),
        ] {
            let mut answer = json!({"content": [text.as_str()], "n": 1});
            assert!(remove(&mut answer), "{text}");
            assert_eq!(answer, json!({"content": [rest], "n": 1}), "{text}");
        }
        for text in [
            " kept as it is\n",
            "<document-type>",
            "<document-0a1b2c3d",
            "<document-0a1b2c3d class=\"x\">",
            "<document-12 id=\"x\">",
            "a <b> <документ-0a1b2c3d>",
        ] {
            let mut answer = json!({"content": text});
            assert!(!remove(&mut answer), "{text}");
            assert_eq!(answer, json!({"content": text}));
        }
    }
}
