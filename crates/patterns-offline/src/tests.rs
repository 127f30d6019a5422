//! The model as a whole: what it quotes of which material, always word for word.

mod bombs;
mod schemas;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use patterns_core::{
    AnswerSchema, Contract, Document, Message, Model, ModelError, ModelErrorKind, Part, Request,
    Response, Usage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{OFFLINE_LABEL, Offline, clean, words};

const TEXT: &str = "\
Title: The Lighthouse
Author: Nobody
Status: Final

Abstract
========

The lighthouse at Cape Grim warns ships of the reef. It was built in 1883 by the
harbour board after three ships were lost on the reef in one winter.

History
=======

The harbour board chose granite from a local quarry. Building the lighthouse
took four years, and the first keeper lit the lamp in March 1883. Electric light
replaced the oil lamp in 1931.

* The last keeper left in 1974.
* Since then the lamp is controlled from the harbour.

Visiting
========

Visitors reach the lighthouse by a narrow path along the cliff. The gallery is
open to visitors from May to September. Tickets are sold at the harbour::

    $ buy --ticket lighthouse

Copyright
=========

This document is in the public domain.
";

pub(super) fn generate(request: &Request) -> Result<Response, ModelError> {
    let model = Offline::new();
    let mut call = model.generate(request);
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the offline model never waits"),
    }
}

pub(super) fn request(schema: Option<Value>, parts: Vec<Part>) -> Request {
    Request {
        messages: vec![Message::user(parts)],
        schema: schema.map(|schema| Arc::new(AnswerSchema::new("answer", schema))),
        ..Request::default()
    }
}

fn document(text: &str) -> Part {
    Part::Document(Document::new("d", text))
}

/// An object schema in the strict dialect.
fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({ "type": "object", "required": names, "properties": properties, "additionalProperties": false })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn strings() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

/// Answers, and holds the answer to its schema as an agent would.
fn fill(properties: Value, parts: Vec<Part>) -> Value {
    let schema = object(properties);
    let response = generate(&request(Some(schema.clone()), parts)).unwrap();
    Contract::from_schema(schema)
        .unwrap()
        .decode(&response.text)
        .unwrap()
        .value
}

fn quoted(text: &str) -> String {
    generate(&request(None, vec![document(text)])).unwrap().text
}

#[test]
fn free_text_is_a_summary_in_the_words_of_the_document() {
    let response = generate(&request(None, vec![document(TEXT)])).unwrap();
    assert_eq!(
        response.text,
        "The lighthouse at Cape Grim warns ships of the reef. It was built in 1883 by the harbour \
         board after three ships were lost on the reef in one winter. The harbour board chose \
         granite from a local quarry."
    );
    assert_eq!(response.model, OFFLINE_LABEL);
    let expected = Usage {
        calls: 1,
        attempts: 1,
        ..Usage::default()
    };
    assert_eq!(response.usage, expected);
    assert_eq!(Offline::new().id().to_string(), "offline");
}

