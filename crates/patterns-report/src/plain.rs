//! Says what a run came to where the script of its page does not run: elections, answers and failures, as far as
//! they are few.

use std::cmp::Reverse;
use std::collections::HashMap;

use patterns_core::grouped;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::call::{Call, CallEnd};
use crate::html::Text;
use crate::report::Report;

/// The most rows of a table, and the most characters of an answer.
const ROWS: usize = 200;
const LENGTH: usize = 1_000;

/// A branch, by its number and its name.
type Key = (u64, String);

/// The branches that came first, and why branches have no answer, read call by call.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    rows: Vec<[String; 4]>,
    places: HashMap<Key, usize>,
    has_more: bool,
    /// Why the last call of a branch has no answer.
    failed: HashMap<Key, String>,
}

impl Plain {
    /// Takes a call.
    pub(crate) fn add(&mut self, call: &Call) {
        let key = (call.branch, call.label.clone());
        let cause = call.cause.clone().unwrap_or_default();
        let place = self.places.get(&key).copied().unwrap_or(self.rows.len());
        match call.end {
            CallEnd::Failed | CallEnd::Rejected => self.failed.insert(key.clone(), cause.clone()),
            _ => self.failed.remove(&key),
        };
        if place == ROWS {
            self.has_more = true;
            return;
        }
        let said = call.answer.as_deref().map_or(cause, said);
        let end = call.end.word().to_owned();
        let row = [call.label.clone(), call.stage.clone(), end, said];
        match self.rows.get_mut(place) {
            Some(known) => *known = row,
            None => self.rows.push(row),
        }
        self.places.insert(key, place);
    }

    /// Returns it as what a browser shows that runs no script.
    pub(crate) fn html(&self, report: &Report) -> String {
        let elections = &report.elections;
        let asked = elections
            .iter()
            .take(ROWS)
            .filter_map(|it| election(it, &report.title));
        let asked: Vec<_> = asked.collect();
        let failures = self.failures();
        let parts = [
            table(
                "Elections",
                ["Question", "Answer", "Decision", "Share"],
                &asked,
                elections.len() > ROWS,
            ),
            table(
                "Results",
                ["Name", "Stage", "End", "Answer"],
                &self.rows,
                self.has_more,
            ),
            table(
                "Failures",
                ["Why", "Branches", "For example"],
                &failures,
                failures.len() == ROWS,
            ),
        ];
        format!("<noscript>\n{}</noscript>\n", parts.concat())
    }

    /// Returns why branches have no answer, the most frequent cause first.
    fn failures(&self) -> Vec<[String; 3]> {
        let mut causes: HashMap<&str, (u64, &str)> = HashMap::new();
        for ((_, label), cause) in &self.failed {
            let (count, example) = causes.entry(cause).or_insert((0, label));
            *count += 1;
            *example = label.as_str().min(example);
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(cause, (count, _))| (Reverse(*count), *cause));
        let row = |(cause, (count, example)): (&str, (u64, &str))| {
            [cut(cause.to_owned()), grouped(count), example.to_owned()]
        };
        causes.into_iter().take(ROWS).map(row).collect()
    }
}

/// Says what an election came to; one that is alone is about the title of the page.
fn election(json: &RawValue, title: &str) -> Option<[String; 4]> {
    let it: Value = serde_json::from_str(json.get()).ok()?;
    let share = it["share"].as_f64();
    let share = share.map_or_else(String::new, |it| format!("{:.0} %", it * 100.0));
    let name = it.get("question").or_else(|| it.get("id"));
    let decision = words(&it["decision"]).replace('_', " ");
    Some([
        name.map_or_else(|| title.to_owned(), |it| cut(words(it))),
        cut(words(&it["winning_answer"])),
        decision,
        share,
    ])
}

/// Returns an answer in words: that of a JSON object field by field.
fn said(answer: &str) -> String {
    let value = serde_json::from_str(answer);
    cut(value.map_or_else(|_| answer.to_owned(), |it| words(&it)))
}

/// Cuts what is long.
fn cut(text: String) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn words(value: &Value) -> String {
    let list = |all: Vec<String>, between: &str| all.join(between);
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => list(items.iter().map(words).collect(), "; "),
        Value::Object(fields) if fields.len() == 1 => fields.values().map(words).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}: {}", words(value));
            list(fields.iter().map(field).collect(), " · ")
        }
        single => single.to_string(),
    }
}

/// Writes a table; nothing, if it has no rows.
fn table<const N: usize>(
    name: &str,
    heads: [&str; N],
    rows: &[[String; N]],
    has_more: bool,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = heads
        .map(|it| format!("<th scope=\"col\">{it}</th>"))
        .concat();
    let cell = |it: &String| format!("<td class=\"text\">{}</td>", Text(it));
    let row = |it: &[String; N]| format!("<tr>{}</tr>\n", it.iter().map(cell).collect::<String>());
    let rows: String = rows.iter().map(row).collect();
    let more = match has_more {
        true => "<p class=\"dim\">There are more: the script shows all.</p>\n",
        false => "",
    };
    format!(
        "<section class=\"unscripted\">\n<h2>{name}</h2>\n<table class=\"plain wide\"><thead><tr>{heads}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table>\n{more}</section>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(branch: u64, end: CallEnd, answer: Option<&str>, cause: Option<&str>) -> Call {
        Call {
            branch,
            label: format!("d<{branch}>"),
            stage: "map".to_owned(),
            end,
            answer: answer.map(str::to_owned),
            cause: cause.map(str::to_owned),
            ..Call::default()
        }
    }

    #[test]
    fn the_last_call_of_a_branch_says_how_it_ended() {
        let mut plain = Plain::default();
        for it in [
            call(1, CallEnd::Rejected, Some("7"), Some("no text")),
            call(2, CallEnd::Failed, None, Some("refused")),
            call(
                1,
                CallEnd::Answered,
                Some(r#"{"a": "x</noscript>", "b": [1, null]}"#),
                None,
            ),
        ] {
            plain.add(&it);
        }
        let html = plain.html(&Report::default());
        let rows = html.matches("<tr><td").count();
        assert_eq!(rows, 3, "two branches and a cause: {html}");
        for part in [
            "<td class=\"text\">d&lt;1&gt;</td><td class=\"text\">map</td><td class=\"text\">answered</td>\
             <td class=\"text\">a: x&lt;/noscript&gt; · b: 1; </td>",
            "<td class=\"text\">refused</td><td class=\"text\">1</td><td class=\"text\">d&lt;2&gt;</td>",
        ] {
            assert!(html.contains(part), "{html}");
        }
        assert!(!html.contains("Elections") && !html.contains("There are more"));
    }

    #[test]
    fn what_is_left_out_is_said() {
        let mut plain = Plain::default();
        let long = "é".repeat(LENGTH + 1);
        for n in 0..=ROWS as u64 {
            plain.add(&call(n, CallEnd::Answered, Some(&long), None));
        }
        let html = plain.html(&Report::default());
        assert_eq!(html.matches("<tr><td").count(), ROWS);
        assert!(
            html.contains("There are more") && html.contains("é…"),
            "{html}"
        );
    }

    #[test]
    fn an_election_is_its_answer() {
        let json = r#"{"id": "q", "question": "Is it?", "winning_answer": {"x": 1, "y": "z"}, "decision": "won_by_tie_break", "share": 0.75}"#;
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        let expected = ["Is it?", "x: 1 · y: z", "won by tie break", "75 %"];
        assert_eq!(election(&raw, "").unwrap(), expected);
    }
}
