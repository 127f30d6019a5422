//! Finds what a text says that its author cannot have from what it was given.

use patterns_core::text::SeenWords;
use patterns_core::{Part, Prompt};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

/// Returns the numbers and names in these texts that are neither in the prompt nor in the instructions. Nothing is
/// said where there are pictures, which cannot be looked through.
pub(super) fn unseen(texts: &Value, told: Option<&str>, given: &Prompt) -> Vec<String> {
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
    words.unseen(&plain(texts))
}

/// Takes what is no statement from all texts of a value.
fn plain(texts: &Value) -> Value {
    match texts {
        Value::String(text) => Value::String(plain_text(text)),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members.values().map(plain).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Value::Null,
    }
}

/// Returns the words of a text without its code and addresses, and what stands above others (headings, the heads of
/// tables and what is bold) in small letters, since there all words may have capitals.
fn plain_text(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let (mut plain, mut above, mut in_code) = (String::new(), 0_u32, false);
    for event in Parser::new_ext(text, options) {
        // Each block begins a sentence.
        let ends_block = matches!(
            event,
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell)
        );
        match event {
            Event::Start(Tag::Heading { .. } | Tag::TableHead | Tag::Strong) => above += 1,
            Event::End(TagEnd::Heading(_) | TagEnd::TableHead | TagEnd::Strong) => {
                above = above.saturating_sub(1);
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::Start(Tag::List(_) | Tag::Item | Tag::Paragraph | Tag::BlockQuote(_)) => {
                plain.push('\n');
            }
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(_) if in_code => {}
            Event::Text(text) if above > 0 => plain += &text.to_lowercase(),
            Event::Text(text) => plain += &text,
            Event::SoftBreak | Event::HardBreak | Event::Code(_) | Event::InlineHtml(_) => {
                plain.push(' ');
            }
            _ => {}
        }
        if ends_block {
            plain.push('\n');
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_states_nothing_is_not_looked_up() {
        let given = Prompt::new([Part::text("in the harbour there are boats of members")]);
        let table: [(&str, &[&str]); 11] = [
            ("It has boats, of Ann and 95 more.", &["Ann", "95"]),
            ("### Costs And 95 Benefits\n\nIt is.", &["95"]),
            ("It has **Total Cost Estimate** of 95.", &["95"]),
            (
                "| Item | Total Cost |\n| --- | --- |\n| boats | 95 |",
                &["95"],
            ),
            ("See `range(95)` there.\n\n```\nlet Ann = 96;\n```", &[]),
            ("See [the page](https://x.org/2031/Ann) there.", &[]),
            ("A dash &#8212; and\nAnn", &["Ann"]),
            ("- in the harbour\n- Boats", &[]),
            ("- 95\n  - 96 of it\n- in\n  - Ships", &["95", "96"]),
            (
                "| x | 95<br>96 |\n| --- | --- |\n| x | 97<br>98 |",
                &["95", "96", "97", "98"],
            ),
            ("It has boats: 12 of\n\nMembers there.", &["12"]),
        ];
        for (text, expected) in table {
            assert_eq!(
                unseen(&json!({"x": [text]}), None, &given),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            unseen(&json!("95"), Some("Write 95 words."), &given),
            [""; 0]
        );
    }
}
