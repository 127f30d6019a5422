//! Statements that no source supports are caught, in map and in reduce, and counted.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Document, Message, Request};
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
use patterns_testkit::ScriptedModel;
use serde_json::{Value, json};

use super::{Statements, Support, Unsupported, combined_statements, statement_agent};

/// Everything that a model is told by a request.
fn words(request: &Request) -> String {
    let messages = request.messages.iter().map(Message::to_text);
    let words: Vec<String> = messages.collect();
    format!("{}\n{}", request.instructions, words.join("\n"))
}

const TEXTS: [(&str, &str); 3] = [
    ("pier.txt", "The pier burnt\ndown in 1850."),
    ("mole.txt", "The mole was built of stone."),
    ("light.txt", "The light is seen 12 miles off."),
];

fn said(text: &str, sources: &[&str], quote: Option<(&str, &str)>) -> Value {
    let quote = quote.map(|(source, text)| json!({"source": source, "text": text}));
    json!({"text": text, "sources": sources, "quote": quote})
}

/// Answers about the pier and the mole are sound; that about the light has made up its quote; the
/// combination names a document that nobody gave it.
fn model() -> ScriptedModel {
    ScriptedModel::by(|request| {
        let asked = words(request);
        let statements = if asked.contains("Combine all") {
            vec![
                said(
                    "The pier burnt, the mole is of stone.",
                    &["pier.txt", "mole.txt"],
                    Some(("pier.txt", "burnt down")),
                ),
                said("The harbour is old.", &["charter.txt", "mole.txt"], None),
                said("It is well lit.", &["light.txt"], None),
            ]
        } else if asked.contains("The pier") {
            vec![said(
                "The pier burnt.",
                &["pier.txt"],
                Some(("pier.txt", "pier burnt down")),
            )]
        } else if asked.contains("The mole") {
            vec![
                said("The mole is of stone.", &["mole.txt"], None),
                said("It is fine.", &[], None),
            ]
        } else {
            vec![said(
                "The light is bright.",
                &["light.txt"],
                Some(("light.txt", "seen 20 miles off")),
            )]
        };
        json!({"statements": statements})
    })
}

async fn run(unsupported: Unsupported) -> (Statements, Arc<ScriptedModel>) {
    let model = Arc::new(model());
    (combined(unsupported, model.clone()).await, model)
}

async fn combined(unsupported: Unsupported, model: Arc<ScriptedModel>) -> Statements {
    let agent = AgentOptions::default();
    let map = statement_agent(model.clone(), &agent, unsupported).unwrap();
    let combine = combined_statements(model, &agent, unsupported).unwrap();
    let outcome = MapReduce::new(map, combine)
        .run(documents(), &RunOptions::default())
        .await
        .unwrap();
    outcome.value.unwrap()
}

fn documents() -> impl futures_util::Stream<Item = Document> + Send {
    stream::iter(TEXTS.map(|(id, text)| Document::new(id, text)))
}

#[tokio::test]
async fn a_made_up_quote_and_a_foreign_source_are_caught() {
    let (result, model) = run(Unsupported::Flag).await;
    let support: Vec<&Support> = result.statements.iter().map(|it| &it.support).collect();
    let foreign = Support::ForeignSource(vec!["charter.txt".to_owned()]);
    assert_eq!(
        support,
        [&Support::Supported, &foreign, &Support::Supported]
    );
    assert_eq!(result.statements[0].quoted, Some(9..19));
    let flagged = result.flagged();
    let flagged: Vec<(&str, &Support)> = flagged.iter().map(|it| (&*it.0, &it.1.support)).collect();
    assert!(
        flagged.contains(&("light.txt", &Support::QuoteNotFound)),
        "{flagged:?}"
    );
    assert!(flagged.contains(&("mole.txt", &Support::NoSource)));
    assert!(flagged.contains(&("pier.txt … light.txt", &foreign)));
    let counts = result.checked();
    assert_eq!(
        (
            counts.total(),
            counts.supported,
            counts.unsupported(),
            counts.dropped
        ),
        (7, 4, 3, 0)
    );
    assert_eq!((counts.quotes, counts.quotes_found), (3, 2));
    let asked = words(model.requests().last().unwrap());
    assert!(
        !asked.contains("support"),
        "the model is not told what was found: {asked}"
    );
}

#[tokio::test]
async fn what_was_dropped_supports_nothing_further_up() {
    let (result, _) = run(Unsupported::Drop).await;
    let texts: Vec<&str> = result.statements.iter().map(|it| &*it.text).collect();
    assert_eq!(texts, ["The pier burnt, the mole is of stone."]);
    let counts = result.checked();
    assert_eq!(
        (counts.supported, counts.foreign_source, counts.dropped),
        (3, 2, 4)
    );
    assert_eq!(result.flagged().len(), 4);
    let answers = result.answers();
    let kept = answers.iter().map(|it| it.statements.len());
    assert_eq!(kept.sum::<usize>(), 3, "those that are supported");
}

#[tokio::test]
async fn a_statement_unfolds_to_its_documents() {
    let (result, _) = run(Unsupported::Flag).await;
    let unfolded = result.statements[0].unfold(&result.answers());
    let names: Vec<(&str, usize, usize)> = unfolded
        .iter()
        .map(|it| (&*it.name, it.parts.len(), it.statements.len()))
        .collect();
    assert_eq!(
        names,
        [
            ("pier.txt", 0, 1),
            ("mole.txt", 0, 1),
            ("pier.txt … light.txt", 3, 2)
        ]
    );
    let quoted = unfolded[0].statements[0].quoted.clone().unwrap();
    assert_eq!(&TEXTS[0].1[quoted], "pier burnt\ndown");
}

#[tokio::test]
async fn a_foreign_source_does_not_become_a_ground_by_being_passed_up() {
    let model = ScriptedModel::by(|request| {
        let asked = words(request);
        let statements = if asked.contains("Combine all") {
            vec![said("The mole is of stone.", &["mole.txt"], None)]
        } else if asked.contains("The pier") {
            vec![said(
                "The mole is of stone.",
                &["pier.txt", "mole.txt"],
                None,
            )]
        } else {
            vec![]
        };
        json!({"statements": statements})
    });
    let result = combined(Unsupported::Flag, Arc::new(model)).await;
    let foreign = Support::ForeignSource(vec!["mole.txt".to_owned()]);
    assert_eq!(result.statements[0].support, foreign);
}
