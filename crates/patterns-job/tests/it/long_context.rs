//! Long material: each section gets the passages that concern it.

use std::num::NonZeroU64;
use std::sync::Arc;

use patterns_core::{Document, Request, TokenCounter};
use patterns_job::Piece;
use patterns_parallel::{AgentOptions, RunOptions, Sectioning};
use patterns_source::Passages;
use patterns_testkit::ScriptedModel;
use serde_json::{Value, json};

#[tokio::test]
async fn of_a_long_context_each_section_gets_what_concerns_it() {
    // Forty pages of five hundred words, of which three are about something.
    let page =
        "The minutes of the last meeting were read and nobody had anything to add. ".repeat(36);
    let document = |name: &str, fact: &str| {
        let pages = vec![page.clone(); 7].join("\n\n");
        Document::new(name, format!("{pages}\n\n{fact}\n\n{pages}"))
    };
    let documents = [
        document("costs.md", "Dredging costs two million a year."),
        document("light.md", "The lighthouse dates from 1850."),
        document("fish.md", "Herring has left the bay."),
    ];
    let model = Arc::new(ScriptedModel::by(|request: &Request| {
        let text = request.messages[0].to_text();
        let facts = [
            "costs two million a year",
            "dates from 1850",
            "Herring has left",
        ];
        let quoted: Vec<Value> = facts
            .iter()
            .filter(|it| text.contains(**it))
            .map(|it| json!({"source": "x", "quote": it}))
            .collect();
        json!({"content": "Text.", "key_points": [], "citations": quoted}).to_string()
    }));
    let agents = AgentOptions::default();
    let plan = [
        ("Dredging", "what it costs"),
        ("The lighthouse", "how old it is"),
    ];
    let sectioning = Sectioning::stitching(plan, model.clone(), &agents, Piece::of);
    let budget = NonZeroU64::new(2_000).unwrap();
    let counter = TokenCounter::default();
    let sectioning = sectioning.passages(Passages::new(&documents, budget, &counter));
    let options = RunOptions::default();
    let outcome = sectioning.run("The harbour", &options).await.unwrap();
    let piece = outcome.value.unwrap();
    for (section, source) in piece.sections.iter().zip(["costs.md#", "light.md#"]) {
        let [citation] = &section.citations[..] else {
            panic!("{section:?} cites what concerns it, and nothing else");
        };
        assert!(
            citation.holds && citation.source.starts_with(source),
            "{citation:?}"
        );
    }
    for request in model.requests() {
        assert!(
            request.messages[0].to_text().len() < 8_000,
            "it fits into a small window"
        );
    }
    let codes: Vec<&str> = outcome.warnings.iter().map(|it| &*it.code).collect();
    assert_eq!(codes, ["context-selected", "context-unused"]);
    assert!(
        outcome.warnings[1].message.ends_with("fish.md"),
        "{:?}",
        outcome.warnings
    );
}
