//! Statements that no source supports are caught, in map and in reduce, and counted.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::Document;
use patterns_parallel::map_reduce::{Provenance, Statements, Support, Unsupported};
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
use patterns_testkit::ScriptedModel;
use serde_json::{Value, json};

use crate::support::words;

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

async fn run(unsupported: Unsupported) -> (Statements, Provenance, Arc<ScriptedModel>) {
    let model = Arc::new(model());
    let record = Provenance::new(unsupported);
    let result = combined(&record, model.clone()).await;
    (result, record, model)
}

async fn combined(record: &Provenance, model: Arc<ScriptedModel>) -> Statements {
    let agent = AgentOptions::default();
    let map = record.map_agent(model.clone(), &agent);
    let combine = record.combine(model, &agent);
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
    let (result, record, model) = run(Unsupported::Flag).await;
    let support: Vec<&Support> = result.statements.iter().map(|it| &it.support).collect();
    let foreign = Support::ForeignSource(vec!["charter.txt".to_owned()]);
    assert_eq!(
        support,
        [&Support::Supported, &foreign, &Support::Supported]
    );
    assert_eq!(result.statements[0].quoted, Some(9..19));
    let flagged = record.flagged();
    let flagged: Vec<(&str, &Support)> = flagged.iter().map(|it| (&*it.0, &it.1.support)).collect();
    assert!(
        flagged.contains(&("light.txt", &Support::QuoteNotFound)),
        "{flagged:?}"
    );
    assert!(flagged.contains(&("mole.txt", &Support::NoSource)));
    assert!(flagged.contains(&("pier.txt … light.txt", &foreign)));
    let counts = record.counts();
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
    let (result, record, _) = run(Unsupported::Drop).await;
    let texts: Vec<&str> = result.statements.iter().map(|it| &*it.text).collect();
    assert_eq!(texts, ["The pier burnt, the mole is of stone."]);
    let counts = record.counts();
    assert_eq!(
        (counts.supported, counts.foreign_source, counts.dropped),
        (3, 2, 4)
    );
    assert_eq!(record.flagged().len(), 4);
    let answers = record.answers();
    let kept = answers.iter().map(|it| it.statements.len());
    assert_eq!(kept.sum::<usize>(), 3, "those that are supported");
}

#[tokio::test]
async fn a_statement_unfolds_to_its_documents() {
    let (result, record, _) = run(Unsupported::Flag).await;
    let unfolded = result.statements[0].unfold(&record.answers());
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
    let record = Provenance::new(Unsupported::Flag);
    let result = combined(&record, Arc::new(model)).await;
    let foreign = Support::ForeignSource(vec!["mole.txt".to_owned()]);
    assert_eq!(result.statements[0].support, foreign);
}
