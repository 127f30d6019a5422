//! Every way in which a piece is written, from its outline to its text, on a scripted model.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Attachment, Contract, Document, MediaType, Request};
use patterns_parallel::sectioning::{
    Growth, Outline, Plan, Section, SectionBrief, SectionTask, SynthesisTask,
};
use patterns_parallel::{AgentOptions, RunOptions, Sectioning};
use patterns_testkit::{ScriptedAgent, ScriptedModel};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{logged, words};

/// The last words of a request: what it asks for.
fn ask(request: &Request) -> String {
    let text = request.messages[0].to_text();
    let ask = text.rsplit("\n\n").next().unwrap_or_default();
    ask.to_owned()
}

/// A model that answers what is asked for by the first of these that its words have.
fn model(script: &'static [(&'static str, &'static str)]) -> Arc<ScriptedModel> {
    Arc::new(ScriptedModel::by(move |request| {
        let ask = ask(request);
        let found = script.iter().find(|it| ask.contains(it.0));
        found
            .unwrap_or_else(|| panic!("nothing is scripted for {ask:?}"))
            .1
    }))
}

fn told(model: &ScriptedModel) -> String {
    let asked: Vec<String> = model.requests().iter().map(words).collect();
    asked.join("\n\n")
}

/// Puts sections below each other, and what was written again behind them.
fn stitched(task: SynthesisTask<Section>) -> String {
    let sections = task.sections.iter().map(|it| {
        let text = it.answer.as_ref().map_or("-", |it| it.content.as_str());
        let marks = "#".repeat(2 + it.depth as usize);
        format!("{marks} {}\n\n{text}\n", it.title)
    });
    let changes = task
        .changes
        .iter()
        .map(|it| format!("rewritten: {}\n", it.section));
    let parts: Vec<String> = sections.chain(changes).collect();
    parts.join("\n")
}

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

const PLAN: &str = r#"{"sections": [
    {"id": "costs", "title": "Costs", "brief": "What it costs.", "words": 50, "depends_on": []},
    {"id": "verdict", "title": "Verdict", "brief": "Whether to.", "words": 0, "depends_on": ["costs"]}]}"#;

#[tokio::test]
async fn a_planned_piece_is_stitched() {
    let model = model(&[
        ("Plan exactly 2", PLAN),
        (
            "Write section 1",
            r##"{"content": "# Costs\n\nTwo million [1].", "key_points": ["Two million."],
            "citations": [{"source": "b.md", "quote": "Dredging costs two million."}]}"##,
        ),
        (
            "Write section 2",
            r#"{"content": "No.", "key_points": ["No."],
            "citations": [{"source": "a.md", "quote": "It is cheap."}]}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let plan = Plan::with_model(model.clone(), two(), &agents);
    let sectioning = Sectioning::stitching(plan, model.clone(), &agents, stitched);
    let sectioning = sectioning.context([Document::new("a.md", "Dredging costs two million.")]);
    let (options, log) = logged(16);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    insta::assert_snapshot!(
        "stitched",
        format!("{}\n\n{log}\n\n{}", told(&model), outcome.value.unwrap())
    );
}

#[tokio::test]
async fn what_is_named_is_brought_together() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "Two million.", "key_points": ["Two million."]}"#,
        ),
        (
            "Write section 2",
            r#"{"content": "No.", "key_points": ["No."]}"#,
        ),
        (
            "These are all sections",
            r#"{"summary": "Two million: no."}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let plan = [
        SectionBrief::named("Costs"),
        SectionBrief::named("Verdict").after(["costs"]),
    ];
    let plan = Outline::new(plan);
    let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
    let (options, log) = logged(16);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    let whole = serde_json::to_string_pretty(&outcome.value.unwrap()).unwrap();
    insta::assert_snapshot!(
        "synthesized",
        format!("{}\n\n{log}\n\n{whole}", told(&model))
    );
}