#[test]
fn the_brief_leads_to_the_section_it_names() {
    let ask = |name: &str, brief: &str| {
        let outline = format!("Topic: Lights\n\nOutline of the whole piece:\n1. {name}: {brief}");
        let task = format!("Write section 1, \"{name}\". Cover only what belongs there.");
        let parts = vec![Part::text(outline), document(TEXT), Part::text(task)];
        fill(json!({ "content": string() }), parts)["content"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let visiting = ask("Visiting", "");
    assert!(
        visiting.contains("Visitors reach the lighthouse"),
        "{visiting}"
    );
    let lamp = ask("Light", "oil and electric lamp");
    assert!(
        lamp.contains("Electric light replaced the oil lamp in 1931."),
        "{lamp}"
    );
    assert_ne!(visiting, lamp);
}

#[test]
fn several_documents_take_turns_and_repeat_nothing() {
    let documents = [
        "The north mill grinds rye for the village. The rye is sold at the market. It is old.",
        "The north mill grinds rye for the village. A flood destroyed its wheel in spring.",
        "The baker of the village buys flour from the mill. He bakes dark bread every morning.",
        "Children collect chestnuts behind the church each autumn. They roast them over the fire.",
    ];
    let parts = documents.iter().map(|it| document(it)).collect();
    let summary = generate(&request(None, parts)).unwrap().text;
    let of = |n: usize| {
        clean::paragraphs(documents[n])[0]
            .text
            .split_inclusive(". ")
            .any(|it| summary.contains(it.trim()))
    };
    assert!((0..4).all(of), "{summary}");
    assert_eq!(summary.matches("grinds rye").count(), 1, "{summary}");
}

#[test]
fn what_is_quoted_is_cited_word_for_word() {
    let citation = object(json!({"source": string(), "quote": string()}));
    let text =
        "**Silt** fills the basin\nevery year. The harbour must be dredged before the winter.";
    let parts = vec![document(text)];
    let properties =
        json!({"content": string(), "citations": {"type": "array", "items": citation}});
    let filled = fill(properties, parts);
    assert_eq!(
        filled["citations"],
        json!([{"source": "d", "quote": "The harbour must be dredged before the winter."}]),
        "marks are no words: {filled}"
    );
}

#[test]
fn earlier_answers_are_quoted_from_their_strings() {
    let json = serde_json::to_string_pretty(&json!({
        "content": "The mill was built in 1700 by the monks of the valley. It burned down in 1812.",
        "key_points": ["The monks of the valley built the mill."],
        "count": 3,
    }));
    let summary = quoted(&json.unwrap());
    assert!(
        summary.starts_with("The mill was built in 1700 by the monks of the valley."),
        "{summary}"
    );
    assert!(!summary.contains(['{', '"']), "{summary}");
}

#[test]
fn without_material_there_is_nothing_to_quote() {
    let kind = |parts: Vec<Part>| generate(&request(None, parts)).unwrap_err().kind();
    assert_eq!(kind(vec![]), ModelErrorKind::NeedsModel);
    assert_eq!(
        kind(vec![Part::text("What is a lighthouse?")]),
        ModelErrorKind::NeedsModel
    );
    assert_eq!(kind(vec![document("")]), ModelErrorKind::InvalidRequest);
    assert_eq!(
        kind(vec![document(" \n\t"), document("\0\0")]),
        ModelErrorKind::InvalidRequest
    );
}

#[test]
fn a_text_without_sentences_is_quoted_from_its_beginning() {
    assert_eq!(quoted("```\nfn main() {}\n```"), "``` fn main() {} ```");
    assert_eq!(quoted("{\"a\": 1}"), "{\"a\": 1}");
    assert_eq!(quoted("-- 12 --"), "-- 12 --");
    assert_eq!(quoted("apples"), "apples");
}

#[test]
fn alarms_of_a_log_are_quoted() {
    let mut log: String = (0..500)
        .map(|n| {
            format!(
                "2026-01-02T10:00:{:02} INFO request {n} took {n} ms\n",
                n % 60
            )
        })
        .collect();
    log += "2026-01-02T10:09:00 ERROR disk 3 is full\n";
    let summary = quoted(&log);
    assert!(summary.contains("ERROR disk 3 is full"), "{summary}");
    assert!(summary.contains("INFO request 0 took 0 ms"), "{summary}");
}

#[test]
fn equal_requests_get_equal_answers() {
    let properties = json!({ "summary": string(), "quotes": strings(), "keywords": strings() });
    let ask = || fill(properties.clone(), vec![document(TEXT)]).to_string();
    let first = ask();
    assert!((0..20).all(|_| ask() == first));
}

fn prose() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "the",
        "mill",
        "grinds",
        "rye",
        "Dr.",
        "e.g.",
        "3.12",
        "U.S.",
        "(old)",
        "*very*",
        "`code`",
        "[a](b)",
        "village",
        "bread.",
        "morning!",
        "why?",
        "\"no.\"",
        "\n",
        "\n\n",
        "\n* ",
        "\n# ",
        "\n===\n",
        "日本。",
        "&amp;",
        "<b>",
        "Title: x",
        "\n```\n",
        "\n    ",
        "::",
        "{",
        "}",
        "2026-01-01",
    ]);
    prop::collection::vec(word, 0..120).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn answers_keep_the_schema_and_quote_word_for_word(text in prose()) {
        prop_assume!(!text.trim().is_empty());
        let properties = json!({ "quotes": strings(), "summary": string(), "keywords": strings() });
        let answer = fill(properties, vec![document(&text)]);
        let cleaned: Vec<String> = clean::paragraphs(&text).into_iter().map(|it| it.text).collect();
        let sources = [words::fold(&cleaned.join("\n")), words::fold(&text)];
        for list in ["quotes", "keywords"] {
            for quote in answer[list].as_array().unwrap() {
                let quote = quote.as_str().unwrap();
                prop_assert!(sources.iter().any(|it| it.contains(quote)), "{quote:?} in {sources:?}");
            }
        }
        prop_assert!(!answer["summary"].as_str().unwrap().is_empty());
    }

    #[test]
    fn no_text_panics(texts in prop::collection::vec(any::<String>(), 0..4), brief in any::<String>()) {
        let mut parts: Vec<Part> = texts.iter().map(|it| document(it)).collect();
        parts.push(Part::text(brief));
        let properties = json!({ "summary": string(), "key_points": strings(), "tags": strings() });
        match generate(&request(Some(object(properties)), parts)) {
            Ok(response) => prop_assert!(serde_json::from_str::<Value>(&response.text).is_ok()),
            Err(error) => prop_assert!(matches!(
                error.kind(),
                ModelErrorKind::NeedsModel | ModelErrorKind::InvalidRequest
            )),
        }
    }
}