#[tokio::test]
async fn a_text_that_only_announces_its_points_is_asked_for_again() {
    let point = "It costs two million, which all of them pay, though deep boats alone gain by it.";
    let points = format!(r#""key_points": ["{point}", "{point}", "{point}"]}}"#);
    let model = Arc::new(ScriptedModel::new([
        format!(r#"{{"content": "The arguments are:", {points}"#),
        format!(r#"{{"content": "{point}", {points}"#),
    ]));
    let agents = AgentOptions::default();
    let sectioning = Sectioning::stitching(["Against"], model.clone(), &agents, stitched);
    let (options, log) = logged(1);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    let text = outcome.value.unwrap();
    assert!(text.contains(point), "{text}");
    let log = log.to_string();
    assert!(
        log.contains("the text only announces what the key points say"),
        "{log}"
    );
}

#[tokio::test]
async fn a_text_that_only_repeats_its_brief_is_named() {
    let brief = "What dredging would cost, and whom it serves.";
    let warnings = async |content: &str, words: Option<u32>| {
        let answer = json!({"content": content, "key_points": ["It is dear."]});
        let model = Arc::new(ScriptedModel::new([answer.to_string()]));
        let section = SectionBrief {
            words,
            ..SectionBrief::from(("Against", brief))
        };
        let agents = AgentOptions::default();
        let plan = Outline::new([section]);
        let sectioning = Sectioning::stitching(plan, model, &agents, stitched);
        let options = RunOptions::default();
        let outcome = sectioning.run("Dredging", &options).await.unwrap();
        let warnings = outcome.warnings.into_iter();
        warnings.map(|it| it.message).collect::<Vec<_>>()
    };
    let none: [String; 0] = [];
    let told = ["only the brief is repeated in \"Against\"".to_owned()];
    let echo = "what dredging would cost, and whom it serves";
    assert_eq!(warnings(echo, Some(80)).await, told);
    assert_eq!(warnings(brief, Some(80)).await, told);
    assert_eq!(warnings("Two million, for yachts.", Some(80)).await, none);
    // A text as long as it was to be is what was asked for, whatever it says.
    assert_eq!(warnings(brief, Some(9)).await, none);
    assert_eq!(warnings(brief, None).await, none);
}

#[tokio::test]
async fn a_headline_may_be_shorter_than_its_points() {
    let point = "It costs two million, which all of them pay, though deep boats alone gain by it.";
    let answer = json!({"content": "Dear", "key_points": [point, point, point, point]});
    let model = Arc::new(ScriptedModel::new([answer.to_string()]));
    let agents = AgentOptions::default();
    let section = SectionBrief {
        words: Some(8),
        ..SectionBrief::named("Headline")
    };
    let sectioning = Sectioning::stitching(Outline::new([section]), model, &agents, stitched);
    let options = RunOptions::default();
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    assert!(outcome.value.unwrap().contains("Dear"));
}

#[tokio::test]
async fn numbers_and_names_that_a_section_was_not_given_are_named() {
    let material = Document::new(
        "2024.md",
        "Dredging costs 110,000 crowns, says the treasurer.",
    );
    let run = async |content: &str, material: Vec<Document>| {
        let answer = json!({"content": content, "key_points": ["For 7 years."], "citations": []});
        let model = Arc::new(ScriptedModel::by(move |request| {
            let mut answer = answer.clone();
            let schema = request.schema.as_deref().map(|it| it.json().get());
            if !schema.is_some_and(|it| it.contains("citations")) {
                answer.as_object_mut().unwrap().remove("citations");
            }
            answer
        }));
        let agents = AgentOptions {
            instructions: Some("Write for the 74 members.".to_owned()),
            ..AgentOptions::default()
        };
        let plan = Outline::new([("Costs", "What it costs in the next 7 years.")]);
        let sectioning = Sectioning::stitching(plan, model, &agents, stitched).context(material);
        let options = RunOptions::default();
        let outcome = sectioning.run("The plan of Berg", &options).await;
        let warnings = outcome.unwrap().warnings;
        warnings
            .into_iter()
            .map(|it| it.message)
            .collect::<Vec<_>>()
    };
    let made_up = "In 2024, Berg says, all 74 pay 110 000 crowns, or 15,000 a year to Anna [9].";
    insta::assert_snapshot!(
        run(made_up, vec![material.clone()]).await.join("\n"),
        @r#"numbers or names that are in nothing their author was given: 15,000, Anna in "Costs" (what was added up or translated is among them)"#
    );
    let honest = "In 2024, Berg says, all 74 pay 110 000 crowns.";
    let none: [String; 0] = [];
    assert_eq!(run(honest, vec![material.clone()]).await, none);
    // It was asked for what it knows.
    assert_eq!(run(made_up, Vec::new()).await, none);
    // Nobody has looked through a picture.
    let mut picture = material;
    picture.attachment = Some(Attachment::new(MediaType::Png, vec![137, 80]));
    assert_eq!(run(made_up, vec![picture]).await, none);
}

#[tokio::test]
async fn what_a_section_has_made_up_does_not_become_true_when_it_is_written_again() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "It costs 40 million.", "key_points": ["Dear."], "citations": []}"#,
        ),
        (
            "Write section 2",
            r#"{"content": "90 will go.", "key_points": ["90 go."], "citations": []}"#,
        ),
        (
            "What does not go together?",
            r#"{"issues": [{"section": "crews", "issue": "90 says too little.", "fix": "Say more."}]}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let options = RunOptions::default();
    let sectioning = Sectioning::stitching(["Costs", "Crews"], model.clone(), &agents, stitched)
        .context([Document::new("a.md", "It costs 40 million.")])
        .reviewed(model.clone(), &agents);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    let told = told(&model);
    assert!(told.contains("It was written before"), "{told}");
    let messages: Vec<&str> = outcome.warnings.iter().map(|it| &*it.message).collect();
    let messages = messages.join("\n");
    assert!(messages.contains(": 90 in \"Crews\" ("), "{messages}");
}

#[tokio::test]
async fn numbers_of_a_synthesis_that_no_section_has_are_named() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "It costs 40 million.\n\nAnna pays.\n\nSo it is.", "key_points": ["Dear."]}"#,
        ),
        (
            "These are all sections",
            r#"{"summary": "It costs Anna 40 million, 90 in all."}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let options = RunOptions::default();
    let sectioning = Sectioning::with_model(["Costs"], model.clone(), &agents);
    let usual = sectioning.run("Dredging", &options).await.unwrap();
    let shape = json!({"type": "object", "properties": {"summary": {"type": "string"}}});
    let contract = Contract::<Value>::from_schema(shape).unwrap();
    let sectioning = Sectioning::with_synthesis(["Costs"], model, contract, &agents);
    let own = sectioning.run("Dredging", &options).await.unwrap();
    for warnings in [usual.warnings, own.warnings] {
        let [warning] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        assert!(
            warning.message.contains(": 90 in the synthesis ("),
            "{}",
            warning.message
        );
    }
}

#[tokio::test]
async fn a_synthesis_of_ones_own_shape_is_told_the_points_of_sections() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "Two million.", "key_points": ["It is dear."]}"#,
        ),
        ("These are all sections", r#"{"verdict": "No."}"#),
    ]);
    let shape = json!({"type": "object", "properties": {"verdict": {"type": "string"}}});
    let contract = Contract::<Value>::from_schema(shape).unwrap();
    let agents = AgentOptions::default();
    let sectioning = Sectioning::with_synthesis(["Costs"], model.clone(), contract, &agents);
    let outcome = sectioning.run("Dredging", &RunOptions::default()).await;
    assert_eq!(outcome.unwrap().value.unwrap(), json!({"verdict": "No."}));
    let told = told(&model);
    assert!(told.contains("\nTwo million.\n\n- It is dear.\n"), "{told}");
}

#[tokio::test]
async fn a_planted_contradiction_rewrites_exactly_the_named_section() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "Three million.", "key_points": ["It costs three million."]}"#,
        ),
        (
            "It was written before",
            r#"{"content": "Dear: three million.", "key_points": ["It is dear."]}"#,
        ),
        (
            "Write section 2",
            r#"{"content": "Cheap: a thousand.", "key_points": ["It is cheap."]}"#,
        ),
        (
            "What does not go together?",
            r#"{"issues": [{"section": "verdict",
            "issue": "\"Verdict\" calls cheap what \"Costs\" puts at three million.", "fix": "Call it dear."}]}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let sectioning = Sectioning::stitching(["Costs", "Verdict"], model.clone(), &agents, stitched);
    let sectioning = sectioning.reviewed(model.clone(), &agents);
    let (options, log) = logged(16);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    let text = outcome.value.unwrap();
    // The model finds the same each time it is asked.
    assert_eq!(text.matches("rewritten: Verdict").count(), 2);
    insta::assert_snapshot!("reviewed", format!("{}\n\n{log}\n\n{}", told(&model), text));
}

#[tokio::test]
async fn a_topic_that_does_not_divide_is_one_call() {
    let model = model(&[
        (
            "Which independent points",
            r#"{"points": ["the price"], "is_step_by_step": false}"#,
        ),
        (
            "Write section 1",
            r#"{"content": "Two million.", "key_points": ["Two million."]}"#,
        ),
    ]);
    let agents = AgentOptions::default();
    let plan = Plan::with_model(model.clone(), two(), &agents);
    let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
    let sectioning = sectioning.gated(model.clone(), &agents);
    let (options, log) = logged(16);
    let outcome = sectioning.run("The price of it", &options).await.unwrap();
    insta::assert_snapshot!(
        "undivided",
        format!(
            "{}\n\n{log}\n\n{}",
            told(&model),
            outcome.value.unwrap().summary
        )
    );
}

#[tokio::test]
async fn sections_ask_for_further_ones() {
    let model = model(&[
        (
            "Write section 1",
            r#"{"content": "Much.", "key_points": ["Much."],
            "further_sections": [{"title": "Wages", "brief": "What crews get."}]}"#,
        ),
        (
            "Write section 2",
            r#"{"content": "Yes.", "key_points": [], "further_sections": []}"#,
        ),
        ("\"Wages\"", r#"{"content": "A lot.", "key_points": []}"#),
    ]);
    let agents = AgentOptions::default();
    let sectioning = Sectioning::stitching(["Costs", "Verdict"], model.clone(), &agents, stitched);
    let sectioning = sectioning.growing(Growth::default());
    let (options, log) = logged(16);
    let outcome = sectioning.run("Dredging", &options).await.unwrap();
    insta::assert_snapshot!(
        "grown",
        format!("{}\n\n{log}\n\n{}", told(&model), outcome.value.unwrap())
    );
}

#[tokio::test]
async fn an_outline_alone_asks_for_no_section() {
    let model = model(&[("Plan exactly 2", PLAN)]);
    let agents = AgentOptions::default();
    let plan = Plan::with_model(model.clone(), two(), &agents);
    let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
    let (options, log) = logged(16);
    let outcome = sectioning
        .outline_only()
        .run("Dredging", &options)
        .await
        .unwrap();
    assert_eq!(model.requests().len(), 1);
    let outline = outcome.value.unwrap();
    let outline = serde_json::to_string_pretty(&outline).unwrap();
    insta::assert_snapshot!(format!("{log}\n\n{outline}"), @r#"
    run started: Sectioning
    [0] started: Outline "outline"
    [0] answered (calls 1, attempts 1)
    run finished: 1 started = 1 answered + 0 failed + 0 cancelled (calls 1, attempts 1)

    {
      "sections": [
        {
          "id": "costs",
          "title": "Costs",
          "brief": "What it costs.",
          "words": 50
        },
        {
          "id": "verdict",
          "title": "Verdict",
          "brief": "Whether to.",
          "depends_on": [
            "costs"
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn an_outline_that_is_not_right_is_asked_for_again() {
    let section = |id: &str, after: Value| json!({"id": id, "title": id.to_uppercase(), "brief": "", "words": 0, "depends_on": after});
    let plan = |sections: Value| json!({ "sections": sections }).to_string();
    let good = plan(json!([section("a", json!([])), section("b", json!(["a"]))]));
    for wrong in [
        json!([section("a", json!(["b"])), section("b", json!(["a"]))]),
        json!([section("a", json!([])), section("a", json!([]))]),
        json!([section("a", json!([]))]),
    ] {
        let model = Arc::new(ScriptedModel::new([plan(wrong), good.clone()]));
        let agents = AgentOptions::default();
        let plan = Plan::with_model(model.clone(), two(), &agents);
        let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
        let sectioning = sectioning.outline_only();
        let outcome = sectioning.run("Topic", &RunOptions::default()).await;
        let outline = outcome.unwrap().value.unwrap();
        assert_eq!(outline.sections[1].depends_on, ["a"]);
        assert_eq!(model.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_section_that_builds_on_nothing_that_is_there_is_written_without_it_and_said_so() {
    let plan = PLAN.replace(r#"["costs"]"#, r#"["prices", "costs"]"#);
    let model = Arc::new(ScriptedModel::new([plan]));
    let agents = AgentOptions::default();
    let plan = Plan::with_model(model.clone(), two(), &agents);
    let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
    let sectioning = sectioning.outline_only();
    let outcome = sectioning
        .run("Topic", &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(outcome.value.unwrap().sections[1].depends_on, ["costs"]);
    assert_eq!(
        outcome.warnings[0].message,
        "\"Verdict\" builds on \"prices\", which is no section; there is costs, verdict; it is written \
         without that"
    );
}

/// Twelve sections, of which those that take long are built on by others, and the longest chain.
fn twelve() -> (Outline, BTreeMap<String, u64>, u64) {
    let links: [(&str, &[&str], u64); 12] = [
        ("a", &[], 3),
        ("b", &["a"], 5),
        ("c", &["a"], 1),
        ("d", &["b", "c"], 2),
        ("e", &[], 9),
        ("f", &["e", "d"], 4),
        ("g", &["l"], 1),
        ("h", &[], 2),
        ("i", &["h"], 2),
        ("j", &["i"], 2),
        ("k", &["j", "f"], 3),
        ("l", &["k"], 1),
    ];
    let sections =
        links.map(|(title, after, _)| SectionBrief::named(title).after(after.iter().copied()));
    let seconds = links.iter().map(|it| (it.0.to_owned(), it.2)).collect();
    // a, b, d, f, k, l, g: the clock does not know that.
    (Outline::new(sections), seconds, 3 + 5 + 2 + 4 + 3 + 1 + 1)
}

#[tokio::test(start_paused = true)]
async fn twelve_sections_take_as_long_as_their_longest_chain() {
    let (outline, seconds, longest) = twelve();
    let writer = ScriptedAgent::new(|task: &SectionTask| Ok(task.brief.title.clone()))
        .latency(move |task: &SectionTask| Duration::from_secs(seconds[&task.brief.title]));
    let sectioning = Sectioning::by_code(outline, writer, |draft| {
        let sections = draft.written().map(|it| it.1.as_str());
        sections.collect::<String>()
    });
    let begun = Instant::now();
    let outcome = sectioning
        .run("Topic", &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(begun.elapsed().as_secs(), longest);
    assert_eq!(outcome.value.unwrap(), "abcdefghijkl");
    assert_eq!(outcome.counts.answered, 12);
}
